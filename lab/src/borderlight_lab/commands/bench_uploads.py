"""`borderlight bench-uploads`: the capture API alone under uploads at a fixed rate."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from borderlight.runtime.logs import configure_logs
from borderlight_lab.benchmark.machine import landmark_clock
from borderlight_lab.benchmark.uploads import measure_uploads


def _rows(run: dict[str, Any], factor: float) -> dict[str, str]:
    latency, memory = run["latency_s"], run["memory_mb"]
    return {
        "uploads finished a second": f"{run['achieved_per_s']:g}",
        "failed": str(run["failed"]),
        "first byte to finished, p50 / p99 ms": f"{1000 * latency['p50']:.0f} / {1000 * latency['p99']:.0f}",
        "server CPU an upload, ms": f"{run['server_cpu_ms_per_upload']:.1f}",
        "  on the reference machine": f"{run['server_cpu_ms_per_upload'] * factor:.1f}",
        "server CPU, cores": f"{run['server_cores']:g}",
        "memory settled / at the end, MB": f"{memory['settled']:g} / {memory['end']:g}",
    }


def bench_uploads(
    rate: Annotated[float, typer.Option(help="uploads a second", min=1)] = 50.0,
    seconds: Annotated[float, typer.Option(help="how long, for each of two runs", min=2)] = 20.0,
    size: Annotated[int, typer.Option(help="bytes of a video", min=1000)] = 400_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Whole sessions (open, challenge, video, finish) against one api process with Redis and a folder behind it."""
    configure_logs("bench-uploads", "CRITICAL")
    factor = landmark_clock().scale()
    with (
        tempfile.TemporaryDirectory(prefix="borderlight-bench-") as folder,
        Progress(console=Console(stderr=True)) as bar,
    ):
        task = bar.add_task("uploading", total=2 * int(rate * seconds))
        found = measure_uploads(Path(folder), rate, seconds, size, lambda n: bar.advance(task, n))
    table = Table(title=f"{rate:g} uploads a second of {size / 1000:g} kB, one api process", title_justify="left")
    table.add_column("measure", no_wrap=True)
    for kind in found:
        table.add_column(kind, justify="right")
    shown = [_rows(run, factor) for run in found.values()]
    for name in shown[0]:
        table.add_row(name, *(rows[name] for rows in shown))
    console = Console()
    console.print(table)
    for kind, run in found.items():
        for failure in run["failures"]:
            console.print(f"{kind}: {failure}", style="red")
    if json_file is not None:
        json_file.write_text(json.dumps({"schema": "borderlight.bench-uploads/1", "scale": factor, **found}, indent=1))
    if any(run["failed"] for run in found.values()):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command("bench-uploads")(bench_uploads)
