"""`borderlight injection-bench`: attackers behind the camera against the real API."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from borderlight.runtime.logs import configure_logs
from borderlight_cli.embedded import EmbeddedStack, SharedModels
from borderlight_lab.benchmark.injection import INSTRUMENTS, Attempt, cells, run_bench
from borderlight_lab.evaluation.page import percent
from borderlight_lab.simulated_limits import SIMULATED_LIMITS


async def _attempts(instruments: list[str], count: int, seed: int, wait_s: float) -> list[Attempt]:
    models = SharedModels.load(SIMULATED_LIMITS)
    try:
        async with EmbeddedStack(models) as stack:
            with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
                task = bar.add_task("attacking", total=count * len(instruments))
                return await run_bench(stack, instruments, count, seed, wait_s, lambda: bar.advance(task))
    finally:
        models.close()


def injection_bench(
    count: Annotated[int, typer.Option(help="attempts with each instrument", min=1)] = 3,
    instrument: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(INSTRUMENTS)}; default: all")] = None,
    wait_s: Annotated[float, typer.Option(help="wait before handing in [s]", min=0.0, max=900.0)] = 0.0,
    seed: Annotated[int, typer.Option(help="fixes all chance but the challenges, which the server draws")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Forged clients without a browser: instruments against the API and the whole flow; admitted per cell."""
    chosen: list[str] = instrument if instrument else [*INSTRUMENTS]
    unknown = [name for name in chosen if name not in INSTRUMENTS]
    if unknown:
        typer.echo(f"borderlight: unknown instrument {', '.join(unknown)}; known: {', '.join(INSTRUMENTS)}", err=True)
        raise typer.Exit(2)
    configure_logs("injection-bench", "CRITICAL")
    attempts = asyncio.run(_attempts(chosen, count, seed, wait_s))
    rows = cells(attempts)
    table = Table(title="Forged client, by instrument (simulated)", title_justify="left")
    for name in ("instrument", "n", "admitted", "called attack", "outcomes", "answered after, median"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        name = f"{row['instrument']} (control)" if row["is_control"] else row["instrument"]
        outcomes = ", ".join(f"{word} {times}" for word, times in row["outcomes"].items())
        median = f"{row['answered_after_s']['median']:.1f} s"
        called = percent(row["called_attack"])
        table.add_row(name, str(row["n"]), percent(row["admitted"]), called, outcomes, median)
    (Console() if Console().is_terminal else Console(width=170)).print(table)
    if json_file is not None:
        content = {"schema": "borderlight.injection/1", "wait_s": wait_s, "seed": seed, "rows": rows}
        attempts_as_rows = [one.__dict__ for one in attempts]
        json_file.write_text(json.dumps({**content, "attempts": attempts_as_rows}, indent=1) + "\n")


def register(app: typer.Typer) -> None:
    app.command("injection-bench")(injection_bench)
