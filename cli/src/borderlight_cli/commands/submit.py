"""`borderlight submit BUNDLE...`: capture bundles into a running stack."""

import asyncio
import uuid
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from borderlight.contracts.bundle import BundleUnreadable, read_bundle
from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight_cli.commands.documents.options import model_sha256
from borderlight_cli.submission import submit_bundle, wait_until_enrolled
from capture_ingest.use_cases.store_video import BUCKET as CAPTURES
from matcher.adapters.object_reference_store import BUCKET as REFERENCES
from matcher.app import PHOTO_BUCKET, load_key_ring, open_reference_store
from matcher.settings import MatcherSettings


async def _submit(folders: list[Path], repeat: int, fresh: bool) -> int:
    objects = await open_sealed_s3(SystemClock())
    for bucket in (CAPTURES, PHOTO_BUCKET, REFERENCES):
        await objects.ensure_bucket(bucket)
    bus = KafkaBus(KafkaSettings(), "submit", SystemClock(), Metrics())
    await bus.start()
    references = open_reference_store(objects, load_key_ring(MatcherSettings()), model_sha256())
    unread = 0

    async def enrolled(traveller: str, documents: list[str]) -> None:
        await wait_until_enrolled(traveller, documents, references)

    try:
        work = [folder for _ in range(repeat) for folder in folders]
        for folder in track(work, "submitting", console=Console(stderr=True)):
            try:
                bundle = read_bundle(folder)
            except BundleUnreadable as error:
                typer.echo(f"borderlight: {error}", err=True)
                unread += 1
                continue
            session = uuid.uuid4().hex if fresh or repeat > 1 else None
            typer.echo(await submit_bundle(bundle, bus, objects, SystemClock(), enrolled, session))
    finally:
        await bus.stop()
    return unread


def submit(
    bundles: Annotated[list[Path], typer.Argument(help="folders of capture bundles")],
    repeat: Annotated[int, typer.Option(help="send each so many times, under fresh session ids")] = 1,
    fresh_ids: Annotated[bool, typer.Option(help="give every session a new id")] = False,
) -> None:
    """Store objects, enrol documents, publish session.captured.v1; prints the session ids."""
    try:
        unread = asyncio.run(_submit(bundles, repeat, fresh_ids))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    if unread:
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    app.command()(submit)
