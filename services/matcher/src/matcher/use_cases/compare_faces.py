"""Compare the probe of a normalized capture with every reference of its traveller."""

import asyncio
import time
from dataclasses import dataclass

import numpy as np

from borderlight.contracts.buckets import NORMALIZED
from borderlight.contracts.events import (
    CaptureNormalized,
    ComparisonOutcome,
    DocumentAuthenticity,
    DocumentComparison,
    FaceCompared,
)
from borderlight.contracts.normalized_capture import NormalizedCapture, NormalizedCaptureUnreadable, unpack
from borderlight.errors import ObjectCorrupt, ObjectMissing
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from matcher.domain.authenticity import Authenticity
from matcher.domain.comparison import (
    Comparison,
    ComparisonDecision,
    Reference,
    compare,
    is_near_limit,
    mean_embedding,
)
from matcher.domain.probe_colour import cast_gains, without_cast
from matcher.domain.thresholds import MatcherThresholds
from matcher.ports import FaceReader, ReferenceStore


def _word(found: Authenticity | None) -> DocumentAuthenticity:
    return DocumentAuthenticity.NOT_CHECKED if found is None else DocumentAuthenticity(found.value)


@dataclass(frozen=True)
class CompareFaces:
    objects: ObjectStore
    references: ReferenceStore
    reader: FaceReader
    publisher: EventPublisher
    limits: MatcherThresholds

    async def __call__(self, normalized: CaptureNormalized) -> None:
        """Publishes FaceCompared; anything missing or unreadable is `inconclusive`."""
        references = await self.references.references_of(normalized.traveller_ref)
        cpu_ms = 0.0
        frames: tuple[int, ...] = ()
        try:
            capture = unpack(await self._read(normalized))
            frames = tuple(int(frame) for frame in capture.chip_frame)
            comparison, cpu_ms = await asyncio.to_thread(self._compare, capture, references)
        except (ObjectMissing, ObjectCorrupt, NormalizedCaptureUnreadable) as error:
            reason = "input.object_missing" if isinstance(error, ObjectMissing) else "input.digest_mismatch"
            comparison = Comparison(ComparisonDecision.INCONCLUSIVE, None, (reason,), ())
        event = FaceCompared(
            session_id=normalized.session_id,
            traveller_ref=normalized.traveller_ref,
            outcome=ComparisonOutcome(comparison.decision.value),
            score=comparison.score,
            threshold=self.limits.min_match_score,
            reasons=comparison.reasons,
            authenticity=_word(comparison.authenticity),
            documents=tuple(
                DocumentComparison(
                    document_id=result.document_id,
                    kind=result.kind,
                    outcome=ComparisonOutcome(result.decision.value),
                    score=result.score,
                    reasons=result.reasons,
                    authenticity=_word(result.authenticity),
                )
                for result in comparison.documents
            ),
            model_sha256=self.reader.model_sha256,
            probe_frames=frames,
            cpu_ms=round(cpu_ms, 3),
            capture_digest=normalized.capture_digest,
        )
        await self.publisher.publish(event, (normalized.normalized.sha256, self.reader.model_sha256))

    async def _read(self, normalized: CaptureNormalized) -> bytes:
        return await read_own(self.objects, normalized.normalized, Place(NORMALIZED, f"{normalized.session_id}/"))

    def _compare(self, capture: NormalizedCapture, references: list[Reference]) -> tuple[Comparison, float]:
        begun = time.thread_time()
        eyes_px = capture.quality_of("eye_distance_px")
        limits = self.limits
        if not len(capture.chips) or eyes_px < limits.min_probe_eye_distance_px or not references:
            comparison = compare(None, references, limits.model_sha256, limits.min_match_score)
            return comparison, (time.thread_time() - begun) * 1000.0
        course = capture.face_radiance[:, ::2, ::2].astype(np.float32).mean((1, 2))
        chips = without_cast(capture.chips, cast_gains(course, capture.chip_frame.astype(int)))
        embeddings = self.reader.embed_chips([chips[0]], capture.chip_template)
        comparison = compare(mean_embedding(embeddings), references, limits.model_sha256, limits.min_match_score)
        if len(chips) > 1 and is_near_limit(comparison, limits.min_match_score, limits.second_chip_band):
            others = self.reader.embed_chips(list(chips[1:]), capture.chip_template)
            probe = mean_embedding(np.concatenate([embeddings, others]))
            comparison = compare(probe, references, limits.model_sha256, limits.min_match_score)
        return comparison, (time.thread_time() - begun) * 1000.0
