"""The join: one verdict per session, whatever comes in whichever order, twice, late or never."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
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
from borderlight.runtime.bus.port import Record
from borderlight.runtime.bus.position import RecordPosition
from borderlight.runtime.metrics import Metrics
from decision.adapters.memory_history import MemoryHistory
from decision.adapters.memory_join_store import MemoryJoinStore
from decision.app import TOPICS
from decision.domain.policy import PolicySet, policy_set
from decision.domain.session_join import Side, Stored
from decision.use_cases.catch_up import CatchUp
from decision.use_cases.join_session import LATEST_TOPIC, SIDES, JoinSession
from decision.use_cases.sweep_deadlines import SweepDeadlines

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REF = ObjectRef(bucket="b", key="k", sha256="0" * 64, size=1, media_type="video/mp4")
CAPTURED = SessionCaptured(session_id="s", traveller_ref="t", video=REF, capture=REF, captured_at=AT)
DIGEST = CAPTURED.digest
LIVE = LivenessAssessed(
    session_id="s", traveller_ref="t", outcome=LivenessOutcome.BONA_FIDE, score=0.8, capture_digest=DIGEST
)
SAME = FaceCompared(
    session_id="s", traveller_ref="t", outcome=ComparisonOutcome.MATCH, score=0.6, threshold=0.43,
    capture_digest=DIGEST,
)  # fmt: skip
REJECTED = CaptureRejected(
    session_id="s", traveller_ref="t", reasons=("capture.no_face",), captured_at=AT, capture_digest=DIGEST
)
SIDE_OF = {contract: side for side, contract in SIDES.items()}


@cache
def policies() -> PolicySet:
    shipped = (Path(decision.__file__).parent / "policy.toml").read_text()
    strict = shipped.replace('id = "default"', 'id = "strict"').replace("max_attempts = 3", "max_attempts = 1")
    return policy_set(shipped, [strict])


class Kit:
    """A log of topics that the join reads record by record, as a consumer would; `unread` ones stay in the log."""

    def __init__(self) -> None:
        self.store, self.publisher, self.clock = MemoryJoinStore(), KeepingPublisher(), StandingClock()
        self.log: dict[str, list[Record]] = {}
        self.join = JoinSession(self.store, self.publisher, policies(), self.clock, Metrics(), deadline_s=30)
        history = MemoryHistory(lambda: self.log, TOPICS)
        self.catch_up = CatchUp(self.store, history, self.join)
        self.sweep = SweepDeadlines(self.join, self.store, history, grace_s=0)

    def append(self, event: Event) -> RecordPosition:
        records = self.log.setdefault(event.topic, [])
        stamp = int(self.clock.now().timestamp() * 1000)
        records.append(Record(event.topic, 0, len(records), b"s", event.model_dump_json().encode(), {}, stamp))
        return records[-1].position

    async def take(self, *events: Event) -> None:
        for event in events:
            await self.join.take(SIDE_OF[type(event)], event, self.append(event))

    async def hear(self) -> None:
        """The verdict topic as far as it was published."""
        heard = len(self.log.get(EntryVerdict.topic, ()))
        for verdict in self.verdicts()[heard:]:
            await self.join.hear(verdict, self.append(verdict))

    def verdicts(self, topic: str = EntryVerdict.topic) -> list[EntryVerdict]:
        return [event for event in self.publisher.on(topic) if isinstance(event, EntryVerdict)]


@pytest.fixture
async def kit() -> Kit:
    kit = Kit()
    assert await kit.catch_up()
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


async def test_a_film_that_was_not_committed_is_referred_and_never_taken_again(kit: Kit) -> None:
    await kit.take(REJECTED.model_copy(update={"reasons": ("capture.not_as_committed",)}), CAPTURED)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer" and verdict.advice == ()
    assert "capture.not_as_committed" in verdict.reasons


async def test_a_side_that_never_comes_is_decided_by_the_deadline(kit: Kit) -> None:
    await kit.take(CAPTURED, SAME)
    assert await kit.sweep() == 0
    kit.clock.advance(31)
    assert await kit.sweep() == 1
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer"
    assert {"liveness.missing", "session.deadline"} <= set(verdict.reasons)
    assert verdict.decided_at == AT + timedelta(seconds=30)
    await kit.take(LIVE)
    kit.clock.advance(60)
    await kit.hear()
    assert await kit.sweep() == 0 and len(kit.verdicts()) == 1


async def test_an_answer_after_the_deadline_never_counts_however_late_it_is_swept(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE)
    kit.clock.advance(31)
    await kit.take(SAME)
    assert kit.verdicts() == []
    assert await kit.sweep() == 1
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer" and {"comparison.missing", "session.deadline"} <= set(verdict.reasons)


async def test_the_event_says_until_when_answers_count(kit: Kit) -> None:
    await kit.take(CAPTURED.model_copy(update={"decide_by": AT + timedelta(seconds=90)}), LIVE)
    kit.clock.advance(89)
    assert await kit.sweep() == 0
    await kit.take(SAME)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "admit"


async def test_no_deadline_fires_before_the_answers_of_its_time_are_read(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE)
    position = kit.append(SAME)  # on its topic in time, and the consumer is slow
    kit.clock.advance(3_600)
    assert await kit.sweep() == 0 and kit.verdicts() == []
    await kit.join.take(Side.COMPARISON, SAME, position)
    assert kit.verdicts()[0].outcome == "admit"
    await kit.hear()
    assert await kit.sweep() == 0 and len(kit.verdicts()) == 1


async def test_a_verdict_that_could_not_be_published_is_published_later(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE)
    kit.publisher.is_away = True
    with pytest.raises(Unavailable):
        await kit.take(SAME)
    kit.publisher.is_away = False
    kit.clock.advance(31)
    await kit.sweep()
    (verdict,) = kit.verdicts()
    assert verdict.decided_at == AT, "the stored verdict is republished, not reached anew"


async def test_a_crash_between_publish_and_mark_repeats_the_same_verdict(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kit.take(CAPTURED, LIVE)

    async def crash(_: str) -> None:
        raise Unavailable("killed")

    with monkeypatch.context() as patch:
        patch.setattr(kit.store, "mark_published", crash)
        with pytest.raises(Unavailable):
            await kit.take(SAME)
    (first,) = kit.verdicts()
    kit.clock.advance(5)
    await kit.join.take(Side.COMPARISON, SAME, kit.log[SAME.topic][-1].position)
    assert kit.verdicts() == [first, first]


async def test_a_state_that_knows_nothing_takes_nothing_until_it_has_caught_up() -> None:
    kit = Kit()
    with pytest.raises(Unavailable):
        await kit.take(CAPTURED)
    assert not kit.verdicts()
    assert await kit.catch_up()
    await kit.take(LIVE, SAME)
    assert len(kit.verdicts()) == 1


async def test_a_lost_state_is_read_again_and_says_the_same(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE, SAME)
    await kit.hear()
    kit.store.forget_all()
    kit.clock.advance(4_000)
    assert await kit.catch_up()
    assert await kit.sweep() == 0 and len(kit.verdicts()) == 1


async def test_without_the_log_of_verdicts_the_same_verdict_would_be_reached_again(kit: Kit) -> None:
    """Nothing in a verdict depends on when it was reached, so even then nothing would contradict."""
    await kit.take(CAPTURED, LIVE, SAME)
    kit.store.forget_all()
    kit.clock.advance(4_000)
    assert await kit.catch_up()
    first, second = kit.verdicts()
    assert first == second


@pytest.mark.parametrize("wrong", ["capture_digest", "traveller_ref", "no digest"])
@pytest.mark.parametrize("answer", [LIVE, SAME, REJECTED])
async def test_an_answer_about_another_capture_is_refused(kit: Kit, answer: Event, wrong: str) -> None:
    change = {"capture_digest": "f" * 64} if wrong == "capture_digest" else {"traveller_ref": "another"}
    other = answer.model_copy(update={"capture_digest": None} if wrong == "no digest" else change)
    good = [one for one in (LIVE, SAME) if one.topic != answer.topic and answer is not REJECTED]
    await kit.take(CAPTURED, *good, other)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer" and "input.digest_mismatch" in verdict.reasons
    assert verdict.traveller_ref == "t"


async def test_one_unreadable_session_troubles_no_other(kit: Kit) -> None:
    bystanders = [CAPTURED.model_copy(update={"session_id": f"b{n}"}) for n in range(5)]
    await kit.take(*bystanders[:2], CAPTURED, *bystanders[2:])
    state = kit.store._joins["s"]  # pyright: ignore[reportPrivateUsage]
    kit.store._joins["s"] = replace(state, captured=Stored("not JSON", 0))  # pyright: ignore[reportPrivateUsage]
    kit.clock.advance(31)
    assert await kit.sweep() == 6
    assert {verdict.session_id for verdict in kit.verdicts()} == {f"b{n}" for n in range(5)}
    await kit.hear()
    kit.clock.advance(60)
    assert await kit.sweep() == 0, "it is not met again"


async def test_an_unreadable_answer_is_referred_with_its_own_reason(kit: Kit) -> None:
    await kit.take(CAPTURED, LIVE)
    state = kit.store._joins["s"]  # pyright: ignore[reportPrivateUsage]
    old = replace(state, liveness=Stored("{}", state.captured.at_ms if state.captured else 0))
    kit.store._joins["s"] = old  # pyright: ignore[reportPrivateUsage]
    await kit.take(SAME)
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "refer" and "input.version_unknown" in verdict.reasons


async def test_a_capture_that_was_rejected_and_judged_counts_as_what_came_first(kit: Kit) -> None:
    kit.append(CAPTURED)
    kit.clock.advance(1)
    kit.append(REJECTED)
    kit.clock.advance(1)
    kit.append(LIVE)
    kit.append(SAME)
    kit.store.forget_all()
    assert await kit.catch_up()
    (verdict,) = kit.verdicts()
    assert verdict.outcome == "retake"


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
