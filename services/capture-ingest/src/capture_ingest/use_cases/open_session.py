"""Open a session for a traveller: an id, a one-time token, a short life."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from borderlight.runtime.clock import Clock
from capture_ingest.domain.session_life import Session, State
from capture_ingest.ports import SessionStore


@dataclass(frozen=True)
class SessionSpec:
    """What a session is opened for; a retake keeps it.

    calm: slow light without flashes; agency: whose session it is; page: what the capture page is told (language,
    return_url); policy: whose rules decide, None is the default.
    """

    traveller_ref: str
    calm: bool = False
    agency: str = ""
    max_attempts: int = 3
    page: dict[str, Any] | None = None
    policy: str | None = None


@dataclass(frozen=True)
class OpenedSession:
    """The session and its token, which is told once and never stored."""

    session: Session
    token: str


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class OpenSession:
    sessions: SessionStore
    clock: Clock
    life_s: int = 900
    keep_s: int = 86_400

    async def __call__(
        self, spec: SessionSpec, previous_session_id: str | None = None, session_id: str | None = None
    ) -> OpenedSession:
        """Create it; a session that names a previous one counts as the next attempt of the same journey."""
        attempt = 1
        if previous_session_id is not None:
            previous = await self.sessions.find(previous_session_id)
            attempt = 1 if previous is None else previous.attempt + 1
        token = secrets.token_urlsafe(32)
        session = Session(
            session_id=session_id or secrets.token_urlsafe(16),
            traveller_ref=spec.traveller_ref,
            state=State.OPENED,
            token_sha256=token_digest(token),
            expires_at_s=self.clock.now().timestamp() + self.life_s,
            attempt=attempt,
            previous_session_id=previous_session_id,
            calm=spec.calm,
            max_attempts=spec.max_attempts,
            agency=spec.agency,
            page=spec.page,
            policy=spec.policy,
        )
        await self.sessions.create(session, self.keep_s)
        return OpenedSession(session, token)
