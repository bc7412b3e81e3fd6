"""The capture page takes a session over: the link's token becomes read-only, a new token can act."""

import secrets
from dataclasses import dataclass

from capture_ingest.domain.session_life import Session, Step
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.open_session import OpenedSession, token_digest


@dataclass(frozen=True)
class AlreadyClaimed:
    """Somebody has claimed the session before."""


@dataclass(frozen=True)
class ClaimSession:
    sessions: SessionStore

    async def __call__(self, session: Session) -> OpenedSession | AlreadyClaimed:
        """The session with its new token."""
        token = secrets.token_urlsafe(32)
        changes = {"token_sha256": token_digest(token), "link_sha256": session.token_sha256}
        taken = await self.sessions.take(session.session_id, Step.CLAIMED, changes)
        return AlreadyClaimed() if taken is None else OpenedSession(taken, token)
