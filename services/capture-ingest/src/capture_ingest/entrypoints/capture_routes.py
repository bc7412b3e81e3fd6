"""The traveller's side: claim the link, get the one challenge, send the capture, finish, take it again."""

import asyncio
import base64
import binascii
import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from capture_ingest.domain.session_life import Session, State, Step, states_before
from capture_ingest.domain.upload_part import UploadPart
from capture_ingest.entrypoints.api_parts import ApiParts, Authorization, bearer
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.use_cases.receive_part import OffsetConflict
from capture_ingest.use_cases.retake_session import RetakeRefusal
from capture_ingest.use_cases.store_video import MEDIA_TYPES, DigestMismatch, WrongMediaType

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


class DisplayedSlot(BaseModel):
    step: int = Field(ge=0, le=63)
    at_client_ms: float


class VideoLog(BaseModel):
    started_client_ms: float = 0.0
    width: int | None = Field(default=None, ge=1, le=10_000)
    height: int | None = Field(default=None, ge=1, le=10_000)
    frame_rate: float | None = Field(default=None, ge=0, le=1000)
    locked: list[str] = Field(default_factory=list[str], max_length=8, description="camera loops that were locked")


class ClientLog(BaseModel):
    """What the page logged; evidence, not truth. Times are of one monotonic clock of the page [ms]."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the video as recorded")
    displayed: list[DisplayedSlot] = Field(default_factory=list[DisplayedSlot], max_length=64)
    video: VideoLog = VideoLog()


class ClaimedSession(BaseModel):
    """What the capture page needs; `token` replaces the link's, which may from now on only look."""

    session_id: str
    token: str
    agency: str
    retention_days: int
    min_camera_fps: float
    parent_origins: list[str]
    calm: bool
    language: str | None
    return_url: str | None
    attempt: int
    max_attempts: int
    expires_at_s: float


class ChallengeRequest(BaseModel):
    calm: bool | None = Field(default=None, description="the traveller's choice of light; null keeps the session's")


class RetakeRequest(BaseModel):
    calm: bool | None = Field(default=None, description="change to or from the calm light")


class StoredVideo(BaseModel):
    sha256: str
    size: int


class UploadOffset(BaseModel):
    offset: int = Field(description="bytes that are safe")


class FinishedCapture(BaseModel):
    session_id: str
    state: str


def stated_digest(header: str | None) -> str | None:
    """Hex SHA-256 of an RFC 9530 `Repr-Digest`; None when there is none. Raises Refused."""
    if header is None:
        return None
    found = _DIGEST.search(header)
    try:
        return base64.b64decode(found.group(1), validate=True).hex() if found else _no_digest()
    except binascii.Error:
        return _no_digest()


def _no_digest() -> str:
    raise Refused("request-invalid", "Repr-Digest is like: sha-256=:<base64>:")


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


class _Uploads:
    """Receiving and refusing, with a count of what was refused."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def refuse(self, kind: str, detail: str | None = None, **more: object) -> Refused:
        self._parts.metrics.uploads_rejected_total.labels(kind).inc()
        return Refused(kind, detail, **more)

    def media_type(self, session: Session, request: Request) -> str:
        if session.state in (State.OPENED, State.CLAIMED):
            raise Refused("challenge-missing")
        if session.state not in states_before(Step.VIDEO_STORED):
            raise Refused("capture-already-finished")
        found = (request.headers.get("content-type") or "").split(";")[0].strip().lower()
        if found not in MEDIA_TYPES:
            raise self.refuse("capture-type-unsupported")
        return found

    async def body(self, request: Request, limit: int) -> bytes:
        try:
            async with asyncio.timeout(self._parts.settings.upload_timeout_s):
                content = await _read_limited(request, limit)
        except TimeoutError as error:
            raise self.refuse("upload-too-slow") from error
        if content is None:
            raise self.refuse("capture-too-large", f"at most {limit} bytes")
        return content

    def part(self, header: str, limit: int) -> UploadPart:
        try:
            part = UploadPart.parse(header)
        except ValueError as error:
            raise self.refuse("request-invalid", str(error)) from error
        if part.total > limit:
            raise self.refuse("capture-too-large", f"at most {limit} bytes")
        return part


def capture_routes(parts: ApiParts) -> APIRouter:
    router = APIRouter(tags=["traveller"])
    uploads = _Uploads(parts)
    settings = parts.settings

    def told(session: Session, token: str) -> ClaimedSession:
        page: dict[str, Any] = session.page or {}
        return ClaimedSession(
            session_id=session.session_id,
            token=token,
            agency=settings.agency_name,
            retention_days=settings.retention_note_days,
            min_camera_fps=settings.min_camera_fps,
            parent_origins=settings.parent_origins,
            calm=session.calm,
            language=page.get("language"),
            return_url=page.get("return_url"),
            attempt=session.attempt,
            max_attempts=session.max_attempts,
            expires_at_s=session.expires_at_s,
        )

    @router.post("/v1/sessions/{session_id}/claim")
    async def claim(session_id: str, request: Request, authorization: Authorization = None) -> ClaimedSession:
        """Take the session over from its link, once."""
        session = await parts.acting(session_id, authorization, request)
        claimed = await parts.claim_session(session)
        if claimed is None:
            raise Refused("token-used")
        return told(claimed.session, claimed.token)

    @router.get("/v1/sessions/{session_id}/page")
    async def about(session_id: str, request: Request, authorization: Authorization = None) -> ClaimedSession:
        """What the page was told when it claimed the session: for a page that was loaded again."""
        session = await parts.acting(session_id, authorization, request)
        return told(session, bearer(authorization))

    @router.post("/v1/sessions/{session_id}/challenge")
    async def challenge(
        session_id: str, request: Request, body: ChallengeRequest | None = None, authorization: Authorization = None
    ) -> dict[str, Any]:
        """The colours to show and when, once per session: ask at the moment of capture."""
        session = await parts.acting(session_id, authorization, request)
        schedule = await parts.issue_challenge(session, body.calm if body is not None else None)
        if schedule is None:
            raise Refused("challenge-already-issued")
        return schedule.to_json()

    @router.get("/v1/sessions/{session_id}/video")
    async def upload_offset(
        session_id: str,
        request: Request,
        total: Annotated[int, Query(ge=1, description="size of the whole video [bytes]")],
        authorization: Authorization = None,
    ) -> UploadOffset:
        """Where an interrupted upload stands."""
        session = await parts.acting(session_id, authorization, request)
        if session.video is not None and session.video.get("size") == total:
            return UploadOffset(offset=total)
        return UploadOffset(offset=await parts.receive_part.offset(session, total))

    @router.put("/v1/sessions/{session_id}/video", responses={202: {"model": UploadOffset}}, response_model=StoredVideo)
    async def video(
        session_id: str,
        request: Request,
        authorization: Authorization = None,
        content_range: Annotated[str | None, Header(description="bytes 0-131071/412345; the whole without it")] = None,
        repr_digest: Annotated[str | None, Header(description="SHA-256 of the whole video, RFC 9530")] = None,
    ) -> Any:
        """Send the video, whole or in parts. 202 while parts are missing; a part may be sent again."""
        session = await parts.acting(session_id, authorization, request)
        media_type = uploads.media_type(session, request)
        sha256 = stated_digest(repr_digest)
        try:
            if content_range is None:
                content = await uploads.body(request, settings.max_upload_bytes)
                stored: Any = await parts.store_video(session, content, media_type, sha256)
            else:
                part = uploads.part(content_range, settings.max_upload_bytes)
                content = await uploads.body(request, part.size)
                if len(content) != part.size:
                    raise uploads.refuse(
                        "request-invalid", f"{len(content)} bytes came, Content-Range says {part.size}"
                    )
                stored = await parts.receive_part(session, part, content, sha256, media_type)
        except OffsetConflict as error:
            raise Refused("offset-conflict", str(error), offset=error.offset) from error
        except DigestMismatch as error:
            raise uploads.refuse("digest-mismatch", str(error)) from error
        except WrongMediaType as error:
            raise uploads.refuse("capture-type-unsupported", str(error)) from error
        if stored is None:
            raise Refused("capture-already-finished")
        if isinstance(stored, int):
            return JSONResponse({"offset": stored}, 202)
        return StoredVideo(sha256=stored.sha256, size=stored.size)

    @router.post("/v1/sessions/{session_id}/finish", status_code=202)
    async def finish(
        session_id: str, body: ClientLog, request: Request, authorization: Authorization = None
    ) -> FinishedCapture:
        """Hand the capture over; 202 says that video and event are safe. Idempotent."""
        session = await parts.acting(session_id, authorization, request)
        if session.video is None:
            raise Refused("video-missing")
        if session.video["sha256"] != body.sha256:
            raise uploads.refuse("digest-mismatch")
        log = body.model_dump(exclude={"sha256"}, exclude_none=True)
        if not await parts.finish_capture(session, log):
            raise Refused("capture-already-finished")
        if session.state is State.UPLOADED:  # a repeated finish is answered, not counted
            parts.metrics.sessions_accepted_total.inc()
        return FinishedCapture(session_id=session_id, state=State.CAPTURED)

    @router.post("/v1/sessions/{session_id}/retake", status_code=201)
    async def retake(
        session_id: str, body: RetakeRequest, request: Request, authorization: Authorization = None
    ) -> ClaimedSession:
        """A further capture after an interruption or the advice to take it again; a bounded number of times."""
        session = await parts.acting(session_id, authorization, request)
        found = await parts.retake_session(session, body.calm)
        if isinstance(found, RetakeRefusal):
            raise Refused(found.value)
        return told(found.session, found.token)

    _ = (claim, about, challenge, upload_offset, video, finish, retake)
    return router
