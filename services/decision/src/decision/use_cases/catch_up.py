"""Bring the state back to what was read: after a failover, a crash or a flush of the store.

The verdict topic is read first: it is the changelog of what was already said, so no session is decided twice. Then
the inputs are read again from where the state really stands, in batches. Nothing depends on the lease but effort: a
batch is applied only when the state holds everything before it, and applying one twice changes nothing.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from borderlight.contracts.events import Contract, EntryVerdict
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.port import parse_event
from borderlight.runtime.bus.position import Partition
from borderlight.runtime.logs import logger
from decision.domain.catching_up import Span, partitions_behind, restart_offset
from decision.domain.session_join import Side
from decision.ports import History, Input, JoinStore, PastRecord, Replay, StateBehind
from decision.use_cases.join_session import SIDES, JoinSession, input_of

_SIDE_OF = {contract.topic: side for side, contract in SIDES.items()}
_DECIDE_AT_ONCE = 100


def _parsed(contract: type[Contract], record: PastRecord) -> Contract | None:
    try:
        return parse_event(contract, record.value)
    except InvalidMessage:
        return None  # its dead letter was made when it was first read


@dataclass
class CatchUp:
    """window_s: how long before the last input that was handled a session can have been undecided, when the store
    knows nothing at all."""

    store: JoinStore
    history: History
    join: JoinSession
    window_s: float = 3_600.0
    lease_ms: int = 30_000
    _holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _renewed_ms: float = 0.0

    async def __call__(self, gap: StateBehind | None = None) -> bool:
        """Whether the state holds everything that was read; False while another process catches up. Raises
        Unavailable. gap: what a live consumer met."""
        async with self._one:
            # In this order: everything committed was stored before, everything stored was on the topic before.
            committed = await self.history.committed()
            stored = await self.store.positions()
            spans = await self.history.spans()
            if gap is not None:
                committed[gap.partition] = max(gap.needed, committed.get(gap.partition, 0))
            behind = partitions_behind(stored, committed, spans)
            if not behind:
                return True
            if not await self.store.claim_catch_up(self._holder, self.lease_ms):
                return False
            try:
                await self._catch_up(behind, stored, committed, spans)
            finally:
                await self.store.end_catch_up(self._holder)
            return True

    async def _catch_up(
        self,
        behind: set[Partition],
        stored: Mapping[Partition, int],
        committed: Mapping[Partition, int],
        spans: Mapping[Partition, Span],
    ) -> None:
        starts = await self._restart(behind, stored, committed, spans)
        verdicts = {
            p: (starts.get(p, stored.get(p, 0)), s.end) for p, s in spans.items() if p.topic == EntryVerdict.topic
        }
        inputs = {p: (starts[p], spans[p].end) for p in behind if p.topic != EntryVerdict.topic}
        said = await self._replay_verdicts(verdicts)
        waiting, count = await self._replay_inputs(inputs, said)
        await self._decide(sorted(waiting))
        self.join.metrics.join_catch_ups_total.inc()
        logger().info("join caught up", partitions=len(behind), records=count + len(said), waiting=len(waiting))

    async def _restart(
        self,
        behind: set[Partition],
        stored: Mapping[Partition, int],
        committed: Mapping[Partition, int],
        spans: Mapping[Partition, Span],
    ) -> dict[Partition, int]:
        """Where to begin in each partition that is behind; the state is told."""
        since: Mapping[Partition, int] = {}
        if not stored:
            last_ms = await self.history.last_handled_ms()
            if last_ms is not None:
                since = await self.history.offsets_since(last_ms - int(self.window_s * 1000))
        starts: dict[Partition, int] = {}
        for partition in behind:
            # Of verdicts only the window is needed, and no commit says how far back that is.
            whole = bool(since) and partition.topic == EntryVerdict.topic
            commit = spans[partition].end if whole else committed.get(partition)
            starts[partition] = restart_offset(stored.get(partition), commit, since.get(partition), spans[partition])
        await self.store.set_positions({p: at for p, at in starts.items() if stored.get(p) != at})
        return starts

    async def _apply(self, batch: Replay) -> None:
        if not await self.store.replay(batch):
            raise Unavailable("the state has lost something again")
        now_ms = self.join.clock.monotonic_ms()
        if now_ms - self._renewed_ms > self.lease_ms / 4:
            self._renewed_ms = now_ms
            if not await self.store.claim_catch_up(self._holder, self.lease_ms):
                raise Unavailable("another process catches up")

    async def _replay_verdicts(self, ranges: Mapping[Partition, tuple[int, int]]) -> set[str]:
        said: set[str] = set()
        at = {partition: start for partition, (start, _) in ranges.items()}
        async with aclosing(self.history.read(ranges)) as batches:
            async for partition, records, following in batches:
                parsed = (_parsed(EntryVerdict, record) for record in records)
                names = [verdict.session_id for verdict in parsed if isinstance(verdict, EntryVerdict)]
                await self._apply(Replay(partition, at[partition], following, said=names))
                at[partition] = following
                said.update(names)
        return said

    async def _replay_inputs(self, ranges: Mapping[Partition, tuple[int, int]], said: set[str]) -> tuple[set[str], int]:
        """(sessions that were not decided, records read)."""
        waiting: set[str] = set()
        count = 0
        at = {partition: start for partition, (start, _) in ranges.items()}
        async with aclosing(self.history.read(ranges)) as batches:
            async for partition, records, following in batches:
                inputs = [given for given in self._inputs(partition, records) if given.session_id not in said]
                await self._apply(Replay(partition, at[partition], following, inputs))
                at[partition] = following
                waiting.update(given.session_id for given in inputs)
                count += len(records)
        return waiting, count

    def _inputs(self, partition: Partition, records: Sequence[PastRecord]) -> list[Input]:
        side: Side = _SIDE_OF[partition.topic]
        found: list[Input] = []
        for record in records:
            event = _parsed(SIDES[side], record)
            if event is not None:
                found.append(input_of(side, event, record.timestamp_ms, self.join.deadline_s))  # type: ignore[arg-type]
        return found

    async def _decide(self, session_ids: Sequence[str]) -> None:
        for begin in range(0, len(session_ids), _DECIDE_AT_ONCE):
            states = await self.store.find(session_ids[begin : begin + _DECIDE_AT_ONCE])
            decide = self.join.decide_if_complete
            await asyncio.gather(*(self.join.decide_readable(state, decide) for state in states))
