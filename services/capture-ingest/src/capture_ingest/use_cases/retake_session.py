"""A further capture of the same journey: after an interruption, or when the verdict was `retake`. Bounded."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from capture_ingest.domain.session_life import Session, State, Step, states_before
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.open_session import OpenedSession, OpenSession, SessionSpec


class RetakeRefusal(StrEnum):
    NOT_POSSIBLE = "retake-not-possible"
    EXHAUSTED = "attempts-exhausted"


@dataclass(frozen=True)
class RetakeSession:
    sessions: SessionStore
    open_session: OpenSession

    async def __call__(self, session: Session, calm: bool | None = None) -> OpenedSession | RetakeRefusal:
        """The next session with its token. calm: None keeps the session's own light.

        A session goes on once: of two requests one gets the new session.
        """
        if session.state not in states_before(Step.RETAKEN):
            return RetakeRefusal.NOT_POSSIBLE
        if session.state is State.DECIDED and session.outcome != "retake":
            return RetakeRefusal.NOT_POSSIBLE
        if session.attempt >= session.max_attempts:
            return RetakeRefusal.EXHAUSTED
        next_id = secrets.token_urlsafe(16)
        taken = await self.sessions.take(session.session_id, Step.RETAKEN, {"next_session_id": next_id})
        if taken is None:
            return RetakeRefusal.NOT_POSSIBLE
        spec = SessionSpec(
            traveller_ref=session.traveller_ref,
            calm=session.calm if calm is None else calm,
            agency=session.agency,
            max_attempts=session.max_attempts,
            page=session.page,
            policy=session.policy,
        )
        return await self.open_session(spec, previous_session_id=session.session_id, session_id=next_id)
