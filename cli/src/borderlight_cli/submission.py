"""Put a capture bundle into a running flow: store its objects, enrol its documents, publish that it was captured."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from borderlight.contracts.bundle import VIDEO_SUFFIXES, CaptureBundle
from borderlight.contracts.events import DocumentSubmitted, SessionCaptured
from borderlight.errors import BorderlightError
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore
from capture_ingest.use_cases.store_video import BUCKET as CAPTURES
from matcher.app import PHOTO_BUCKET
from matcher.ports import ReferenceStore


class EnrolmentTimedOut(BorderlightError):
    """The matcher did not enrol the documents in time; is it running?"""


def traveller_of(bundle: CaptureBundle) -> str:
    """On disk a bundle's documents belong to a traveller named after the bundle."""
    return "".join(c if c.isalnum() or c in "_.:-" else "_" for c in bundle.name)[:128] or "bundle"


async def submit_documents(
    bundle: CaptureBundle, publisher: EventPublisher, objects: ObjectStore, clock: Clock
) -> list[str]:
    """Store and announce the documents; their ids."""
    traveller = traveller_of(bundle)
    ids: list[str] = []
    for number, document in enumerate(bundle.documents):
        document_id = f"{traveller[:100]}.{number}"
        photo = await objects.put(PHOTO_BUCKET, f"{traveller}/{number}.jpg", document.photo, "image/jpeg")
        event = DocumentSubmitted(
            traveller_ref=traveller,
            document_id=document_id,
            kind=document.kind,  # type: ignore[arg-type] - read_bundle allows only these
            photo=photo,
            submitted_at=clock.now(),
        )
        await publisher.publish(event, (document_id, photo.sha256))
        ids.append(document_id)
    return ids


async def wait_until_enrolled(
    traveller: str, document_ids: list[str], references: ReferenceStore, timeout_s: float = 60.0
) -> None:
    """Until the matcher has a record of every document; raises EnrolmentTimedOut."""
    try:
        async with asyncio.timeout(timeout_s):
            for document_id in document_ids:
                while (stored := await references.find(traveller, document_id)) is None or stored.embedding is None:
                    await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise EnrolmentTimedOut() from error


async def submit_bundle(
    bundle: CaptureBundle,
    publisher: EventPublisher,
    objects: ObjectStore,
    clock: Clock,
    enrolled: Callable[[str, list[str]], Awaitable[None]],
    session_id: str | None = None,
) -> str:
    """The whole way in; `enrolled` waits for the documents. Returns the session id."""
    session = session_id or bundle.session_id
    ids = await submit_documents(bundle, publisher, objects, clock)
    await enrolled(traveller_of(bundle), ids)
    suffix = VIDEO_SUFFIXES.get(bundle.media_type, "mp4")
    video = await objects.put(CAPTURES, f"{session}/video.{suffix}", bundle.video, bundle.media_type)
    content = json.dumps({**bundle.capture, "session_id": session}, sort_keys=True).encode()
    capture = await objects.put(CAPTURES, f"{session}/capture.json", content, "application/json")
    event = SessionCaptured(
        session_id=session,
        traveller_ref=traveller_of(bundle),
        video=video,
        capture=capture,
        captured_at=clock.now(),
    )
    await publisher.publish(event, (video.sha256, capture.sha256))
    return session
