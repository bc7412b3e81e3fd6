"""The capture page takes a session over: the link's token may from now on only look, a new one acts."""

import secrets
from dataclasses import dataclass

from capture_ingest.domain.session_life import Session, Step
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.open_session import OpenedSession, token_digest


@dataclass(frozen=True)
class ClaimSession:
    sessions: SessionStore

    async def __call__(self, session: Session) -> OpenedSession | None:
        """The session with its new token; None when somebody has claimed it before."""
        token = secrets.token_urlsafe(32)
        changes = {"token_sha256": token_digest(token), "link_sha256": session.token_sha256}
        taken = await self.sessions.take(session.session_id, Step.CLAIMED, changes)
        return None if taken is None else OpenedSession(taken, token)
