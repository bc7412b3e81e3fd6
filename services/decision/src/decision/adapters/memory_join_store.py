"""The join in this process: for the embedded mode and tests. Atomic because nothing awaits inside."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from borderlight.runtime.bus.position import Partition, RecordPosition
from decision.domain.session_join import JoinState
from decision.ports import Input, Replay, StateBehind


class MemoryJoinStore:
    """The JoinStore port over dictionaries."""

    def __init__(self) -> None:
        self._joins: dict[str, JoinState] = {}
        self._deadlines: dict[str, int] = {}
        self._positions: dict[Partition, int] = {}
        self._catching_up: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def forget_all(self) -> None:
        """Lose everything, as a flushed server would."""
        self._joins.clear()
        self._deadlines.clear()
        self._positions.clear()
        self._catching_up = None

    def _state(self, session_id: str) -> JoinState:
        return self._joins.get(session_id, JoinState(session_id))

    def _set_side(self, given: Input) -> JoinState:
        state = self._state(given.session_id)
        if not state.published and state.verdict is None:
            if getattr(state, given.side.value) is None:
                state = replace(state, **{given.side.value: given.stored})
            self._joins[given.session_id] = state
            if given.deadline_ms is not None:
                self._deadlines.setdefault(given.session_id, given.deadline_ms)
        return state

    def _say(self, session_id: str) -> None:
        self._joins[session_id] = JoinState(session_id, published=True)
        self._deadlines.pop(session_id, None)

    def _is_new(self, position: RecordPosition) -> bool:
        held = self._positions.get(position.in_partition, -1)
        if position.offset > held:
            raise StateBehind(position.in_partition, position.offset)
        if position.offset == held:
            self._positions[position.in_partition] = held + 1
        return position.offset == held

    async def put(self, given: Input, position: RecordPosition) -> JoinState:
        return self._set_side(given) if self._is_new(position) else self._state(given.session_id)

    async def say(self, session_id: str, position: RecordPosition) -> None:
        self._is_new(position)
        self._say(session_id)

    async def replay(self, batch: Replay) -> bool:
        held = self._positions.get(batch.partition, -1)
        if held < batch.start:
            return False
        for session_id in batch.said:
            self._say(session_id)
        for given in batch.inputs:
            self._set_side(given)
        self._positions[batch.partition] = max(held, batch.next)
        return True

    async def positions(self) -> dict[Partition, int]:
        return dict(self._positions)

    async def set_positions(self, positions: Mapping[Partition, int]) -> None:
        self._positions.update(positions)

    async def find(self, session_ids: Sequence[str]) -> list[JoinState]:
        return [self._state(session_id) for session_id in session_ids]

    async def store_verdict(self, session_id: str, verdict: str) -> str | None:
        state = self._state(session_id)
        if state.published:
            return None
        state = state if state.verdict is not None else replace(state, verdict=verdict)
        self._joins[session_id] = state
        return state.verdict

    async def mark_published(self, session_id: str) -> None:
        self._say(session_id)

    async def claim_due(
        self, until_ms: int, lease_until_ms: int, count: int, required: Mapping[Partition, int]
    ) -> list[JoinState]:
        for partition, offset in required.items():
            if self._positions.get(partition, -1) < offset:
                raise StateBehind(partition, offset)
        due = sorted((at, sid) for sid, at in self._deadlines.items() if at <= until_ms)[:count]
        for _, session_id in due:
            self._deadlines[session_id] = lease_until_ms
        return [self._state(session_id) for _, session_id in due]

    async def set_aside(self, session_id: str) -> None:
        self._deadlines.pop(session_id, None)

    async def forget(self, session_id: str) -> None:
        self._deadlines.pop(session_id, None)

    async def claim_catch_up(self, holder: str, lease_ms: int) -> bool:
        free = self._catching_up in (None, holder)
        self._catching_up = holder if free else self._catching_up
        return free

    async def end_catch_up(self, holder: str) -> None:
        if self._catching_up == holder:
            self._catching_up = None

    async def pending(self) -> int:
        return len(self._deadlines)
