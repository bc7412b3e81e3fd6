"""`borderlight bench-documents`: the document store and the comparison, measured on this machine."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from borderlight.runtime.logs import configure_logs
from borderlight_lab.benchmark.documents import measure_documents
from borderlight_lab.benchmark.machine import landmark_clock


def bench_documents(
    photographs: Annotated[int, typer.Option(help="how many to import", min=8)] = 1000,
    references: Annotated[int, typer.Option(help="how many to hold in the cache", min=1000)] = 100_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Import rate, CPU of a comparison event, cache memory, start of a worker, duplicate search."""
    configure_logs("bench-documents", "CRITICAL")
    factor = landmark_clock().scale()
    with (
        tempfile.TemporaryDirectory(prefix="borderlight-bench-") as folder,
        Progress(console=Console(stderr=True)) as bar,
    ):
        task = bar.add_task("importing", total=photographs)
        found = measure_documents(Path(folder), photographs, references, lambda n: bar.advance(task, n))
    table = Table(title="Documents and comparison", title_justify="left")
    for name in ("measure", "here", "reference machine", "target"):
        table.add_column(name, justify="left" if name == "measure" else "right", no_wrap=True)
    rate, start, pairs = found["import"]["per_second"], found["start_s"], found["duplicates"]
    table.add_row("import, photographs a second", f"{rate:.0f}", f"{rate / factor:.0f}", "100")
    table.add_row("start of a matcher worker, s", f"{start:.2f}", f"{start * factor:.2f}", "2")
    table.add_row(
        f"duplicates among {pairs['faces']} faces, s", f"{pairs['seconds']:.1f}",
        f"{pairs['seconds'] * factor:.1f}", "seconds",
    )  # fmt: skip
    if found["comparison_cpu_ms"] is None:
        table.caption = "redis-server is not installed: no cache figures (./dev test installs it)"
    else:
        for kind, target in (("warm", "12"), ("cold", "25")):
            value = found["comparison_cpu_ms"][kind]
            figures = (f"{value['here']:.1f}", f"{value['reference']:.1f}", target)
            table.add_row(f"comparison event, {kind} cache, ms CPU", *figures)
        table.add_row("Redis per reference, bytes", str(found["cache_bytes_per_reference"]), "", "1500")
    console = Console()
    console.print(table)
    console.print(f"duplicates found: {pairs['found']} of {pairs['planted']} planted, {pairs['pairs']} pairs in all")
    if json_file is not None:
        json_file.write_text(
            json.dumps({"schema": "borderlight.bench-documents/2", "scale": factor, **found}, indent=1)
        )


def register(app: typer.Typer) -> None:
    app.command("bench-documents")(bench_documents)
