"""`borderlight measure-cast DIR`: what the screen's colours cost the face comparison."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from borderlight.runtime.logs import configure_logs
from borderlight_lab.benchmark.screen_cast import cast_table, measure_cast, second_chip_changes
from borderlight_lab.evaluation.runner import find_bundles
from matcher.app import limits_in_force
from matcher.settings import MatcherSettings


def measure(
    folder: Annotated[Path, typer.Argument(help="folder of labelled capture bundles")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
    comparison_limits: Annotated[Path | None, typer.Option(help="thresholds file (simulated people)")] = None,
) -> None:
    """Scores of honest captures with the cast as filmed and undone, in calm frames and in the worst ones."""
    configure_logs("measure-cast", "CRITICAL")
    bundles = [bundle for bundle in find_bundles(folder) if (bundle / "truth.json").is_file()]
    if not bundles:
        typer.echo(f"borderlight: no labelled bundles in {folder}", err=True)
        raise typer.Exit(2)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("comparing", total=len(bundles))
        found = measure_cast(bundles, lambda: bar.advance(task))
    settings = MatcherSettings() if comparison_limits is None else MatcherSettings(thresholds_file=comparison_limits)
    limit = limits_in_force(settings).min_match_score
    rows = cast_table(found, limit)
    table = Table(title=f"{len(found)} honest captures, match from {limit}", title_justify="left")
    for name in ("chips", "mated", "mean", "lowest", "below", "non-mated", "highest"):
        table.add_column(name, justify="left" if name == "chips" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row.values()))
    Console().print(table)
    changes = second_chip_changes(found)
    Console().print(
        f"A second chip changes the score by at most {changes.max():.3f}, mean {changes.mean():.3f}, "
        f"in {len(changes)} comparisons of {len(found)} captures with their documents."
    )
    if json_file is not None:
        listed = ("bundle", "is_mated", "scores", "strongest")
        scores = [{name: getattr(item, name) for name in listed} for item in found]
        content = {"schema": "borderlight.cast/1", "limit": limit, "rows": rows, "captures": scores}
        json_file.write_text(json.dumps(content, indent=1) + "\n")


def register(app: typer.Typer) -> None:
    app.command("measure-cast")(measure)
