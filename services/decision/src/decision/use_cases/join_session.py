"""Join the sides of a session and let exactly one verdict out."""

from dataclasses import dataclass
from typing import Any

from borderlight.contracts.events import (
    CaptureRejected,
    EntryVerdict,
    Event,
    FaceCompared,
    LivenessAssessed,
    SessionCaptured,
)
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics
from decision.domain.policy import PolicySet
from decision.domain.session_join import JoinState, Side
from decision.ports import JoinStore
from decision.use_cases.reach_verdict import Known, reach_verdict

LATEST_TOPIC = "entry.verdict.latest.v1"
SIDES: dict[Side, type[Event]] = {
    Side.CAPTURED: SessionCaptured,
    Side.REJECTED: CaptureRejected,
    Side.LIVENESS: LivenessAssessed,
    Side.COMPARISON: FaceCompared,
}


@dataclass(frozen=True)
class JoinSession:
    store: JoinStore
    publisher: EventPublisher
    policies: PolicySet
    clock: Clock
    metrics: Metrics
    deadline_s: float = 30.0

    def now_ms(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    async def take(self, side: Side, event: Any, rebuilding: bool = False) -> None:
        """Take one side; publishes the verdict when it completes the session. Raises Unavailable."""
        deadline_ms = self.now_ms() + int(self.deadline_s * 1000)
        text = event.model_dump_json()
        state = await self.store.put(event.session_id, side, text, deadline_ms, rebuilding)
        if state.verdict is not None:
            if getattr(state, side.value) is None:
                self.metrics.late_sides_total.labels(side.value).inc()
                logger().info("late side", session_id=event.session_id, side=side.value)
            if not state.published:
                await self._publish(state, state.verdict)
        elif state.is_complete():
            await self.decide(state)

    async def decide(self, state: JoinState) -> None:
        """Reach, store and publish the verdict of `state`; whichever was stored first stands."""
        known = Known.of(state)
        if known is None:
            return  # its capture event is still on the way: the deadline is renewed by the lease
        verdict = reach_verdict(known, self.policies.chosen(known.captured.policy), self.clock.now())
        await self._publish(state, await self.store.store_verdict(state.session_id, verdict.model_dump_json()))

    async def _publish(self, state: JoinState, text: str) -> None:
        verdict = EntryVerdict.model_validate_json(text)
        identity = (verdict.policy_version,)
        await self.publisher.publish(verdict, identity)
        await self.publisher.publish(verdict, identity, LATEST_TOPIC)
        await self.store.mark_published(state.session_id)
        self.metrics.verdicts_total.labels(verdict.outcome.value).inc()
        seconds = (verdict.decided_at - verdict.captured_at).total_seconds()
        self.metrics.verdict_latency_seconds.labels(verdict.outcome.value).observe(max(0.0, seconds))
        logger().info("verdict", session_id=verdict.session_id, outcome=verdict.outcome.value)

    async def sweep(self, count: int = 100, lease_ms: int = 10_000) -> int:
        """Decide sessions whose deadline has passed; how many there were."""
        due = await self.store.claim_due(self.now_ms(), lease_ms, count)
        for session_id in due:
            state = await self.store.find(session_id)
            if state is None:
                await self.store.mark_published(session_id)  # its record expired: nothing is left to decide
            elif state.verdict is not None:
                await self._publish(state, state.verdict)
            else:
                for side in (Side.LIVENESS, Side.COMPARISON):
                    if getattr(state, side.value) is None:
                        self.metrics.verdict_timeouts_total.labels(side.value).inc()
                await self.decide(state)
        self.metrics.join_pending.set(await self.store.pending())
        return len(due)
