"""Embed stored photographs with the present model: after a change of model, while comparisons go on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from borderlight.errors import ObjectMissing
from matcher.domain.dossier import StoredEmbedding
from matcher.ports import FaceReader, ReferenceStore


@dataclass(frozen=True)
class ReembedDocuments:
    references: ReferenceStore
    reader: FaceReader

    async def __call__(self, advance: Callable[[], None] = lambda: None) -> int:
        """How many were embedded; what has an embedding of this model already is passed over, so it may be resumed."""
        count = 0
        async for stored in self.references.walk():
            advance()
            if stored.embedding is not None:
                continue
            record = stored.record
            try:
                photo = await self.references.photo_of(record.traveller_ref, record.document_id)
            except ObjectMissing:
                continue  # erased meanwhile
            reading = await asyncio.to_thread(self.reader.read_photo, photo)
            vector = None if reading.embedding is None else tuple(reading.embedding.astype(float).tolist())
            made = StoredEmbedding(
                record.document_id, record.photo_sha256, self.reader.model_sha256, vector, reading.reasons,
                reading.flags, reading.quality,
            )  # fmt: skip
            await self.references.put_embedding(record.traveller_ref, made)
            count += 1
        return count
