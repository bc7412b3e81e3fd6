"""`borderlight documents import`."""

import hashlib
import os
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from borderlight.errors import BorderlightError
from borderlight_cli.commands.documents.options import StoreFolder
from borderlight_cli.importing.manifest import read_manifest
from borderlight_cli.importing.report import write_report
from borderlight_cli.importing.run import Journal, run_import
from matcher.app import load_key_ring
from matcher.settings import MatcherSettings

Kind = Literal["passport", "driving_licence", "visa", "other"]


def _journal_path(source: Path, stated: Path | None) -> Path:
    if stated is not None:
        return stated
    digest = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:12]
    return Path(os.environ.get("BORDERLIGHT_STATE", ".borderlight")) / "imports" / f"{digest}.jsonl"


def import_(
    source: Annotated[Path, typer.Argument(help="FOLDER/<traveller>/*.jpg, or a CSV or Parquet manifest")],
    kind: Annotated[Kind, typer.Option(help="what documents without a stated kind are")] = "passport",
    report: Annotated[Path | None, typer.Option(help="write report.html and report.json into this folder")] = None,
    journal: Annotated[Path | None, typer.Option(help="what is done already; default: in the state folder")] = None,
    again: Annotated[bool, typer.Option(help="begin anew although a journal is there")] = False,
    workers: Annotated[int | None, typer.Option(help="processes; default: one per core")] = None,
    store: StoreFolder = None,
) -> None:
    """Enrol JPEG, PNG, JPEG 2000 and DG2 files. Resumes where it stopped; says which were refused and why.

    Manifest columns: traveller_ref, file; optional document_id, kind, issuing_state, issued_on, expires_at, number
    (only a salted digest is kept), replaces, security_object (a chip's EF.SOD; else a file of the same name, .sod).
    """
    console = Console(stderr=True)
    place = _journal_path(source, journal)
    if again:
        place.unlink(missing_ok=True)
    begun = time.perf_counter()
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        rows = read_manifest(source, kind, load_key_ring(MatcherSettings()).lookup)
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("", total=len(rows))
            results = run_import(rows, Journal(place), store, workers, lambda n: bar.advance(task, n))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    seconds = time.perf_counter() - begun
    refused = [result for result in results if result.outcome != "enrolled"]
    for result in refused[:50]:
        typer.echo(
            f"{result.outcome} row {result.number} ({result.file}): {', '.join(result.reasons)}: {result.advice}"
        )
    if len(refused) > 50:
        typer.echo(f"... and {len(refused) - 50} more")
    typer.echo(f"{len(results) - len(refused)} enrolled, {len(refused)} not; {len(results) / seconds:.0f} a second")
    chips = Counter(result.authenticity for result in results if result.authenticity)
    typer.echo("chips: " + (", ".join(f"{number} {word}" for word, number in chips.most_common()) or "none checked"))
    if report is not None:
        typer.echo(f"report: {write_report(report, results, str(source), seconds).resolve()}")


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
