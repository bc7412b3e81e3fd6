"""Assess the capture an event refers to, store its explanation, publish the answer."""

import asyncio
import time
from dataclasses import dataclass

from borderlight.contracts.buckets import NORMALIZED
from borderlight.contracts.events import CaptureNormalized, EvidenceRecord, LivenessAssessed, LivenessOutcome, ObjectRef
from borderlight.contracts.normalized_capture import NormalizedCapture, NormalizedCaptureUnreadable, unpack
from borderlight.errors import CaptureRejected, ObjectCorrupt, ObjectMissing
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from liveness.domain.assessment import Assessment, assess_liveness
from liveness.domain.finding import Evidence
from liveness.domain.thresholds import Thresholds
from liveness.ports import Explainer, SeriesReader

BUCKET = "explanations"


def _reason(error: Exception) -> str:
    match error:
        case ObjectMissing():
            return "input.object_missing"
        case ObjectCorrupt():
            return "input.digest_mismatch"
        case _:
            return "input.capture_unreadable"


def _record(item: Evidence) -> EvidenceRecord:
    reading = item.reading
    return EvidenceRecord(
        finding=item.finding.value,
        value=round(reading.value, 6),
        lower=round(reading.lower, 6),
        upper=round(reading.upper, 6),
        limit=reading.limit,
        unit=item.unit,
        meaning=item.meaning,
        details={name: round(value, 6) for name, value in reading.details.items()},
    )


@dataclass(frozen=True)
class AssessCapture:
    objects: ObjectStore
    publisher: EventPublisher
    limits: Thresholds
    series_of: SeriesReader
    explainer: Explainer

    async def __call__(self, normalized: CaptureNormalized) -> None:
        """Publishes LivenessAssessed; an unreadable or missing capture is `inconclusive`, never bona fide."""
        identity = (normalized.normalized.sha256, self.limits.version)
        try:
            capture = unpack(await self._read(normalized))
            assessment, page, cpu_ms = await asyncio.to_thread(self._assess, capture)
        except (ObjectMissing, ObjectCorrupt, NormalizedCaptureUnreadable, CaptureRejected) as error:
            await self.publisher.publish(self._unreadable(normalized, _reason(error)), identity)
            return
        key = f"{normalized.session_id}/{normalized.normalized.sha256}-{self.limits.version}.html"
        explanation = await self.objects.put(BUCKET, key, page, "text/html")
        await self.publisher.publish(self._event(normalized, assessment, explanation, cpu_ms), identity)

    async def _read(self, normalized: CaptureNormalized) -> bytes:
        return await read_own(self.objects, normalized.normalized, Place(NORMALIZED, f"{normalized.session_id}/"))

    def _assess(self, capture: NormalizedCapture) -> tuple[Assessment, bytes, float]:
        begun = time.thread_time()
        assessment = assess_liveness(self.series_of(capture), self.limits)
        cpu_ms = (time.thread_time() - begun) * 1000.0
        return assessment, self.explainer.explain(capture, assessment), cpu_ms

    def _unreadable(self, normalized: CaptureNormalized, reason: str) -> LivenessAssessed:
        return LivenessAssessed(
            session_id=normalized.session_id,
            traveller_ref=normalized.traveller_ref,
            outcome=LivenessOutcome.INCONCLUSIVE,
            score=0.0,
            reasons=(reason,),
            thresholds_version=self.limits.version,
            capture_digest=normalized.capture_digest,
        )

    def _event(
        self, normalized: CaptureNormalized, assessment: Assessment, explanation: ObjectRef, cpu_ms: float
    ) -> LivenessAssessed:
        judgement = assessment.judgement
        return LivenessAssessed(
            session_id=normalized.session_id,
            traveller_ref=normalized.traveller_ref,
            outcome=LivenessOutcome(judgement.outcome.value),
            score=round(judgement.score, 6),
            reasons=judgement.reasons,
            advice=judgement.advice,
            evidence={item.name: _record(item) for item in judgement.evidence},
            thresholds_version=self.limits.version,
            normalized=normalized.normalized,
            explanation=explanation,
            cpu_ms=round(cpu_ms, 3),
            capture_digest=normalized.capture_digest,
        )
