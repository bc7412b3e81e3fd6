"""Join the sides of a session and let exactly one verdict out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from borderlight.contracts.events import (
    CaptureRejected,
    EntryVerdict,
    Event,
    FaceCompared,
    LivenessAssessed,
    SessionCaptured,
)
from borderlight.errors import Unavailable
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.bus.position import RecordPosition
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics
from decision.domain.policy import PolicySet
from decision.domain.session_join import JoinState, Side, Stored
from decision.ports import Input, JoinStore, StateBehind
from decision.use_cases.known_session import KnownSession, SessionUnreadable, deadline_of
from decision.use_cases.reach_verdict import reach_verdict

LATEST_TOPIC = "entry.verdict.latest.v1"
SIDES: dict[Side, type[Event]] = {
    Side.CAPTURED: SessionCaptured,
    Side.REJECTED: CaptureRejected,
    Side.LIVENESS: LivenessAssessed,
    Side.COMPARISON: FaceCompared,
}
NEVER_NEEDED = {"evidence", "cpu_ms", "probe_frames"}
"""Fields that no verdict uses: the join does not store them."""
ResultT = TypeVar("ResultT")
CatchUp = Callable[[StateBehind], Awaitable[None]]


def input_of(side: Side, event: Event, at_ms: int, deadline_s: float) -> Input:
    """The side as the join stores it."""
    deadline = deadline_of(event, at_ms, deadline_s) if isinstance(event, SessionCaptured) else None
    return Input(event.session_id, side, Stored(event.model_dump_json(exclude=NEVER_NEEDED), at_ms), deadline)


@dataclass
class JoinSession:
    """catch_up is asked when the state turns out to lack earlier records."""

    store: JoinStore
    publisher: EventPublisher
    policies: PolicySet
    clock: Clock
    metrics: Metrics
    deadline_s: float = 30.0
    catch_up: CatchUp | None = None

    def now_ms(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    async def take(self, side: Side, event: Event, position: RecordPosition) -> None:
        """Take one side; publishes the verdict when it completes the session. Raises Unavailable."""
        given = input_of(side, event, position.timestamp_ms, self.deadline_s)
        state = await self._once_caught_up(lambda: self.store.put(given, position))
        if state.published:
            self.metrics.late_sides_total.labels(side.value).inc()
        elif state.verdict is not None:
            await self._publish(state.session_id, state.verdict)
        else:
            await self.decide_if_complete(state)

    async def hear(self, verdict: EntryVerdict, position: RecordPosition) -> None:
        """A verdict is on its topic: whatever the state says, this session is decided. Raises Unavailable."""
        await self._once_caught_up(lambda: self.store.say(verdict.session_id, position))

    async def _once_caught_up(self, write: Callable[[], Awaitable[ResultT]]) -> ResultT:
        try:
            return await write()
        except StateBehind as gap:
            self.metrics.join_gaps_total.labels(gap.partition.topic).inc()
            if self.catch_up is None:
                raise Unavailable(str(gap)) from gap
            await self.catch_up(gap)
        try:
            return await write()
        except StateBehind as gap:
            raise Unavailable(str(gap)) from gap

    async def decide_if_complete(self, state: JoinState) -> bool:
        """Decide when nothing more is to be waited for; whether it was."""
        known = self._known(state) if state.may_be_complete() else None
        if known is None or known.complete_ms is None:
            return False
        await self._decide(known)
        return True

    async def decide_now(self, state: JoinState) -> None:
        """The deadline has passed, and everything that came in time is in `state`. Raises Unavailable."""
        if state.verdict is not None:
            await self._publish(state.session_id, state.verdict)
            return
        known = self._known(state)
        if known is None:  # its capture event is not on its topic, or the session is decided
            await self.store.forget(state.session_id)
            return
        if not known.is_rejected:
            for side, answer in ((Side.LIVENESS, known.liveness), (Side.COMPARISON, known.comparison)):
                if not answer.came:
                    self.metrics.verdict_timeouts_total.labels(side.value).inc()
        await self._decide(known)

    def _known(self, state: JoinState) -> KnownSession | None:
        return KnownSession.of(state, self.deadline_s)

    async def _decide(self, known: KnownSession) -> None:
        verdict = reach_verdict(known, self.policies.chosen(known.captured.policy))
        standing = await self.store.store_verdict(verdict.session_id, verdict.model_dump_json())
        if standing is not None:
            await self._publish(verdict.session_id, standing)

    async def _publish(self, session_id: str, text: str) -> None:
        verdict = EntryVerdict.model_validate_json(text)
        identity = (verdict.policy_version,)
        await self.publisher.publish(verdict, identity)
        await self.publisher.publish(verdict, identity, LATEST_TOPIC)
        await self.store.mark_published(session_id)
        self.metrics.verdicts_total.labels(verdict.outcome.value).inc()
        seconds = (self.clock.now() - verdict.captured_at).total_seconds()
        self.metrics.verdict_latency_seconds.labels(verdict.outcome.value).observe(max(0.0, seconds))
        logger().info("verdict", session_id=verdict.session_id, outcome=verdict.outcome.value)

    async def decide_readable(self, state: JoinState, decide: Callable[[JoinState], Awaitable[object]]) -> None:
        """Run `decide`; a session that cannot be read is set aside and troubles no other one."""
        try:
            await decide(state)
        except SessionUnreadable as error:
            await self.store.set_aside(state.session_id)
            self.metrics.join_set_aside_total.inc()
            logger().error("session set aside", session_id=state.session_id, error=str(error))
