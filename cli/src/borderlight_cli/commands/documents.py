"""`borderlight documents import`: photographs of a folder into the document-photo store."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import track

from borderlight.contracts.events import DocumentSubmitted
from borderlight.errors import BorderlightError
from borderlight.plumbing.clock import SystemClock
from borderlight.plumbing.s3_object_store import S3ObjectStore, S3Settings
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.app import PHOTO_BUCKET, make_face_reader
from matcher.settings import MatcherSettings
from matcher.use_cases.enrol_document import EnrolDocument

documents = typer.Typer(help="Document photographs.", no_args_is_help=True)
Kind = Literal["passport", "driving_licence", "visa", "other"]
_SUFFIXES = {".jpg", ".jpeg", ".png"}


def find_photos(folder: Path) -> list[tuple[str, Path]]:
    """(traveller reference, photo): `FOLDER/<traveller>/*.jpg`, or `FOLDER/<traveller>.jpg`."""
    found: list[tuple[str, Path]] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            traveller = path.stem if path.parent == folder else path.relative_to(folder).parts[0]
            found.append((traveller, path))
    return found


async def _import(folder: Path, kind: Kind) -> tuple[int, list[tuple[Path, str]]]:
    from redis.asyncio import Redis

    settings = MatcherSettings()
    objects = S3ObjectStore(S3Settings())
    for bucket in (PHOTO_BUCKET, BUCKET):
        await objects.ensure_bucket(bucket)
    cache: Redis = Redis.from_url(settings.redis_url, socket_timeout=2.0)
    enrol = EnrolDocument(objects, ObjectReferenceStore(objects, cache), make_face_reader(settings))
    clock = SystemClock()
    refused: list[tuple[Path, str]] = []
    enrolled = 0
    for traveller, path in track(find_photos(folder), "importing", console=Console(stderr=True)):
        try:
            media = "image/png" if path.suffix.lower() == ".png" else "image/jpeg"
            photo = await objects.put(PHOTO_BUCKET, f"{traveller}/{path.name}", path.read_bytes(), media)
            submitted = DocumentSubmitted(
                traveller_ref=traveller,
                document_id=f"{traveller[:60]}.{path.stem[:60]}",
                kind=kind,
                photo=photo,
                submitted_at=clock.now(),
            )
        except ValueError as error:
            refused.append((path, str(error).splitlines()[0]))
            continue
        reading = await enrol.enrol(submitted)
        if reading.embedding is None:
            refused.append((path, ", ".join(reading.reasons)))
        else:
            enrolled += 1
    await cache.aclose()
    return enrolled, refused


@documents.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="FOLDER/<traveller>/*.jpg or FOLDER/<traveller>.jpg")],
    kind: Annotated[Kind, typer.Option(help="what the documents are")] = "passport",
) -> None:
    """Enrol every photograph of a folder; says which were refused and why. Running it again changes nothing."""
    try:
        enrolled, refused = asyncio.run(_import(folder, kind))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    for path, reason in refused:
        typer.echo(f"refused {path}: {reason}")
    typer.echo(f"{enrolled} enrolled, {len(refused)} refused")


def register(app: typer.Typer) -> None:
    app.add_typer(documents, name="documents")
