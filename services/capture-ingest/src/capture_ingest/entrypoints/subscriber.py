"""What capture-ingest consumes and publishes."""

from borderlight.contracts.events import CaptureNormalized, CaptureRejected, EntryVerdict, SessionCaptured
from borderlight.runtime.bus.event_router import EventRouter
from capture_ingest.use_cases.normalize_capture import NormalizeCapture
from capture_ingest.use_cases.record_outcome import RecordOutcome

API_PUBLISHES = (SessionCaptured.topic,)
NORMALIZER_PUBLISHES = (CaptureNormalized.topic, CaptureRejected.topic)


def subscribe_normalizer(router: EventRouter, normalize: NormalizeCapture) -> None:
    @router.subscriber(SessionCaptured.topic, skips_late=True)
    async def normalize_capture(captured: SessionCaptured) -> None:
        """Decode the film once; publish what it shows, or why it cannot be judged."""
        await normalize(captured)


def subscribe_api(router: EventRouter, record: RecordOutcome) -> None:
    @router.subscriber(EntryVerdict.topic)
    async def record_outcome(verdict: EntryVerdict) -> None:
        """Remember the verdict of a session that was opened here."""
        await record(verdict)
