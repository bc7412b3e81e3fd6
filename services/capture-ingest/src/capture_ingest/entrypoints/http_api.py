"""The HTTP API: open a session, get its one-time challenge, send the capture, ask for its state."""

import asyncio
import hmac
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from borderlight.contracts.events import SessionId, TravellerRef
from borderlight.errors import Unavailable
from borderlight.plumbing.clock import Clock
from borderlight.plumbing.metrics import Metrics
from capture_ingest.domain.session_life import Session, State
from capture_ingest.entrypoints.problems import problem
from capture_ingest.ports import SessionStore
from capture_ingest.settings import CaptureIngestSettings
from capture_ingest.use_cases.finish_capture import FinishCapture
from capture_ingest.use_cases.issue_challenge import IssueChallenge
from capture_ingest.use_cases.open_session import OpenSession, token_digest
from capture_ingest.use_cases.store_video import StoreVideo

_MEDIA_TYPES = ("video/mp4", "video/webm")
Authorization = Annotated[str | None, Header()]


class SessionRequest(BaseModel):
    """What an agency states when it opens a session."""

    traveller_ref: TravellerRef
    calm: bool = Field(default=False, description="slow, low-contrast light")
    previous_session_id: SessionId | None = None


class DisplayedSlot(BaseModel):
    step: int = Field(ge=0, le=63)
    at_client_ms: float


class VideoLog(BaseModel):
    started_client_ms: float = 0.0
    width: int | None = Field(default=None, ge=1, le=10_000)
    height: int | None = Field(default=None, ge=1, le=10_000)


class ClientLog(BaseModel):
    """What the page logged; evidence, not truth."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the video as recorded")
    displayed: list[DisplayedSlot] = Field(default_factory=list[DisplayedSlot], max_length=64)
    video: VideoLog = VideoLog()


@dataclass(frozen=True)
class ApiParts:
    """What the API is made of; `app.py` wires it."""

    settings: CaptureIngestSettings
    sessions: SessionStore
    clock: Clock
    metrics: Metrics
    open_session: OpenSession
    issue_challenge: IssueChallenge
    store_video: StoreVideo
    finish_capture: FinishCapture


class _Refused(Exception):
    def __init__(self, kind: str, detail: str | None = None) -> None:
        super().__init__(kind)
        self.response = problem(kind, detail)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _looks_like(video: bytes, media_type: str) -> bool:
    if media_type == "video/webm":
        return video[:4] == b"\x1a\x45\xdf\xa3"
    return video[4:8] == b"ftyp"


def build_http_api(parts: ApiParts) -> FastAPI:
    """The ASGI application."""
    app = FastAPI(title="Borderlight capture API", version="1", docs_url="/docs", redoc_url=None)
    settings = parts.settings

    def agency(authorization: str | None) -> None:
        if settings.allow_anonymous_agency:
            return
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        if not key or not hmac.compare_digest(_bearer(authorization).encode(), key.encode()):
            raise _Refused("not-authorized")

    async def traveller(session_id: str, authorization: str | None) -> Session:
        session = await parts.sessions.find(session_id)
        if session is None:
            raise _Refused("session-unknown")
        if not hmac.compare_digest(token_digest(_bearer(authorization)), session.token_sha256):
            raise _Refused("token-refused")
        if session.is_expired(parts.clock.now().timestamp()):
            raise _Refused("session-expired")
        return session

    @app.exception_handler(_Refused)
    async def refused(_: Request, error: _Refused) -> Response:
        return error.response

    @app.exception_handler(Unavailable)
    async def unavailable(_: Request, error: Unavailable) -> Response:
        return problem("overloaded", str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return problem("request-invalid", f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}")

    @app.post("/v1/sessions", status_code=201)
    async def open_session(body: SessionRequest, authorization: Authorization = None) -> dict[str, Any]:
        agency(authorization)
        opened = await parts.open_session(body.traveller_ref, body.calm, body.previous_session_id)
        return {
            "session_id": opened.session.session_id,
            "token": opened.token,
            "attempt": opened.session.attempt,
            "expires_at_s": opened.session.expires_at_s,
        }

    @app.post("/v1/sessions/{session_id}/challenge")
    async def challenge(session_id: str, authorization: Authorization = None) -> dict[str, Any]:
        session = await traveller(session_id, authorization)
        schedule = await parts.issue_challenge(session)
        if schedule is None:
            raise _Refused("challenge-already-issued")
        return schedule.to_json()

    @app.put("/v1/sessions/{session_id}/video")
    async def video(session_id: str, request: Request, authorization: Authorization = None) -> dict[str, Any]:
        session = await traveller(session_id, authorization)
        if session.state is State.OPENED:
            raise _Refused("challenge-missing")
        if session.state in (State.CAPTURED, State.DECIDED):
            raise _Refused("capture-already-finished")
        media_type = (request.headers.get("content-type") or "").split(";")[0].strip().lower()
        if media_type not in _MEDIA_TYPES:
            raise _refuse_upload(parts, "capture-type-unsupported")
        try:
            async with asyncio.timeout(settings.upload_timeout_s):
                content = await _read_limited(request, settings.max_upload_bytes)
        except TimeoutError as error:
            raise _refuse_upload(parts, "upload-too-slow") from error
        if content is None:
            raise _refuse_upload(parts, "capture-too-large", f"at most {settings.max_upload_bytes} bytes")
        if not _looks_like(content, media_type):
            raise _refuse_upload(parts, "capture-type-unsupported", f"the body is not {media_type}")
        stored = await parts.store_video(session, content, media_type)
        if stored is None:
            raise _Refused("capture-already-finished")
        return {"sha256": stored.sha256, "size": stored.size}

    @app.post("/v1/sessions/{session_id}/finish", status_code=202)
    async def finish(session_id: str, body: ClientLog, authorization: Authorization = None) -> dict[str, Any]:
        session = await traveller(session_id, authorization)
        if session.video is None:
            raise _Refused("video-missing")
        if session.video["sha256"] != body.sha256:
            raise _refuse_upload(parts, "digest-mismatch")
        log = body.model_dump(exclude={"sha256"}, exclude_none=True)
        if not await parts.finish_capture(session, log):
            raise _Refused("video-missing")
        parts.metrics.sessions_accepted_total.inc()
        return {"session_id": session_id, "state": State.CAPTURED}

    @app.get("/v1/sessions/{session_id}")
    async def state(session_id: str, authorization: Authorization = None) -> JSONResponse:
        session = await parts.sessions.find(session_id)
        if session is None:
            raise _Refused("session-unknown")
        token = _bearer(authorization)
        if not hmac.compare_digest(token_digest(token), session.token_sha256):
            agency(authorization)
        expired = session.is_expired(parts.clock.now().timestamp())
        body = {
            "session_id": session_id,
            "state": "expired" if expired else session.state,
            "outcome": session.outcome,
            "advice": session.advice,
            "attempt": session.attempt,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    _ = (refused, unavailable, invalid, open_session, challenge, video, finish, state)
    return app


def _refuse_upload(parts: ApiParts, kind: str, detail: str | None = None) -> _Refused:
    parts.metrics.uploads_rejected_total.labels(kind).inc()
    return _Refused(kind, detail)


async def _read_limited(request: Request, limit: int) -> bytes | None:
    """The body, or None as soon as it exceeds `limit`."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limit:
        return None
    chunks: list[bytes] = []
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
