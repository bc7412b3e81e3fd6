"""`borderlight demo`: nine travellers through the whole system on the embedded default."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from borderlight.errors import BorderlightError
from borderlight.runtime.logs import configure_logs
from borderlight_cli.embedded import EmbeddedStack, SharedModels
from borderlight_lab.demo.cast import CAST, Act
from borderlight_lab.demo.journey import Travelled, travel
from borderlight_lab.demo.report import write_report
from borderlight_lab.simulated_limits import SIMULATED_LIMITS

_STYLES = {"admit": "green", "refer": "red", "retake": "yellow"}


async def _run(console: Console) -> list[tuple[Act, Travelled]]:
    models = SharedModels.load(SIMULATED_LIMITS)
    done: list[tuple[Act, Travelled]] = []
    columns = (TextColumn("{task.description:30s}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        async with EmbeddedStack(models) as stack:
            with Progress(*columns, console=console) as bar:
                task = bar.add_task("", total=len(CAST))
                for number, act in enumerate(CAST):
                    bar.update(task, description=act.title)
                    done.append((act, await travel(stack, f"traveller-{number}", act.wish)))
                    bar.advance(task)
    finally:
        models.close()
    return done


def _table(done: list[tuple[Act, Travelled]]) -> Table:
    table = Table(title="Entry verdicts of simulated travellers", title_justify="left")
    for name in ("session", "verdict", "expected"):
        table.add_column(name, no_wrap=True)
    table.add_column("reasons")
    for act, travelled in done:
        outcome = travelled.verdict.outcome.value
        mark = "" if outcome in act.expected else " [red]unexpected[/]"
        # Words instead of codes fit a narrow terminal; the report has the codes.
        words = [reason.split(".", 1)[-1].replace("_", " ") for reason in travelled.verdict.reasons]
        reasons = "\n".join(words) or "-"
        table.add_row(act.title, f"[{_STYLES[outcome]}]{outcome}[/]{mark}", " or ".join(act.expected), reasons)
    return table


def demo(
    out: Annotated[Path, typer.Option(help="folder for the report")] = Path("out/demo"),
) -> None:
    """Run simulated travellers through the whole system; print verdicts, write an HTML report with pictures."""
    configure_logs("demo", "CRITICAL")
    console = Console(stderr=True)
    console.print(
        "Embedded: one process, nothing survives it. Travellers are simulated, and compared with "
        f"{SIMULATED_LIMITS.name}: rendered heads are more alike than people."
    )
    try:
        done = asyncio.run(_run(console))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    path = out / "index.html"
    write_report(path, done)
    output = Console()
    output.print(_table(done))
    output.print(f"report: {path.resolve()}", soft_wrap=True)
    if any(travelled.verdict.outcome.value not in act.expected for act, travelled in done):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command()(demo)
