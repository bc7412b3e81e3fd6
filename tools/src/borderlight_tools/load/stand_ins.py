"""Stages that answer without looking at anything, for a soak of the bus and the join at a rate that no two cores see
through: `python -m borderlight_tools.load.stand_ins normalizer|liveness|matcher`.

They are processes of their own on the same bus, topics and groups as the real ones, and are killed like them.
"""

import asyncio
import hashlib
import os
import sys

from borderlight.contracts.events import (
    CaptureNormalized,
    ComparisonOutcome,
    FaceCompared,
    LivenessAssessed,
    LivenessOutcome,
    ObjectRef,
    SessionCaptured,
)
from borderlight.runtime.bus.event_router import EventRouter
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.process import run_worker, service_app

PORT = "STAND_IN_PORT"
PUBLISHES = {
    "normalizer": (CaptureNormalized.topic,), "liveness": (LivenessAssessed.topic,), "matcher": (FaceCompared.topic,),
}  # fmt: skip


def normalized_of(captured: SessionCaptured) -> CaptureNormalized:
    """What a normalizer would say, pointing at nothing."""
    sha256 = hashlib.sha256(captured.session_id.encode()).hexdigest()
    key = f"{captured.session_id}/{sha256}.zip"
    stored = ObjectRef(bucket="normalized", key=key, sha256=sha256, size=1, media_type="application/zip")
    return CaptureNormalized(
        session_id=captured.session_id, traveller_ref=captured.traveller_ref, normalized=stored,
        captured_at=captured.captured_at, capture_digest=captured.digest, decide_by=captured.decide_by,
    )  # fmt: skip


def assessed_of(normalized: CaptureNormalized) -> LivenessAssessed:
    """One session in eight is an attack."""
    attack = int(normalized.normalized.sha256[0], 16) < 2
    return LivenessAssessed(
        session_id=normalized.session_id, traveller_ref=normalized.traveller_ref, score=0.1 if attack else 0.9,
        outcome=LivenessOutcome.ATTACK if attack else LivenessOutcome.BONA_FIDE,
        capture_digest=normalized.capture_digest,
    )  # fmt: skip


def compared_of(normalized: CaptureNormalized) -> FaceCompared:
    """One session in eight shows another face."""
    other = int(normalized.normalized.sha256[1], 16) < 2
    return FaceCompared(
        session_id=normalized.session_id, traveller_ref=normalized.traveller_ref, score=0.1 if other else 0.9,
        outcome=ComparisonOutcome.NON_MATCH if other else ComparisonOutcome.MATCH, threshold=0.5,
        capture_digest=normalized.capture_digest,
    )  # fmt: skip


def subscribe(stage: str, router: EventRouter) -> None:
    """Declare the handler of a stage."""
    if stage == "normalizer":

        @router.subscriber(SessionCaptured.topic, skips_late=True)
        async def normalize(captured: SessionCaptured) -> None:
            await router.events.publish(normalized_of(captured), (captured.digest,))

        return

    @router.subscriber(CaptureNormalized.topic, skips_late=True)
    async def answer(normalized: CaptureNormalized) -> None:
        event = assessed_of(normalized) if stage == "liveness" else compared_of(normalized)
        await router.events.publish(event, (normalized.normalized.sha256,))


async def run(stage: str) -> None:
    """The process of one stage."""
    clock, metrics = SystemClock(), Metrics()
    bus = KafkaBus(KafkaSettings(), stage, clock, metrics)
    subscribe(stage, bus.router(stage, PUBLISHES[stage]))
    await run_worker(service_app(stage, bus, metrics), stage, "127.0.0.1", int(os.environ[PORT]))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
