"""`borderlight compare A.jpg B.jpg`: two pictures, as the matcher sees them."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from borderlight.errors import BorderlightError
from matcher.app import limits_in_force, make_face_reader
from matcher.domain.comparison import comparison_score
from matcher.domain.photo_quality import advice_for
from matcher.ports import FaceReader, PhotoReading
from matcher.settings import MatcherSettings


def _read(reader: FaceReader, path: Path) -> PhotoReading:
    try:
        return reader.read_photo(path.read_bytes())
    except OSError as error:
        typer.echo(f"borderlight: {path}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def compare_pictures(first: PhotoReading, second: PhotoReading, limit: float) -> dict[str, Any]:
    """What `--json` prints."""
    quality = [{"reasons": list(r.reasons), "flags": list(r.flags), **r.quality} for r in (first, second)]
    if first.embedding is None or second.embedding is None:
        return {"outcome": "inconclusive", "score": None, "threshold": limit, "quality": quality}
    score = comparison_score(first.embedding, second.embedding)
    outcome = "match" if score >= limit else "non_match"
    return {"outcome": outcome, "score": round(score, 6), "threshold": limit, "quality": quality}


def compare(
    first: Annotated[Path, typer.Argument(help="JPEG, PNG, JPEG 2000 or DG2")],
    second: Annotated[Path, typer.Argument(help="the other")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Compare two pictures. Exit status 0 also for a non-match; 2 when a file cannot be read."""
    settings = MatcherSettings()
    try:
        reader = make_face_reader(settings)
        limit = limits_in_force(settings).min_match_score
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    readings = [_read(reader, path) for path in (first, second)]
    answer = compare_pictures(readings[0], readings[1], limit)
    if as_json:
        typer.echo(json.dumps(answer))
        return
    score = "" if answer["score"] is None else f", score {answer['score']:.3f} (match from {limit:.2f})"
    typer.echo(f"{answer['outcome']}{score}")
    for path, reading in zip((first, second), readings, strict=True):
        if reading.reasons:
            typer.echo(f"{path.name}: {', '.join(reading.reasons)}. {advice_for(reading.reasons)}")
        elif reading.flags:
            typer.echo(f"{path.name}: {', '.join(reading.flags)}")


def register(app: typer.Typer) -> None:
    app.command()(compare)
