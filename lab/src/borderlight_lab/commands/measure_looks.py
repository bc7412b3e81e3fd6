"""`borderlight measure-looks DIR`: how much liveness depends on the moments of its looks at the face."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from borderlight.runtime.logs import configure_logs
from borderlight_lab.benchmark.look_moments import FIRST_LOOKS_MS, look_rows, measure_look_moments
from borderlight_lab.evaluation.runner import find_bundles
from liveness.domain.thresholds import parse_thresholds
from liveness.settings import LivenessSettings


def measure(
    folder: Annotated[Path, typer.Argument(help="folder of labelled capture bundles")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Judge every capture five times, its looks shifted by a fifth of their interval each time."""
    configure_logs("measure-looks", "CRITICAL")
    bundles = [bundle for bundle in find_bundles(folder) if (bundle / "truth.json").is_file()]
    if not bundles:
        typer.echo(f"borderlight: no labelled bundles in {folder}", err=True)
        raise typer.Exit(2)
    limits = parse_thresholds(LivenessSettings().thresholds_file.read_text())
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("judging", total=len(bundles))
        found = measure_look_moments(bundles, limits, lambda: bar.advance(task))
    rows = look_rows(found)
    names = ("label", "captures", "spread", "9th decile", "stated error", "differ", "opposite")
    title = f"Relief over {len(FIRST_LOOKS_MS)} moments of looking (1 = as predicted)"
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, justify="left" if name == "label" else "right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console = Console()
    console.print(table)
    console.print(
        "spread: standard deviation, median over captures; differ: captures whose outcome depends on the moment;"
    )
    console.print("opposite: of these, captures that were both bona fide and attack")
    if json_file is not None:
        captures = [item.__dict__ for item in found]
        content = {"schema": "borderlight.looks/1", "rows": rows, "captures": captures}
        json_file.write_text(json.dumps(content, indent=1) + "\n")


def register(app: typer.Typer) -> None:
    app.command("measure-looks")(measure)
