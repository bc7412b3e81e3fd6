"""Work that cannot be answered in time is not begun, in any stage, and is counted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import StandingClock

from borderlight.contracts.events import CaptureNormalized, Event, ObjectRef, SessionCaptured
from borderlight.runtime.bus.event_router import EventRouter
from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.metrics import Metrics
from capture_ingest.entrypoints.subscriber import NORMALIZER_PUBLISHES, subscribe_normalizer
from liveness.entrypoints.subscriber import PUBLISHES as LIVENESS_PUBLISHES
from liveness.entrypoints.subscriber import subscribe_liveness
from matcher.entrypoints.subscriber import PUBLISHES as MATCHER_PUBLISHES
from matcher.entrypoints.subscriber import subscribe_matcher

REF = ObjectRef(bucket="b", key="k", sha256="0" * 64, size=1, media_type="video/mp4")
STAGES: dict[str, tuple[tuple[str, ...], Callable[[EventRouter, Any], None]]] = {
    "normalizer": (NORMALIZER_PUBLISHES, subscribe_normalizer),
    "liveness": (LIVENESS_PUBLISHES, subscribe_liveness),
    "matcher": (MATCHER_PUBLISHES, lambda router, spy: subscribe_matcher(router, spy, spy)),
}


def event_for(stage: str, session: str, **more: Any) -> Event:
    at = StandingClock().now()
    if stage == "normalizer":
        return SessionCaptured(session_id=session, traveller_ref="t", video=REF, capture=REF, captured_at=at, **more)
    return CaptureNormalized(session_id=session, traveller_ref="t", normalized=REF, captured_at=at, **more)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_stage_begins_only_what_can_be_answered_in_time(stage: str) -> None:
    clock, metrics = StandingClock(), Metrics()
    bus = MemoryBus("test", clock, metrics)
    publishes, subscribe = STAGES[stage]
    begun: list[str] = []

    async def spy(event: Event) -> None:
        begun.append(event.session_id)

    subscribe(bus.router(stage, publishes), spy)
    await bus.start()
    past, later = clock.now() - timedelta(milliseconds=1), clock.now() + timedelta(seconds=9)
    events = [
        event_for(stage, "late", decide_by=past),
        event_for(stage, "in-time", decide_by=later),
        event_for(stage, "no-limit"),
    ]
    for event in events:
        await bus.publish(event, ())
    await bus.drain()
    await bus.stop()
    assert begun == ["in-time", "no-limit"]
    name = f"{stage}:{events[0].topic}"
    assert metrics.stage_outcomes_total.labels(name, "too_late")._value.get() == 1  # pyright: ignore
    assert not [topic for topic in bus.log if topic.endswith(".dlq")]
