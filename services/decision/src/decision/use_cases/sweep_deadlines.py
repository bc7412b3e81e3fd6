"""Decide sessions whose deadline has passed, once everything that came in time has been applied.

The watermark: the ends of all inputs and of the verdict topic are noted at a moment; when the state has applied them,
no answer from before that moment can be outstanding, and deadlines up to it may fire.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from borderlight.errors import Unavailable
from borderlight.runtime.bus.position import Partition
from borderlight.runtime.logs import logger
from decision.domain.catching_up import required_positions
from decision.ports import History, JoinStore, StateBehind
from decision.use_cases.join_session import JoinSession


@dataclass(frozen=True)
class Noted:
    """at_ms: when the ends were asked for [ms since 1970]."""

    at_ms: int
    required: Mapping[Partition, int]


@dataclass
class SweepDeadlines:
    """grace_s: how far the clocks of broker and decision may differ."""

    join: JoinSession
    store: JoinStore
    history: History
    grace_s: float = 1.0
    lease_ms: int = 10_000
    _noted: Noted | None = field(default=None)

    async def __call__(self, count: int = 100) -> int:
        """How many sessions were due; 0 also while inputs are still being read. Raises Unavailable."""
        if self._noted is None:
            at_ms = self.join.now_ms()
            self._noted = Noted(at_ms, required_positions(await self.history.spans()))
        until_ms = self._noted.at_ms - int(self.grace_s * 1000)
        lease_until_ms = self.join.now_ms() + self.lease_ms
        try:
            due = await self.store.claim_due(until_ms, lease_until_ms, count, self._noted.required)
        except StateBehind:
            return 0
        if len(due) < count:
            self._noted = None
        for state in due:
            try:
                await self.join.decide_readable(state, self.join.decide_now)
            except Unavailable:
                raise
            except Exception as error:  # its lease ends and it is tried again; the others of the batch go on
                logger().error("session not decided", session_id=state.session_id, error=repr(error), exc_info=error)
        self.join.metrics.join_pending.set(await self.store.pending())
        return len(due)
