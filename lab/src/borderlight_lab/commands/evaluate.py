"""`borderlight evaluate DIR`: outcomes per label and species over a folder of bundles."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from borderlight_lab.evaluation.runner import find_bundles, run_all
from borderlight_lab.evaluation.scoring import score, with_truth


def _percent(found: dict[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{found['rate']:.1%} ({found['lower']:.1%}-{found['upper']:.1%})"


def evaluate(
    folder: Annotated[Path, typer.Argument(help="folder of capture bundles")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write the report here")] = None,
    workers: Annotated[int | None, typer.Option(help="processes; default: one per core")] = None,
) -> None:
    """Run all bundles and count outcomes. Rates carry 95 % Clopper-Pearson intervals."""
    bundles = find_bundles(folder)
    if not bundles:
        typer.echo(f"borderlight: no capture bundles in {folder}", err=True)
        raise typer.Exit(2)
    console = Console(stderr=True)
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(bundles))
        answers = list(run_all(bundles, lambda n: bar.advance(task, n), workers))
    judged = [with_truth(bundle, answer) for bundle, answer in zip(bundles, answers, strict=True)]
    report = score(judged)
    if json_file is not None:
        json_file.write_text(json.dumps({**report, "answers": answers}, indent=1) + "\n")
    table = Table(title=f"{len(bundles)} bundles", title_justify="left")
    for name in ("species", "n", "bona_fide", "attack", "inconclusive", "admit", "refer", "retake", "error",
                 "APCER / BPCER (95 %)"):  # fmt: skip
        table.add_column(name, justify="left" if name == "species" else "right")
    for name, row in report["species"].items():
        live, entry = row["liveness"], row["entry"]
        cells = [live.get(k, 0) for k in ("bona_fide", "attack", "inconclusive")]
        cells += [entry.get(k, 0) for k in ("admit", "refer", "retake", "error")]
        table.add_row(name, str(row["n"]), *map(str, cells), _percent(row.get("apcer") or row.get("bpcer")))
    output = Console()
    output.print(table)
    for item in report["not_admitted_honest"]:
        output.print(f"honest, not admitted: {item['bundle']} {item['outcome']} at {item['ambient_lx']} lx: "
                     f"{', '.join(item['reasons'])}")  # fmt: skip
    output.print(f"comparison of honest captures: {report['comparison']}; CPU ms: {report['cpu_ms_mean']}")
    if report["errors"]:
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    app.command()(evaluate)
