"""The join: one verdict per session, whatever comes in whichever order, twice, late or never."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.clock import StandingClock
from fakes.publisher import KeepingPublisher

import decision
from borderlight.contracts.events import (
    CaptureRejected,
    ComparisonOutcome,
    EntryVerdict,
    Event,
    FaceCompared,
    LivenessAssessed,
    LivenessOutcome,
    ObjectRef,
    SessionCaptured,
)
from borderlight.errors import Unavailable
from borderlight.runtime.metrics import Metrics
from decision.adapters.memory_join_store import MemoryJoinStore
from decision.domain.policy import policy_set
from decision.domain.session_join import Side
from decision.use_cases.join_session import LATEST_TOPIC, JoinSession

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REF = ObjectRef(bucket="b", key="k", sha256="0" * 64, size=1, media_type="video/mp4")
CAPTURED = SessionCaptured(session_id="s", traveller_ref="t", video=REF, capture=REF, captured_at=AT)
LIVE = LivenessAssessed(session_id="s", traveller_ref="t", outcome=LivenessOutcome.BONA_FIDE, score=0.8)
SAME = FaceCompared(session_id="s", traveller_ref="t", outcome=ComparisonOutcome.MATCH, score=0.6, threshold=0.43)
REJECTED = CaptureRejected(session_id="s", traveller_ref="t", reasons=("capture.no_face",), captured_at=AT)
SIDES: dict[type[Event], Side] = {
    SessionCaptured: Side.CAPTURED, LivenessAssessed: Side.LIVENESS, FaceCompared: Side.COMPARISON,
    CaptureRejected: Side.REJECTED,
}  # fmt: skip


class Kit:
    def __init__(self) -> None:
        self.store, self.publisher, self.clock = MemoryJoinStore(), KeepingPublisher(), StandingClock()
        shipped = (Path(decision.__file__).parent / "policy.toml").read_text()
        strict = shipped.replace('id = "default"', 'id = "strict"').replace("max_attempts = 3", "max_attempts = 1")
        policies = policy_set(shipped, [strict])
        self.join = JoinSession(self.store, self.publisher, policies, self.clock, Metrics(), deadline_s=30)

    async def take(self, *events: Event) -> None:
        for event in events:
            await self.join.take(SIDES[type(event)], event)

    def verdicts(self, topic: str = EntryVerdict.topic) -> list[EntryVerdict]:
        return [event for event in self.publisher.on(topic) if isinstance(event, EntryVerdict)]


@pytest.fixture
async def kit() -> Kit:
    kit = Kit()
    await kit.store.set_epoch()
    return kit


@pytest.mark.parametrize("order", list(itertools.permutations([CAPTURED, LIVE, SAME])))
async def test_any_order_gives_the_same_one_verdict(kit: Kit, order: tuple[Event, ...]) -> None:
    await kit.take(*order)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "admit" and verdict.policy_row == "R06-live-and-matching"
    assert kit.verdicts(LATEST_TOPIC) == [verdict]


async def test_redelivery_changes_nothing(kit: Kit) -> None:
    await kit.take(CAPTURED, CAPTURED, LIVE, SAME, SAME, LIVE, CAPTURED)
    assert len(kit.verdicts()) == 1


async def test_the_first_answer_of_a_side_stands(kit: Kit) -> None:
    other = LIVE.model_copy(update={"outcome": LivenessOutcome.ATTACK, "score": 0.1})
    await kit.take(CAPTURED, LIVE, other, SAME)
    assert kit.verdicts()[0].outcome == "admit"


async def test_a_rejected_capture_is_answered_with_advice(kit: Kit) -> None:
    await kit.take(REJECTED, CAPTURED)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "retake" and verdict.advice == ("capture.no_face",)


async def test_a_side_that_never_comes_is_decided_by_the_deadline(kit: Kit) -> None:
    await kit.take(CAPTURED, SAME)
    assert await kit.join.sweep() == 0
    kit.clock.advance(31)
    assert await kit.join.sweep() == 1
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer"
    assert {"liveness.missing", "session.deadline"} <= set(verdict.reasons)
    await kit.take(LIVE)
    kit.clock.advance(60)
    assert await kit.join.sweep() == 0 and len(kit.verdicts()) == 1


async def test_a_verdict_that_could_not_be_published_is_published_later(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE)
    kit.publisher.is_away = True
    with pytest.raises(Unavailable):
        await kit.take(SAME)
    kit.publisher.is_away = False
    kit.clock.advance(31)
    await kit.join.sweep()
    (verdict,) = kit.verdicts()
    assert verdict.decided_at == AT, "the stored verdict is republished, not reached anew"


async def test_a_crash_between_publish_and_mark_repeats_the_same_verdict(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE, SAME)
    (first,) = kit.verdicts()
    state = await kit.store.find("s")
    assert state is not None and state.published
    kit.store._joins["s"] = state.__class__(**{**state.__dict__, "published": False})  # pyright: ignore
    kit.clock.advance(5)
    await kit.take(SAME)
    assert kit.verdicts() == [first, first]


async def test_without_its_memory_the_join_takes_nothing() -> None:
    kit = Kit()
    with pytest.raises(Unavailable):
        await kit.take(CAPTURED)
    assert not kit.verdicts()


async def test_the_last_attempt_is_referred(kit: Kit) -> None:
    tired = CAPTURED.model_copy(update={"attempt": 3, "previous_session_id": "r"})
    unclear = LIVE.model_copy(update={"outcome": LivenessOutcome.INCONCLUSIVE, "advice": ("capture.too_bright",)})
    await kit.take(tired, unclear, SAME)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer" and "session.attempts_used" in verdict.reasons and verdict.advice == ()


@pytest.mark.parametrize(
    ("policy", "outcome", "version"),
    [(None, "retake", "default/"), ("default", "retake", "default/"), ("strict", "refer", "strict/")],
)
async def test_the_session_is_decided_by_the_policy_that_its_agency_chose(
    kit: Kit, policy: str | None, outcome: str, version: str
) -> None:
    await kit.take(CAPTURED.model_copy(update={"policy": policy}), REJECTED)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == outcome and verdict.policy_version.startswith(version)


async def test_a_policy_that_nobody_knows_never_admits(kit: Kit) -> None:
    await kit.take(CAPTURED.model_copy(update={"policy": "gone"}), LIVE, SAME)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer" and "policy.unknown" in verdict.reasons
    assert verdict.policy_version == "gone/unknown"
