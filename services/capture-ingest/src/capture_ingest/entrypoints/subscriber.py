"""What capture-ingest consumes."""

from borderlight.contracts.events import EntryVerdict, SessionCaptured
from borderlight.runtime.bus.port import Bus, Subscription
from capture_ingest.use_cases.normalize_capture import NormalizeCapture
from capture_ingest.use_cases.record_outcome import RecordOutcome


def subscribe_normalizer(bus: Bus, normalize: NormalizeCapture) -> None:
    bus.subscribe(Subscription(SessionCaptured.topic, "normalizer", SessionCaptured, normalize))


def subscribe_api(bus: Bus, record: RecordOutcome) -> None:
    bus.subscribe(Subscription(EntryVerdict.topic, "api", EntryVerdict, record))
