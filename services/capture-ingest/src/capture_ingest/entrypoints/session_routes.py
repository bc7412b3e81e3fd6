"""The agency's side: open a session for a traveller, read how it stands."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AnyHttpUrl, BaseModel, Field
from starlette.responses import JSONResponse

from borderlight.contracts.events import PolicyId, SessionId, TravellerRef
from capture_ingest.domain.agency import Scope
from capture_ingest.domain.session_life import Session, State
from capture_ingest.entrypoints.api_parts import ApiParts, Authorization
from capture_ingest.entrypoints.problems import Refused

_POLL_S = 0.25


class SessionRequest(BaseModel):
    """What an agency states when it opens a session."""

    traveller_ref: TravellerRef
    calm: bool = Field(default=False, description="slow, low-contrast light without flashes")
    previous_session_id: SessionId | None = Field(default=None, description="counts as the next attempt of its journey")
    policy: PolicyId | None = Field(default=None, description="whose rules decide; the default policy when left out")
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$", description="of the capture page")
    return_url: AnyHttpUrl | None = Field(default=None, description="where the page leads when it is done")
    max_attempts: int | None = Field(
        default=None, ge=1, le=5, description="captures until the traveller is sent elsewhere"
    )


class OpenedSession(BaseModel):
    session_id: str
    token: str = Field(description="told once")
    link: str = Field(description="for the traveller's phone; the token is in its fragment, which no server logs")
    attempt: int
    expires_at_s: float


class SessionState(BaseModel):
    session_id: str
    state: str = Field(description="opened, claimed, challenged, uploaded, captured, decided, continued, expired")
    outcome: str | None = Field(description="admit, refer or retake, once decided")
    advice: tuple[str, ...]
    attempt: int
    max_attempts: int
    expires_at_s: float
    continued_by: "SessionState | None" = Field(default=None, description="where the journey stands after retakes")


def base_url(parts: ApiParts, request: Request) -> str:
    return (parts.settings.public_url or str(request.base_url)).rstrip("/")


def _state(parts: ApiParts, session: Session) -> SessionState:
    expired = session.is_expired(parts.clock.now().timestamp())
    return SessionState(
        session_id=session.session_id,
        state="expired" if expired else session.state,
        outcome=session.outcome,
        advice=session.advice,
        attempt=session.attempt,
        max_attempts=session.max_attempts,
        expires_at_s=session.expires_at_s,
    )


def session_routes(parts: ApiParts) -> APIRouter:
    router = APIRouter(tags=["agency"])

    @router.post("/v1/sessions", status_code=201)
    async def open_session(
        body: SessionRequest, request: Request, authorization: Authorization = None
    ) -> OpenedSession:
        """Open a session for a traveller. Give the link to the traveller, or the id and token to your own client."""
        agency = parts.agency(authorization, Scope.CREATE)
        if body.policy is not None and body.policy not in parts.settings.policies:
            raise Refused("policy-unknown", f"there is no policy {body.policy!r}")
        page = {"language": body.language, "return_url": None if body.return_url is None else str(body.return_url)}
        opened = await parts.open_session(
            body.traveller_ref,
            calm=body.calm,
            previous_session_id=body.previous_session_id,
            agency=agency,
            max_attempts=body.max_attempts or parts.settings.max_attempts,
            page=page,
            policy=body.policy,
        )
        session = opened.session
        return OpenedSession(
            session_id=session.session_id,
            token=opened.token,
            link=f"{base_url(parts, request)}/capture/#{session.session_id}.{opened.token}",
            attempt=session.attempt,
            expires_at_s=session.expires_at_s,
        )

    @router.get("/v1/sessions/{session_id}")
    async def state(
        session_id: str,
        request: Request,
        authorization: Authorization = None,
        wait_s: Annotated[float, Query(ge=0, le=25, description="answer when something changes, or after this")] = 0,
    ) -> JSONResponse:
        """How the session stands; for the traveller's token, the link's, or an agency's key."""
        session = await parts.looking(session_id, authorization, request)
        last = await parts.last_of(session)
        seen = (last.session_id, last.state)
        end = asyncio.get_running_loop().time() + wait_s
        while asyncio.get_running_loop().time() < end and last.state not in (State.DECIDED,):
            await asyncio.sleep(_POLL_S)
            last = await parts.last_of(await parts.sessions.find(session_id) or session)
            if (last.session_id, last.state) != seen:
                break
        if last.session_id == session_id:
            session = last
        said = _state(parts, session)
        if last.session_id != session_id:
            said.continued_by = _state(parts, last)
        body: dict[str, Any] = said.model_dump(mode="json")
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    _ = (open_session, state)
    return router
