"""Run many bundles on every core: each worker process holds an embedded stack of its own.

The detector is called as a program (`borderlight verify --json`), not imported: whoever scores shares no code with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

_CHUNK = 8


def find_bundles(folder: Path) -> list[Path]:
    """Folders below `folder` (or itself) that hold a capture.json, sorted."""
    if (folder / "capture.json").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/capture.json"))


def _verify(bundles: list[Path], explanations: Path | None, limits: Path | None) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "borderlight_cli", "verify", "--json", *map(str, bundles)]
    if explanations is not None:
        command += ["--explanations", str(explanations)]
    if limits is not None:
        command += ["--comparison-limits", str(limits)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(bundles):
        raise RuntimeError(f"borderlight verify answered {len(answers)} of {len(bundles)}: {done.stderr[-2000:]}")
    return answers


def run_all(
    bundles: list[Path],
    progress: Callable[[int], None],
    workers: int | None = None,
    explanations: Path | None = None,
    comparison_limits: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Answers in the order of `bundles`; `progress` is called with the number just done. explanations: folder for the
    liveness pages; comparison_limits: a thresholds file for the matcher."""
    chunks = [bundles[at : at + _CHUNK] for at in range(0, len(bundles), _CHUNK)]
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for answers in pool.map(_verify, chunks, repeat(explanations), repeat(comparison_limits)):
            progress(len(answers))
            yield from answers
