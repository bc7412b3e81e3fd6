"""Enrol the photograph of a submitted document, or record why it was refused."""

import asyncio
from dataclasses import dataclass

from borderlight.contracts.events import DocumentSubmitted
from borderlight.errors import InvalidMessage, ObjectMissing
from borderlight.plumbing.object_store import ObjectStore, read_verified
from matcher.ports import FaceReader, PhotoReading, ReferenceStore


@dataclass(frozen=True)
class EnrolDocument:
    objects: ObjectStore
    references: ReferenceStore
    reader: FaceReader

    async def __call__(self, submitted: DocumentSubmitted) -> None:
        """For the bus: a missing photograph makes the message invalid."""
        await self.enrol(submitted)

    async def enrol(self, submitted: DocumentSubmitted) -> PhotoReading:
        """What was read; a refused photograph is recorded with its reasons, so that the matcher can say why."""
        try:
            photo = await read_verified(self.objects, submitted.photo)
        except ObjectMissing as error:
            raise InvalidMessage(f"the photograph of {submitted.document_id} is not in the object store") from error
        reading = await asyncio.to_thread(self.reader.read_photo, photo)
        await self.references.enrol(submitted, reading, self.reader.model_sha256)
        return reading
