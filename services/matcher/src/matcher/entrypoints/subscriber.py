"""What the matcher consumes."""

from borderlight.contracts.events import CaptureNormalized, DocumentSubmitted, EntryVerdict
from borderlight.runtime.bus.port import Bus, Subscription
from matcher.use_cases.compare_faces import CompareFaces
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.remember_traveller import RememberTraveller


def subscribe_matcher(bus: Bus, compare: CompareFaces, enrol: EnrolDocument) -> None:
    bus.subscribe(Subscription(CaptureNormalized.topic, "matcher", CaptureNormalized, compare))
    bus.subscribe(Subscription(DocumentSubmitted.topic, "matcher", DocumentSubmitted, enrol))


def subscribe_returning(bus: Bus, remember: RememberTraveller) -> None:
    bus.subscribe(Subscription(EntryVerdict.topic, "matcher", EntryVerdict, remember))
