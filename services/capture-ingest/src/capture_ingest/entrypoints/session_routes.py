"""The agency's side: open a session for a traveller, read how it stands."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AnyHttpUrl, BaseModel, Field
from starlette.responses import JSONResponse, Response

from borderlight.contracts.events import PolicyId, SessionId, TravellerRef
from capture_ingest.domain.session_life import Session, State
from capture_ingest.entrypoints.dependencies import ForAgency, ReadableSession, WithAccess, WithCaller, WithSettings
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.use_cases.open_session import SessionSpec

router = APIRouter(prefix="/v1/sessions", tags=["agency"])

WaitSeconds = Annotated[float, Query(ge=0, le=25, description="answer when something changes, or after this")]


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


def _state(session: Session, now_s: float) -> SessionState:
    told = State.CAPTURED if session.state is State.FINISHING else session.state  # no other capture can be accepted
    return SessionState(
        session_id=session.session_id,
        state="expired" if session.is_expired(now_s) else told,
        outcome=session.outcome,
        advice=session.advice,
        attempt=session.attempt,
        max_attempts=session.max_attempts,
        expires_at_s=session.expires_at_s,
    )


@router.post("", status_code=201)
async def open_session(
    body: SessionRequest,
    caller: WithCaller,
    access: WithAccess,
    agency: ForAgency,
    settings: WithSettings,
) -> OpenedSession:
    """Open a session for a traveller. Give the link to the traveller, or the id and token to your own client."""
    name = await access.opening(caller)
    if body.policy is not None and body.policy not in settings.policies:
        raise Refused("policy-unknown", f"there is no policy {body.policy!r}")
    spec = SessionSpec(
        traveller_ref=body.traveller_ref,
        calm=body.calm,
        agency=name,
        max_attempts=body.max_attempts or settings.max_attempts,
        page={"language": body.language, "return_url": None if body.return_url is None else str(body.return_url)},
        policy=body.policy,
    )
    opened = await agency.open_session(spec, previous_session_id=body.previous_session_id)
    session = opened.session
    return OpenedSession(
        session_id=session.session_id,
        token=opened.token,
        link=f"{settings.link_base}/capture/#{session.session_id}.{opened.token}",
        attempt=session.attempt,
        expires_at_s=session.expires_at_s,
    )


@router.get("/{session_id}")
async def state(session: ReadableSession, access: WithAccess, agency: ForAgency, wait_s: WaitSeconds = 0) -> Response:
    """How the session stands; for the traveller's token, the link's, or an agency's key."""
    standing = await agency.follow_session(session, wait_s)
    now_s = access.clock.now().timestamp()
    if standing.last.session_id == session.session_id:
        told = _state(standing.last, now_s)
    else:
        told = _state(standing.session, now_s)
        told.continued_by = _state(standing.last, now_s)
    return JSONResponse(told.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
