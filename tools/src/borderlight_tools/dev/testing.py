"""`./dev test`: install what the chosen tests need, then run them."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from borderlight_tools.dev.models import ensure_models
from borderlight_tools.dev.page import build_page, ensure_node, test_page
from borderlight_tools.devstack.install import NativeStackMissing, install

PARTS = ("unit", "contract", "pipeline", "integration", "e2e", "browser")
NEED_SERVERS = ("integration", "e2e")
# Two processes, whole files each: a file's fixtures are made once.
PARALLEL = ["-n", "2", "--dist", "loadfile"]


def _prepare(parts: Sequence[str]) -> None:
    if parts == ["unit"]:
        return
    ensure_models()
    build_page()
    ensure_node()
    if set(parts) & {*NEED_SERVERS, "browser"}:
        install(browser="browser" in parts)


def run_tests(arguments: Sequence[str]) -> int:
    """Without arguments everything; with names of parts these; what is neither part nor option is pytest's."""
    named = [name for name in arguments if name in (*PARTS, "page")]
    others = [name for name in arguments if name not in named]
    parts = [name for name in named if name != "page"] or ([] if named else list(PARTS))
    try:
        _prepare(parts)
    except NativeStackMissing as error:
        print(f"borderlight: {error}", file=sys.stderr)
        return 1
    if "page" in named or not arguments:
        status = test_page()
        if status or parts == []:
            return status
    paths = [] if any(Path(other.split("::")[0]).exists() for other in others) else [f"tests/{part}" for part in parts]
    parallel = [] if others else PARALLEL
    return subprocess.run([sys.executable, "-m", "pytest", *parallel, *paths, *others], check=False).returncode
