"""`borderlight documents list | show | export | erase`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from borderlight.contracts.events import DocumentErased
from borderlight.errors import ObjectMissing
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight_cli.commands.documents.options import StoreFolder, model_sha256, run
from borderlight_cli.importing.stores import open_store
from matcher.adapters.chip_codec import chip_to_json
from matcher.domain.dossier import ALL_DOCUMENTS
from matcher.domain.face_image_record import JPEG, JPEG_2000, PNG, looks_like_dg2, sniff
from matcher.ports import StoredDocument
from matcher.use_cases.erase_documents import EraseDocuments

Traveller = Annotated[str, typer.Argument(help="the agency's opaque reference")]


def _shown(stored: StoredDocument) -> dict[str, Any]:
    record, made = stored.record, stored.embedding
    return {
        "traveller_ref": record.traveller_ref,
        "document_id": record.document_id,
        "kind": record.kind,
        "issuing_state": record.issuing_state,
        "issued_on": record.issued_on,
        "expires_at": None if record.expires_at is None else record.expires_at.isoformat(),
        "submitted_at": record.submitted_at.isoformat(),
        "source": record.source,
        "photo_sha256": record.photo_sha256,
        "usable": made is not None and made.embedding is not None,
        "reasons": [] if made is None else list(made.reasons),
        "flags": [] if made is None else list(made.flags),
        "quality": {} if made is None else made.quality,
        "chip": chip_to_json(record.chip),
        "model_sha256": None if made is None else made.model_sha256,
    }


async def _list(store: Path | None, as_json: bool) -> None:
    opened = await open_store(store, model_sha256())
    count = 0
    async for stored in opened.references.walk():
        count += 1
        shown = _shown(stored)
        if as_json:
            typer.echo(json.dumps(shown))
        else:
            state = "usable" if shown["usable"] else ", ".join(shown["reasons"]) or "not embedded"
            typer.echo(f"{shown['traveller_ref']}\t{shown['document_id']}\t{shown['kind']}\t{state}")
    await opened.close()
    if not as_json:
        typer.echo(f"{count} documents", err=True)


async def _show(store: Path | None, traveller: str) -> list[dict[str, Any]]:
    opened = await open_store(store, model_sha256())
    found = await opened.references.documents_of(traveller)
    await opened.close()
    return [_shown(stored) for stored in found]


def _suffix(photo: bytes) -> str:
    if looks_like_dg2(photo):
        return ".dg2"
    return {JPEG: ".jpg", PNG: ".png", JPEG_2000: ".jp2"}.get(sniff(photo) or "", ".bin")


async def _export(store: Path | None, traveller: str, out: Path) -> int:
    opened = await open_store(store, model_sha256())
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for shown in await _show(store, traveller):
        name = shown["document_id"].replace(":", "_")
        try:
            photo = await opened.references.photo_of(traveller, shown["document_id"])
        except ObjectMissing:
            continue
        (out / f"{name}.json").write_text(json.dumps(shown, indent=1) + "\n")
        if photo:
            (out / f"{name}{_suffix(photo)}").write_bytes(photo)
        count += 1
    await opened.close()
    return count


async def _erase(store: Path | None, traveller: str, document: str | None) -> str:
    opened = await open_store(store, model_sha256())
    clock = SystemClock()
    bus = None if store is not None else KafkaBus(KafkaSettings(), "documents", clock, Metrics())
    if bus is not None:
        await bus.start()
    try:
        return await EraseDocuments(opened.references, clock, bus)(traveller, document)
    finally:
        if bus is not None:
            await bus.stop()
        await opened.close()


def list_(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False, store: StoreFolder = None
) -> None:
    """List all documents, without pictures."""
    run(_list(store, as_json))


def show(traveller: Traveller, store: StoreFolder = None) -> None:
    """What is held of one traveller, as JSON."""
    found = run(_show(store, traveller))
    typer.echo(json.dumps(found, indent=1))
    if not found:
        typer.echo(f"borderlight: nothing is held of {traveller}", err=True)
        raise typer.Exit(1)


def export(
    traveller: Traveller,
    out: Annotated[Path, typer.Option(help="folder for records and photographs")],
    store: StoreFolder = None,
) -> None:
    """Write a traveller's records and photographs in clear: for a request by the person."""
    typer.echo(f"{run(_export(store, traveller, out))} documents in {out.resolve()}")


def erase(
    traveller: Traveller,
    document: Annotated[
        str | None, typer.Option(help="one document id; default: all of the traveller")
    ] = ALL_DOCUMENTS,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    store: StoreFolder = None,
) -> None:
    """Erase record, cache and key; publishes document.erased.v1. It cannot be undone."""
    if not yes:
        typer.confirm(f"Erase {document or 'everything'} of {traveller} for good?", abort=True)
    typer.echo(f"receipt {run(_erase(store, traveller, document))} ({DocumentErased.topic})")


def register(app: typer.Typer) -> None:
    app.command("list")(list_)
    app.command()(show)
    app.command()(export)
    app.command()(erase)
