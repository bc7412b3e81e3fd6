"""`borderlight evaluate DIR`: error rates per species over a folder of bundles."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from borderlight_lab.evaluation.page import percent, write_page
from borderlight_lab.evaluation.runner import find_bundles, run_all
from borderlight_lab.evaluation.scoring import Judged, score, with_truth


def judge_folder(
    folder: Path, workers: int | None, explanations: Path | None = None, comparison_limits: Path | None = None
) -> list[Judged]:
    """Every bundle below `folder` judged by `borderlight verify`, with a progress bar on stderr."""
    bundles = find_bundles(folder)
    if not bundles:
        typer.echo(f"borderlight: no capture bundles in {folder}", err=True)
        raise typer.Exit(2)
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(bundles))
        answers = list(run_all(bundles, lambda n: bar.advance(task, n), workers, explanations, comparison_limits))
    return [with_truth(bundle, answer) for bundle, answer in zip(bundles, answers, strict=True)]


def thresholds_of(items: list[Judged]) -> str:
    """The version of the thresholds that judged; captures that never reached liveness have none."""
    return ", ".join(sorted({str(i.answer["thresholds_version"]) for i in items if i.answer.get("thresholds_version")}))


def _print(report: dict[str, Any], console: Console) -> None:
    table = Table(title=f"{report['bundles']} bundles", title_justify="left")
    table.add_column("species", no_wrap=True)
    for name in ("n", "bona fide", "attack", "incon.", "admit", "refer", "retake", "error"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("APCER / BPCER", no_wrap=True)
    for name, row in report["species"].items():
        live, entry = row["liveness"], row["entry"]
        cells = [live.get(k, 0) for k in ("bona_fide", "attack", "inconclusive")]
        cells += [entry.get(k, 0) for k in ("admit", "refer", "retake", "error")]
        table.add_row(name, str(row["n"]), *map(str, cells), percent(row.get("apcer") or row.get("bpcer")))
    console.print(table)
    for item in report["not_admitted_honest"]:
        lux = item["ambient_lx"]
        where = "" if lux is None else f" at {lux:.0f} lx"
        console.print(f"honest, not admitted: {item['bundle']} {item['outcome']}{where}: {', '.join(item['reasons'])}")
    for item in report["accepted_attacks"]:
        console.print(f"[red]attack taken for bona fide[/]: {item['bundle']} ({item['species']})")
    console.print(f"comparison of honest captures: {report['comparison']}; mean CPU ms: {report['cpu_ms_mean']}")
    if report["comparison_limits"] is not None:
        console.print(f"comparison limits: {report['comparison_limits']}, not the shipped ones")


def evaluate(
    folder: Annotated[Path, typer.Argument(help="folder of capture bundles")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
    report: Annotated[Path | None, typer.Option(help="write an HTML report with explanations into this folder")] = None,
    workers: Annotated[int | None, typer.Option(help="processes; default: one per core")] = None,
    comparison_limits: Annotated[
        Path | None, typer.Option(help="thresholds file for the comparison, named in every report (simulated people)")
    ] = None,
) -> None:
    """Run all bundles and count outcomes. Rates carry 95 % Clopper-Pearson intervals."""
    with tempfile.TemporaryDirectory(prefix="borderlight-evaluate-") as temporary:
        pages = Path(temporary) if report is not None else None
        items = judge_folder(folder, workers, pages, comparison_limits)
        figures = score(items)
        if report is not None and pages is not None:
            failed = {item["bundle"] for item in figures["not_admitted_honest"] + figures["accepted_attacks"]}
            (report / "explanations").mkdir(parents=True, exist_ok=True)
            for name in failed:
                if (pages / f"{name}.html").is_file():
                    shutil.copy(pages / f"{name}.html", report / "explanations")
            write_page(report, items, f"Evaluation of {folder.resolve().name}", thresholds_of(items))
    if json_file is not None:
        answers = [item.answer for item in items]
        json_file.write_text(json.dumps({**figures, "answers": answers}, indent=1) + "\n")
    output = Console() if Console().is_terminal else Console(width=150)
    _print(figures, output)
    if report is not None:
        output.print(f"report: {(report / 'report.html').resolve()}", soft_wrap=True)
    if figures["errors"]:
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    app.command()(evaluate)
