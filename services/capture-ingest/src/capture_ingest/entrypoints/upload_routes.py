"""The traveller's video, whole or in parts that may be resumed."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import JSONResponse

from capture_ingest.entrypoints.dependencies import ActingSession, Uploads, WithUploads
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.entrypoints.traveller_messages import StoredVideo, UploadOffset
from capture_ingest.entrypoints.upload_reading import UploadReader, stated_digest
from capture_ingest.use_cases.receive_part import OffsetConflict, PartStored
from capture_ingest.use_cases.store_video import DigestMismatch, UploadClosed, VideoStored, WrongMediaType

router = APIRouter(prefix="/v1/sessions/{session_id}/video", tags=["traveller"])

ContentRange = Annotated[str | None, Header(description="bytes 0-131071/412345; the whole without it")]
ReprDigest = Annotated[str | None, Header(description="SHA-256 of the whole video, RFC 9530")]
Total = Annotated[int, Query(ge=1, description="size of the whole video [bytes]")]


@contextmanager
def _as_problems(reader: UploadReader) -> Generator[None]:
    try:
        yield
    except OffsetConflict as error:
        raise Refused("offset-conflict", str(error), offset=error.offset) from error
    except DigestMismatch as error:
        raise reader.refusal("digest-mismatch", str(error)) from error
    except WrongMediaType as error:
        raise reader.refusal("capture-type-unsupported", str(error)) from error


@router.get("")
async def upload_offset(session: ActingSession, total: Total, uploads: WithUploads) -> UploadOffset:
    """Where an interrupted upload stands."""
    if session.video is not None and session.video.get("size") == total:
        return UploadOffset(offset=total)
    return UploadOffset(offset=await uploads.receive_part.offset(session, total))


@router.put("", responses={202: {"model": UploadOffset}}, response_model=StoredVideo)
async def video(
    request: Request,
    session: ActingSession,
    uploads: WithUploads,
    content_range: ContentRange = None,
    repr_digest: ReprDigest = None,
) -> Any:
    """Send the video, whole or in parts. 202 while parts are missing; a part may be sent again."""
    with _as_problems(uploads.reader):
        stored = await _receive(request, session, uploads, content_range, repr_digest)
    match stored:
        case UploadClosed():
            raise Refused("capture-already-finished")
        case PartStored(offset):
            return JSONResponse({"offset": offset}, 202)
        case VideoStored(ref):
            return StoredVideo(sha256=ref.sha256, size=ref.size)


async def _receive(
    request: Request, session: ActingSession, uploads: Uploads, content_range: str | None, repr_digest: str | None
) -> PartStored | VideoStored | UploadClosed:
    media_type = uploads.reader.media_type(session, request.headers.get("content-type"))
    sha256 = stated_digest(repr_digest)
    part = None if content_range is None else uploads.reader.part(content_range)
    async with uploads.turns.of(session.session_id) as turn:
        if part is None:
            return await uploads.store_video(session, await uploads.reader.whole(request, turn), media_type, sha256)
        content = await uploads.reader.part_body(request, turn, part)
        if part.is_last:
            turn.hold(2 * part.total)  # the parts are put together in memory
        return await uploads.receive_part(session, part, content, sha256, media_type)
