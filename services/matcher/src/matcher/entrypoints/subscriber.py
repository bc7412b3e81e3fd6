"""What the matcher consumes and publishes."""

from borderlight.contracts.events import (
    CaptureNormalized,
    DocumentEnrolled,
    DocumentErased,
    DocumentRefused,
    DocumentSubmitted,
    EntryVerdict,
    FaceCompared,
)
from borderlight.runtime.bus.event_router import EventRouter
from matcher.use_cases.compare_faces import CompareFaces
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.remember_traveller import RememberTraveller

PUBLISHES = (FaceCompared.topic, DocumentEnrolled.topic, DocumentRefused.topic, DocumentErased.topic)


def subscribe_matcher(router: EventRouter, compare: CompareFaces, enrol: EnrolDocument) -> None:
    @router.subscriber(CaptureNormalized.topic, skips_late=True)
    async def compare_faces(normalized: CaptureNormalized) -> None:
        """Compare the face of a capture with the traveller's documents."""
        await compare(normalized)

    @router.subscriber(DocumentSubmitted.topic)
    async def enrol_document(submitted: DocumentSubmitted) -> None:
        """Enrol the photograph of a document, or say why it was refused."""
        await enrol(submitted)


def subscribe_returning(router: EventRouter, remember: RememberTraveller) -> None:
    @router.subscriber(EntryVerdict.topic)
    async def remember_traveller(verdict: EntryVerdict) -> None:
        """Keep the probe of an admitted traveller for the next time."""
        await remember(verdict)
