"""`borderlight bench`: model speeds, CPU per session and stage beside the budget, memory of a running stack."""

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from borderlight.plumbing.logs import configure_logs
from borderlight_lab.benchmark.machine import REFERENCE_LANDMARK_MS, SHAPES, model_ms, scale
from borderlight_lab.benchmark.memory import stack_memory
from borderlight_lab.benchmark.stages import BUDGET_MS, StageTimes, measure_stages


def _tables(console: Console, models: dict[str, float], clips: list[StageTimes], factor: float) -> None:
    speeds = Table(title="Models, one thread", title_justify="left")
    for name in ("model", "ms here", "ms on the reference machine"):
        speeds.add_column(name, justify="left" if name == "model" else "right")
    for name, value in models.items():
        speeds.add_row(name, f"{value:.2f}", f"{value * factor:.2f}")
    console.print(speeds)
    stages = Table(title="CPU per session [ms], medians", title_justify="left")
    for name in ("clip", *clips[0].stages, "total here", f"total, reference (budget {BUDGET_MS:.0f})", "vision"):
        stages.add_column(name, justify="left" if name == "clip" else "right")
    for clip in clips:
        vision = sum(clip.stages[name] for name in ("normalizer", "liveness", "matcher"))
        cells = [f"{clip.stages[name]:.0f}" for name in clip.stages]
        stages.add_row(
            f"{clip.clip}, {clip.video_bytes / 1000:.0f} kB", *cells, f"{clip.total_ms:.0f}",
            f"{clip.total_ms * factor:.0f}", f"{vision * factor:.0f}",
        )  # fmt: skip
    console.print(stages)


def bench(
    repeats: Annotated[int, typer.Option(help="sessions per clip", min=1)] = 9,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Measure this machine. Figures "on the reference machine" are scaled by the landmark model's speed."""
    configure_logs("bench", "CRITICAL")
    console = Console()
    factor = scale()
    models = {name: model_ms(name) for name in SHAPES}
    with tempfile.TemporaryDirectory(prefix="borderlight-bench-") as folder:
        clips = [measure_stages(Path(folder), codec, repeats) for codec in ("h264", "vp8", "vp9")]
    _tables(console, models, clips, factor)
    for clip in clips[:1]:
        console.print(f"normalized capture: {clip.normalized_bytes / 1e6:.2f} MB")
    memory = stack_memory(Path(os.environ.get("BORDERLIGHT_STATE", ".borderlight")) / "stack.json")
    console.print(f"resident memory of the running stack [MB]: {memory}" if memory else "no stack is up: no memory")
    console.print(f"scale: {factor:.2f} (landmark model {REFERENCE_LANDMARK_MS} ms on the reference machine)")
    if json_file is not None:
        content: dict[str, Any] = {
            "schema": "borderlight.bench/1",
            "scale": factor,
            "models_ms": models,
            "clips": {clip.clip: {"cpu_ms": clip.stages, "normalized_bytes": clip.normalized_bytes} for clip in clips},
            "memory_mb": memory,
        }
        json_file.write_text(json.dumps(content, indent=1) + "\n")


def register(app: typer.Typer) -> None:
    app.command()(bench)
