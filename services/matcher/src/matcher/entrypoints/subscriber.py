"""What the matcher consumes."""

from borderlight.contracts.events import CaptureNormalized, DocumentSubmitted
from borderlight.plumbing.bus import Bus, Subscription
from matcher.use_cases.compare_faces import CompareFaces
from matcher.use_cases.enrol_document import EnrolDocument


def subscribe_matcher(bus: Bus, compare: CompareFaces, enrol: EnrolDocument) -> None:
    bus.subscribe(Subscription(CaptureNormalized.topic, "matcher", CaptureNormalized, compare))
    bus.subscribe(Subscription(DocumentSubmitted.topic, "matcher", DocumentSubmitted, enrol))
