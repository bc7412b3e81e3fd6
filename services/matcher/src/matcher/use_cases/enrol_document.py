"""Enrol the photograph of a submitted document, or say why it was refused."""

import asyncio
from dataclasses import dataclass

import numpy as np

from borderlight.contracts.buckets import DOCUMENTS
from borderlight.contracts.events import DocumentEnrolled, DocumentRefused, DocumentSubmitted
from borderlight.errors import InvalidMessage, ObjectCorrupt, ObjectMissing
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from matcher.domain.dossier import DocumentRecord, StoredEmbedding
from matcher.domain.photo_quality import advice_for
from matcher.ports import FaceReader, PhotoReading, ReferenceStore

ERASED = "document.erased"


@dataclass(frozen=True)
class Enrolment:
    """What became of a submission; was_standing: an erasure or a later hand-in had precedence."""

    reading: PhotoReading
    was_standing: bool = False

    @property
    def is_usable(self) -> bool:
        return self.reading.embedding is not None and not self.was_standing


@dataclass(frozen=True)
class EnrolDocument:
    """publisher: None when nobody listens (an import that reports by itself)."""

    objects: ObjectStore
    references: ReferenceStore
    reader: FaceReader
    clock: Clock
    publisher: EventPublisher | None = None
    delete_submitted: bool = True

    async def __call__(self, submitted: DocumentSubmitted) -> None:
        """For the bus: a photograph that was never there makes the message invalid."""
        await self.enrol(submitted)

    async def enrol(self, submitted: DocumentSubmitted) -> Enrolment:
        """Read from the hand-over object, write, publish the outcome; the hand-over object is deleted at the end.

        It lies below the traveller's own prefix of the documents bucket: nothing else is read or deleted."""
        try:
            photo = await read_own(self.objects, submitted.photo, Place(DOCUMENTS, f"{submitted.traveller_ref}/"))
        except ObjectMissing as error:
            enrolment = await self._already(submitted)
            if enrolment is None:
                raise InvalidMessage(f"the photograph of {submitted.document_id} is not in the object store") from error
            return enrolment
        enrolment = await self.enrol_photo(submitted, photo)
        if self.delete_submitted:
            await self.objects.delete(submitted.photo.bucket, submitted.photo.key)
        return enrolment

    async def enrol_photo(self, submitted: DocumentSubmitted, photo: bytes) -> Enrolment:
        """Embed, write and publish. A refused photograph leaves its record and reasons, not its pixels."""
        reading = await asyncio.to_thread(self.reader.read_photo, photo)
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
            await self._publish(submitted, Enrolment(reading))
            return Enrolment(reading)
        written = await self.references.enrol(record, photo if usable else b"", made)
        enrolment = Enrolment(reading, was_standing=not written)
        if written and usable and submitted.replaces not in (None, submitted.document_id):
            assert submitted.replaces is not None
            await self.references.erase(submitted.traveller_ref, submitted.replaces, submitted.submitted_at)
        await self._publish(submitted, enrolment)
        return enrolment

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
        enrolment = Enrolment(PhotoReading(vector, made.reasons, made.flags, made.quality))
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
        )  # fmt: skip
        await self.publisher.publish(enrolled, identity)
