"""Who may do what: agencies by key and scope, travellers by the token of their session."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from borderlight.runtime.clock import Clock
from capture_ingest.domain.agency import AgencyKey, Scope, find_agency
from capture_ingest.domain.session_life import Session
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.entrypoints.rate_limits import RateLimits
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.open_session import token_digest


@dataclass(frozen=True)
class Caller:
    """token: from `Authorization: Bearer`, empty without one; address: of the client."""

    token: str
    address: str


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header; empty when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is(token: str, digest: str | None) -> bool:
    return digest is not None and hmac.compare_digest(token_digest(token), digest)


@dataclass(frozen=True)
class Access:
    """Every method raises Refused, or Unavailable when nobody can tell."""

    agencies: Mapping[str, AgencyKey]
    limits: RateLimits
    sessions: SessionStore
    clock: Clock
    allow_anonymous: bool = False

    def agency(self, caller: Caller, scope: Scope) -> str:
        """Name of the agency whose key it is."""
        found = find_agency(self.agencies, caller.token)
        if found is None:
            if self.allow_anonymous:
                return "anonymous"
            raise Refused("not-authorized")
        name, key = found
        if scope not in key.scopes:
            raise Refused("scope-missing", f"needs {scope}")
        return name

    async def acting(self, session_id: str, caller: Caller) -> Session:
        """The session, for a traveller who may act on it."""
        await self.limits.count("address", caller.address)
        await self.limits.count("session", session_id)
        session = await self.sessions.find(session_id)
        if session is None:
            raise Refused("session-unknown")
        if not _is(caller.token, session.token_sha256):
            raise Refused("token-used" if _is(caller.token, session.link_sha256) else "token-refused")
        if session.is_expired(self.clock.now().timestamp()):
            raise Refused("session-expired")
        return session

    async def reading(self, session_id: str, caller: Caller) -> Session:
        """The session, for whoever may read its state: traveller, holder of the link, or agency."""
        await self.limits.count("address", caller.address)
        session = await self.sessions.find(session_id)
        if session is None:
            raise Refused("session-unknown")
        if not (_is(caller.token, session.token_sha256) or _is(caller.token, session.link_sha256)):
            name = self.agency(caller, Scope.READ)
            if session.agency not in ("", name):
                raise Refused("session-unknown")
        return session
