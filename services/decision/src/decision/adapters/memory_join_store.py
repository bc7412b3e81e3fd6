"""The join in this process: for the embedded mode and tests."""

from dataclasses import replace

from borderlight.errors import Unavailable
from decision.domain.session_join import JoinState, Side


class MemoryJoinStore:
    """Dictionaries; atomic because nothing awaits inside."""

    def __init__(self) -> None:
        self._joins: dict[str, JoinState] = {}
        self._deadlines: dict[str, int] = {}
        self._epoch = False
        self._rebuilding = False

    def forget(self) -> None:
        """Lose everything, as a flushed server would."""
        self._joins.clear()
        self._deadlines.clear()
        self._epoch = False
        self._rebuilding = False

    async def put(
        self, session_id: str, side: Side, event: str, deadline_ms: int, rebuilding: bool = False
    ) -> JoinState:
        if not self._epoch and not rebuilding:
            raise Unavailable("the join is being rebuilt")
        state = self._joins.get(session_id, JoinState(session_id))
        if getattr(state, side.value) is None and state.verdict is None:
            state = replace(state, **{side.value: event})
        self._joins[session_id] = state
        if not state.published:
            self._deadlines.setdefault(session_id, deadline_ms)
        return state

    async def find(self, session_id: str) -> JoinState | None:
        return self._joins.get(session_id)

    async def store_verdict(self, session_id: str, verdict: str) -> str:
        state = self._joins.get(session_id, JoinState(session_id))
        if state.verdict is None:
            state = replace(state, verdict=verdict)
            self._joins[session_id] = state
        assert state.verdict is not None
        return state.verdict

    async def mark_published(self, session_id: str) -> None:
        state = self._joins.get(session_id)
        if state is not None:
            self._joins[session_id] = replace(state, published=True)
        self._deadlines.pop(session_id, None)

    async def claim_due(self, now_ms: int, lease_ms: int, count: int) -> list[str]:
        due = sorted((at, sid) for sid, at in self._deadlines.items() if at <= now_ms)[:count]
        for _, session_id in due:
            self._deadlines[session_id] = now_ms + lease_ms
        return [session_id for _, session_id in due]

    async def has_epoch(self) -> bool:
        return self._epoch

    async def set_epoch(self) -> None:
        self._epoch = True
        self._rebuilding = False

    async def claim_rebuild(self, lease_ms: int) -> bool:
        claimed, self._rebuilding = not self._rebuilding, True
        return claimed

    async def pending(self) -> int:
        return len(self._deadlines)
