"""Who may do what: agencies by key and scope, travellers by the token of their session."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics
from capture_ingest.domain.agency import AgencyKey, Scope, find_agency
from capture_ingest.domain.session_life import Session, is_session_id
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.entrypoints.rate_limits import Counted, RateLimits
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
    metrics: Metrics
    allow_anonymous: bool = False

    async def opening(self, caller: Caller) -> str:
        """Name of the agency that may open a session now."""
        await self.limits.count(Counted.ADDRESS, caller.address)
        name = await self._agency(caller, Scope.CREATE)
        await self.limits.count(Counted.AGENCY, name)
        return name

    async def _agency(self, caller: Caller, scope: Scope) -> str:
        found = find_agency(self.agencies, caller.token)
        if found is None:
            if self.allow_anonymous:
                return "anonymous"
            await self._refuse_key(caller)
            raise Refused("not-authorized")
        name, key = found
        if scope not in key.scopes:
            raise Refused("scope-missing", f"needs {scope}")
        return name

    async def _refuse_key(self, caller: Caller) -> None:
        """Count a wrong key; the first ones of an address are logged, so that a search for keys is seen."""
        self.metrics.keys_refused_total.inc()
        await self.limits.count(Counted.WRONG_KEY, caller.address)
        logger().warning("a wrong agency key was refused", address=caller.address)

    async def acting(self, session_id: str, caller: Caller) -> Session:
        """The session, for a traveller who may act on it. Nothing is counted under its name without its token."""
        session = await self._session(session_id, caller)
        if not _is(caller.token, session.token_sha256):
            raise Refused("token-used" if _is(caller.token, session.link_sha256) else "token-refused")
        await self.limits.count(Counted.SESSION, session_id)
        if session.is_expired(self.clock.now().timestamp()):
            raise Refused("session-expired")
        return session

    async def reading(self, session_id: str, caller: Caller) -> Session:
        """The session, for whoever may read its state: traveller, holder of the link, or agency."""
        session = await self._session(session_id, caller)
        if not (_is(caller.token, session.token_sha256) or _is(caller.token, session.link_sha256)):
            name = await self._agency(caller, Scope.READ)
            if session.agency not in ("", name):
                raise Refused("session-unknown")
        return session

    async def _session(self, session_id: str, caller: Caller) -> Session:
        await self.limits.count(Counted.ADDRESS, caller.address)
        session = await self.sessions.find(session_id) if is_session_id(session_id) else None
        if session is None:
            raise Refused("session-unknown")
        return session
