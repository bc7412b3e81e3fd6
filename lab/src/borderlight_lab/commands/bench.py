"""`borderlight bench`: model speeds, CPU per session and stage beside the budget, memory of a running stack."""

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from borderlight.runtime.logs import configure_logs
from borderlight_lab.benchmark.machine import REFERENCE_LANDMARK_MS, SHAPES, ModelClock
from borderlight_lab.benchmark.memory import stack_memory
from borderlight_lab.benchmark.stages import BUDGET_MS, VISION, VISION_BUDGET_MS, StageTimes, measure_stages


def _tables(console: Console, models: dict[str, float], clips: list[StageTimes], scale: float) -> None:
    speeds = Table(title="Models, one thread", title_justify="left")
    for name in ("model", "ms here", "ms, reference machine"):
        speeds.add_column(name, justify="left" if name == "model" else "right")
    for name, value in models.items():
        speeds.add_row(name, f"{value:.2f}", f"{value * scale:.2f}")
    console.print(speeds)
    title = "CPU per session in ms (median): here / on the reference machine"
    stages = Table(title=title, title_justify="left")
    for name in ("clip", *clips[0].here, "all", "vision"):
        stages.add_column(name, justify="left" if name == "clip" else "right")
    for clip in clips:
        vision = sum(clip.here[name] for name in VISION)
        pairs = [*((clip.here[name], clip.reference[name]) for name in clip.here)]
        pairs += [(sum(clip.here.values()), sum(clip.reference.values())), (vision, clip.vision_ms)]
        cells = [f"{here:.0f} / {reference:.0f}" for here, reference in pairs]
        stages.add_row(clip.clip, *cells)
    stages.add_row("budget", *([""] * (len(clips[0].here))), f"{BUDGET_MS:.0f}", f"{VISION_BUDGET_MS:.0f}")
    console.print(stages)


def bench(
    repeats: Annotated[int, typer.Option(help="sessions per clip", min=1)] = 9,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Measure this machine. Figures "on the reference machine" are scaled by the landmark model's speed."""
    configure_logs("bench", "CRITICAL")
    console = Console()
    models = {name: ModelClock(name).median_ms() for name in SHAPES}
    scale = REFERENCE_LANDMARK_MS / models["face_landmark"]
    with tempfile.TemporaryDirectory(prefix="borderlight-bench-") as folder:
        clips = [measure_stages(Path(folder), codec, repeats) for codec in ("h264", "vp8", "vp9")]
    _tables(console, models, clips, scale)
    console.print(
        "videos in kB: "
        + ", ".join(f"{clip.clip} {clip.video_bytes / 1000:.0f}" for clip in clips)
        + f"; normalized capture: {clips[0].normalized_bytes / 1e6:.2f} MB",
    )
    memory = stack_memory(Path(os.environ.get("BORDERLIGHT_STATE", ".borderlight")) / "stack.json")
    console.print(f"resident memory of the running stack in MB: {memory}" if memory else "no stack is up: no memory")
    console.print(f"reference machine: the landmark model takes {REFERENCE_LANDMARK_MS} ms there")
    if json_file is not None:
        content: dict[str, Any] = {
            "schema": "borderlight.bench/2",
            "models_ms": models,
            "clips": {
                clip.clip: {
                    "cpu_ms": clip.here,
                    "reference_cpu_ms": clip.reference,
                    "vision_reference_ms": clip.vision_ms,
                    "normalized_bytes": clip.normalized_bytes,
                }
                for clip in clips
            },
            "memory_mb": memory,
        }
        json_file.write_text(json.dumps(content, indent=1) + "\n")


def register(app: typer.Typer) -> None:
    app.command()(bench)
