"""What the HTTP API is made of, and who may do what with a session."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header, Request

from borderlight.runtime.clock import Clock
from borderlight.runtime.metrics import Metrics
from capture_ingest.domain.agency import AgencyKey, Scope, find_agency
from capture_ingest.domain.session_life import Session
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.entrypoints.rate_limits import RateLimits
from capture_ingest.ports import SessionStore
from capture_ingest.settings import CaptureIngestSettings
from capture_ingest.use_cases.claim_session import ClaimSession
from capture_ingest.use_cases.finish_capture import FinishCapture
from capture_ingest.use_cases.issue_challenge import IssueChallenge
from capture_ingest.use_cases.open_session import OpenSession, token_digest
from capture_ingest.use_cases.receive_part import ReceivePart
from capture_ingest.use_cases.retake_session import RetakeSession
from capture_ingest.use_cases.store_video import StoreVideo

Authorization = Annotated[str | None, Header()]


def bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is(token: str, digest: str | None) -> bool:
    return digest is not None and hmac.compare_digest(token_digest(token), digest)


@dataclass(frozen=True)
class ApiParts:
    """`app.py` wires it."""

    settings: CaptureIngestSettings
    agencies: Mapping[str, AgencyKey]
    limits: RateLimits
    sessions: SessionStore
    clock: Clock
    metrics: Metrics
    open_session: OpenSession
    claim_session: ClaimSession
    retake_session: RetakeSession
    issue_challenge: IssueChallenge
    store_video: StoreVideo
    receive_part: ReceivePart
    finish_capture: FinishCapture

    def agency(self, authorization: str | None, scope: Scope) -> str:
        """Name of the agency; raises Refused."""
        found = find_agency(self.agencies, bearer(authorization))
        if found is None:
            if self.settings.allow_anonymous_agency:
                return "anonymous"
            raise Refused("not-authorized")
        name, key = found
        if scope not in key.scopes:
            raise Refused("scope-missing", f"needs {scope}")
        return name

    async def acting(self, session_id: str, authorization: str | None, request: Request) -> Session:
        """The session, for a traveller who may act on it; raises Refused."""
        await self.limits.count("address", request.client.host if request.client else "")
        await self.limits.count("session", session_id)
        session = await self.sessions.find(session_id)
        if session is None:
            raise Refused("session-unknown")
        token = bearer(authorization)
        if not _is(token, session.token_sha256):
            raise Refused("token-used" if _is(token, session.link_sha256) else "token-refused")
        if session.is_expired(self.clock.now().timestamp()):
            raise Refused("session-expired")
        return session

    async def looking(self, session_id: str, authorization: str | None, request: Request) -> Session:
        """The session, for whoever may read its state: traveller, holder of the link, or agency; raises Refused."""
        await self.limits.count("address", request.client.host if request.client else "")
        session = await self.sessions.find(session_id)
        if session is None:
            raise Refused("session-unknown")
        token = bearer(authorization)
        if not (_is(token, session.token_sha256) or _is(token, session.link_sha256)):
            name = self.agency(authorization, Scope.READ)
            if session.agency not in ("", name):
                raise Refused("session-unknown")
        return session

    async def last_of(self, session: Session) -> Session:
        """Where the journey stands: the session that the retakes led to."""
        for _ in range(session.max_attempts):
            if session.next_session_id is None:
                return session
            following = await self.sessions.find(session.next_session_id)
            if following is None:
                return session
            session = following
        return session
