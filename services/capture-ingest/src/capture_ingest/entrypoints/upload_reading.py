"""Read an upload within its limits of size and time, and count what was refused."""

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass

from starlette.requests import Request

from borderlight.runtime.metrics import Metrics
from capture_ingest.domain.session_life import Session, State, Step, states_before
from capture_ingest.domain.upload_part import UploadPart
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.use_cases.store_video import MEDIA_TYPES

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


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
    """The body, or None as soon as it exceeds `limit` [bytes]."""
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


@dataclass(frozen=True)
class UploadReader:
    """max_bytes: of a whole video; timeout_s: for one request's body."""

    metrics: Metrics
    max_bytes: int
    timeout_s: float

    def refusal(self, kind: str, detail: str | None = None, **more: object) -> Refused:
        """A refusal that is counted."""
        self.metrics.uploads_rejected_total.labels(kind).inc()
        return Refused(kind, detail, **more)

    def media_type(self, session: Session, content_type: str | None) -> str:
        """The media type of a video that the session may take now; raises Refused."""
        if session.state in (State.OPENED, State.CLAIMED):
            raise Refused("challenge-missing")
        if session.state not in states_before(Step.VIDEO_STORED):
            raise Refused("capture-already-finished")
        found = (content_type or "").split(";")[0].strip().lower()
        if found not in MEDIA_TYPES:
            raise self.refusal("capture-type-unsupported")
        return found

    def part(self, content_range: str) -> UploadPart:
        """What a Content-Range says; raises Refused."""
        try:
            part = UploadPart.parse(content_range)
        except ValueError as error:
            raise self.refusal("request-invalid", str(error)) from error
        if part.total > self.max_bytes:
            raise self.refusal("capture-too-large", f"at most {self.max_bytes} bytes")
        return part

    async def whole(self, request: Request) -> bytes:
        """The body as a whole video; raises Refused."""
        return await self._body(request, self.max_bytes)

    async def part_body(self, request: Request, part: UploadPart) -> bytes:
        """The body, of exactly the part's size; raises Refused."""
        content = await self._body(request, part.size)
        if len(content) != part.size:
            raise self.refusal("request-invalid", f"{len(content)} bytes came, Content-Range says {part.size}")
        return content

    async def _body(self, request: Request, limit: int) -> bytes:
        try:
            async with asyncio.timeout(self.timeout_s):
                content = await _read_limited(request, limit)
        except TimeoutError as error:
            raise self.refusal("upload-too-slow") from error
        if content is None:
            raise self.refusal("capture-too-large", f"at most {limit} bytes")
        return content
