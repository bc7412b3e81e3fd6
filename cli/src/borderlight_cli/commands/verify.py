"""`borderlight verify BUNDLE...`: capture bundles through the real handlers, embedded."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from borderlight.errors import BorderlightError
from borderlight.runtime.logs import configure_logs
from borderlight_cli.embedded import SharedModels
from borderlight_cli.verification import Verification, error_answer, verify_bundle

_STYLES = {"admit": "green", "refer": "red", "retake": "yellow", "error": "magenta"}


def _table(answers: list[dict[str, Any]], limits: Path | None) -> Table:
    title = "Entry verdicts" if limits is None else f"Entry verdicts, comparison limits of {limits.name}"
    table = Table(title=title, title_justify="left")
    for name in ("bundle", "verdict", "liveness", "comparison", "reasons"):
        table.add_column(name, overflow="fold")
    for answer in answers:
        outcome = answer["outcome"]
        score = answer["comparison"]["score"]
        comparison = answer["comparison"]["outcome"] + (f" {score:.2f}" if score is not None else "")
        words = answer.get("message") or ", ".join(answer["reasons"]) or "-"
        table.add_row(
            answer["bundle"], f"[{_STYLES[outcome]}]{outcome}[/]", answer["liveness"]["outcome"], comparison, words
        )
    return table


async def _verify(
    folders: list[Path], as_json: bool, explanations: Path | None, limits: Path | None
) -> list[dict[str, Any]]:
    models = SharedModels.load(limits)
    answers: list[dict[str, Any]] = []
    try:
        for folder in folders:
            try:
                done = await verify_bundle(folder, models)
            except Exception as error:  # one broken bundle must not stop the others
                done = Verification(error_answer(folder.name, "session.failed", f"{type(error).__name__}: {error}"))
            if limits is not None:
                done.answer["comparison_limits"] = limits.name
            answers.append(done.answer)
            if explanations is not None and done.explanation is not None:
                (explanations / f"{folder.name}.html").write_bytes(done.explanation)
            if as_json:
                typer.echo(json.dumps(done.answer))
    finally:
        models.close()
    return answers


def verify(
    bundles: Annotated[list[Path], typer.Argument(help="folders with capture.json, a video and documents")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per bundle, nothing else")] = False,
    explanations: Annotated[
        Path | None, typer.Option(help="write each bundle's liveness page into this folder")
    ] = None,
    comparison_limits: Annotated[
        Path | None, typer.Option(help="thresholds file for the comparison, named in every answer (simulated people)")
    ] = None,
) -> None:
    """Judge capture bundles with the embedded flow. Exit status 2 when one could not be read."""
    configure_logs("verify", "CRITICAL")
    if explanations is not None:
        explanations.mkdir(parents=True, exist_ok=True)
    try:
        folders = [Path(str(bundle).rstrip("/")) for bundle in bundles]
        answers = asyncio.run(_verify(folders, as_json, explanations, comparison_limits))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    if not as_json:
        Console().print(_table(answers, comparison_limits))
    if any(answer["outcome"] == "error" for answer in answers):
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    app.command()(verify)
