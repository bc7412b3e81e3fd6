"""Sessions in this process: for the embedded mode and tests."""

from collections.abc import Mapping
from typing import Any

from capture_ingest.domain.session_life import Session, Step, after


class MemorySessionStore:
    """A dictionary; steps are atomic because nothing awaits inside them."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    async def create(self, session: Session, keep_s: int) -> None:
        self._sessions[session.session_id] = session

    async def find(self, session_id: str) -> Session | None:
        return self._sessions.get(session_id)

    def all(self) -> list[Session]:
        """Every session of this process."""
        return list(self._sessions.values())

    async def take(
        self, session_id: str, step: Step, changes: dict[str, Any], expecting: Mapping[str, Any] | None = None
    ) -> Session | None:
        session = self._sessions.get(session_id)
        if session is None:
            return None
        following = after(session, step, changes, expecting or {})
        if following is not None:
            self._sessions[session_id] = following
        return following
