"""Returning travellers, where the policy allows it: the face of an admitted session becomes one further reference.

It has a short life, stands beside a document photograph and never instead of one.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta

import cv2
import numpy as np

from borderlight.contracts.events import EntryOutcome, EntryVerdict
from borderlight.contracts.normalized_capture import NormalizedCaptureUnreadable, unpack
from borderlight.errors import ObjectMissing
from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore
from matcher.domain.comparison import mean_embedding
from matcher.domain.dossier import DocumentRecord, StoredEmbedding
from matcher.ports import FaceReader, ReferenceStore

NORMALIZED = "normalized"


@dataclass(frozen=True)
class RememberTraveller:
    objects: ObjectStore
    references: ReferenceStore
    reader: FaceReader
    clock: Clock
    keep: timedelta

    async def __call__(self, verdict: EntryVerdict) -> None:
        """Only `admit` is remembered, for `keep` from the verdict on; a capture that is gone already is passed over.

        The record has the verdict's time, however late that is read: an erasure after the verdict keeps it out.
        """
        if verdict.outcome is not EntryOutcome.ADMIT or verdict.decided_at + self.keep <= self.clock.now():
            return
        for name in await self.objects.list_keys(NORMALIZED, f"{verdict.session_id}/"):
            try:
                capture = unpack(await self.objects.get(NORMALIZED, name))
            except (ObjectMissing, NormalizedCaptureUnreadable):
                continue
            await self._remember(verdict, list(capture.chips), capture.chip_template)
            return

    async def _remember(self, verdict: EntryVerdict, chips: list[np.ndarray], template: str) -> None:
        embedding = mean_embedding(await asyncio.to_thread(self.reader.embed_chips, chips, template))
        done, coded = cv2.imencode(".png", cv2.cvtColor(chips[0], cv2.COLOR_RGB2BGR))
        photo = coded.tobytes() if done else b""
        at = verdict.decided_at
        document_id = f"session.{verdict.session_id}"
        digest = hashlib.sha256(photo).hexdigest()
        record = DocumentRecord(
            verdict.traveller_ref, document_id, "other", digest, "image/png", at, at + self.keep, source="session"
        )
        vector = tuple(embedding.astype(float).tolist())
        made = StoredEmbedding(document_id, digest, self.reader.model_sha256, vector)
        await self.references.enrol(record, photo, made)
