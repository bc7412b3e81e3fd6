"""Enrol the photograph of a submitted document, or say why it was refused."""

import asyncio
from dataclasses import dataclass

import numpy as np

from borderlight.contracts.buckets import DOCUMENTS
from borderlight.contracts.events import DocumentAuthenticity, DocumentEnrolled, DocumentRefused, DocumentSubmitted
from borderlight.errors import InvalidMessage, ObjectCorrupt, ObjectMissing
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from matcher.domain.authenticity import ChipCheck
from matcher.domain.dossier import DocumentRecord, StoredEmbedding
from matcher.domain.photo_quality import advice_for
from matcher.ports import ChipAuthenticator, FaceReader, PhotoReading, ReferenceStore

ERASED = "document.erased"


@dataclass(frozen=True)
class Enrolment:
    """What became of a submission; was_standing: an erasure or a later hand-in had precedence.

    chip: what passive authentication found; None where nobody asked.
    """

    reading: PhotoReading
    was_standing: bool = False
    chip: ChipCheck | None = None

    @property
    def is_usable(self) -> bool:
        return self.reading.embedding is not None and not self.was_standing


@dataclass(frozen=True)
class EnrolDocument:
    """publisher: None when nobody listens (an import that reports by itself); authenticator: None checks no chip."""

    objects: ObjectStore
    references: ReferenceStore
    reader: FaceReader
    clock: Clock
    publisher: EventPublisher | None = None
    authenticator: ChipAuthenticator | None = None
    delete_submitted: bool = True

    async def __call__(self, submitted: DocumentSubmitted) -> None:
        """For the bus: a photograph that was never there makes the message invalid."""
        await self.enrol(submitted)

    async def enrol(self, submitted: DocumentSubmitted) -> Enrolment:
        """Read from the hand-over objects, write, publish the outcome; the hand-over objects are deleted at the end.

        They lie below the traveller's own prefix of the documents bucket: nothing else is read or deleted."""
        handed_over = [ref for ref in (submitted.security_object, submitted.photo) if ref is not None]
        own = Place(DOCUMENTS, f"{submitted.traveller_ref}/")
        for ref in handed_over:
            own.check(ref)
        try:
            contents = [await read_own(self.objects, ref, own) for ref in handed_over]
        except ObjectMissing as error:
            enrolment = await self._already(submitted)
            if enrolment is None:
                raise InvalidMessage(
                    f"{submitted.document_id} is not in the object store as it was handed in"
                ) from error
            return enrolment
        enrolment = await self.enrol_photo(submitted, contents[-1], contents[0] if len(contents) > 1 else None)
        if self.delete_submitted:
            for ref in handed_over:
                await self.objects.delete(ref.bucket, ref.key)
        return enrolment

    async def enrol_photo(
        self, submitted: DocumentSubmitted, photo: bytes, security_object: bytes | None = None
    ) -> Enrolment:
        """Embed, write and publish. A refused photograph leaves its record and reasons, not its pixels.

        security_object: the chip's EF.SOD; what it says is kept, the file is not: it holds a hash of the holder's name.
        """
        submitted = self._in_our_time(submitted)
        reading = await asyncio.to_thread(self.reader.read_photo, photo)
        chip = await self._authenticated(submitted, photo, security_object)
        usable = reading.embedding is not None
        record = DocumentRecord(
            traveller_ref=submitted.traveller_ref,
            document_id=submitted.document_id,
            kind=submitted.kind,
            photo_sha256=submitted.photo.sha256,
            media_type=submitted.photo.media_type,
            submitted_at=submitted.submitted_at,
            expires_at=submitted.expires_at,
            issuing_state=submitted.issuing_state,
            issued_on=None if submitted.issued_on is None else submitted.issued_on.isoformat(),
            number_digest=submitted.number_digest,
            chip=chip,
        )
        made = StoredEmbedding(
            submitted.document_id,
            submitted.photo.sha256,
            self.reader.model_sha256,
            None if reading.embedding is None else tuple(reading.embedding.astype(float).tolist()),
            reading.reasons,
            reading.flags,
            reading.quality,
        )
        if not usable and await self._has_better(submitted):
            await self._publish(submitted, Enrolment(reading, chip=chip))
            return Enrolment(reading, chip=chip)
        written = await self.references.enrol(record, photo if usable else b"", made)
        enrolment = Enrolment(reading, was_standing=not written, chip=chip)
        if written and usable and submitted.replaces not in (None, submitted.document_id):
            assert submitted.replaces is not None
            await self.references.erase(submitted.traveller_ref, submitted.replaces, submitted.submitted_at)
        await self._publish(submitted, enrolment)
        return enrolment

    def _in_our_time(self, submitted: DocumentSubmitted) -> DocumentSubmitted:
        """A hand-in from the future would stand in the way of every later one, and of its erasure."""
        return submitted.model_copy(update={"submitted_at": min(submitted.submitted_at, self.clock.now())})

    async def _authenticated(
        self, submitted: DocumentSubmitted, photo: bytes, security_object: bytes | None
    ) -> ChipCheck | None:
        if self.authenticator is None:
            return None
        asked = (photo, security_object, submitted.issuing_state, self.clock.now())
        return await asyncio.to_thread(self.authenticator.check, *asked)

    async def _has_better(self, submitted: DocumentSubmitted) -> bool:
        """Whether a usable photograph stands under this id: a refused one must not take its place."""
        try:
            stored = await self.references.find(submitted.traveller_ref, submitted.document_id)
        except ObjectCorrupt:
            return False
        return stored is not None and stored.embedding is not None and stored.embedding.embedding is not None

    async def _already(self, submitted: DocumentSubmitted) -> Enrolment | None:
        """A redelivery after the hand-over object was deleted: what stands is the answer."""
        stored = await self.references.find(submitted.traveller_ref, submitted.document_id)
        if stored is None or stored.embedding is None or stored.record.photo_sha256 != submitted.photo.sha256:
            return None
        made = stored.embedding
        vector = None if made.embedding is None else np.asarray(made.embedding)
        reading = PhotoReading(vector, made.reasons, made.flags, made.quality)
        enrolment = Enrolment(reading, chip=stored.record.chip)
        await self._publish(submitted, enrolment)
        return enrolment

    async def _publish(self, submitted: DocumentSubmitted, enrolment: Enrolment) -> None:
        if self.publisher is None or enrolment.was_standing:
            return
        reading, now = enrolment.reading, self.clock.now()
        identity = (submitted.document_id, submitted.photo.sha256, self.reader.model_sha256)
        if reading.embedding is None:
            refused = DocumentRefused(
                traveller_ref=submitted.traveller_ref, document_id=submitted.document_id, kind=submitted.kind,
                refused_at=now, reasons=reading.reasons, advice=advice_for(reading.reasons), quality=reading.quality,
            )  # fmt: skip
            await self.publisher.publish(refused, identity)
            return
        enrolled = DocumentEnrolled(
            traveller_ref=submitted.traveller_ref, document_id=submitted.document_id, kind=submitted.kind,
            enrolled_at=now, model_sha256=self.reader.model_sha256, quality=reading.quality, flags=reading.flags,
            authenticity=None if enrolment.chip is None else DocumentAuthenticity(enrolment.chip.outcome.value),
        )  # fmt: skip
        await self.publisher.publish(enrolled, identity)
