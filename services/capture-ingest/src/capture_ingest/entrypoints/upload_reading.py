"""Read an upload within its limits of size and time, and count what was refused."""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.requests import Request

from borderlight.runtime.metrics import Metrics
from capture_ingest.domain.session_life import Session, State, Step, states_before
from capture_ingest.domain.upload_part import UploadPart
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.entrypoints.upload_turns import UploadTurn
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


@dataclass(frozen=True)
class UploadReader:
    """max_bytes: of a whole video; timeout_s: for one request's body [s]; idle_s: without a byte of it [s]."""

    metrics: Metrics
    max_bytes: int
    timeout_s: float
    idle_s: float

    def refusal(self, kind: str, detail: str | None = None, **more: object) -> Refused:
        """A refusal that is counted."""
        self.metrics.uploads_rejected_total.labels(kind).inc()
        return Refused(kind, detail, **more)

    def media_type(self, session: Session, content_type: str | None) -> str:
        """The media type of a video that the session may take now; raises Refused."""
        if session.state in (State.OPENED, State.CLAIMED, State.FILMING):
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

    async def whole(self, request: Request, turn: UploadTurn) -> bytes:
        """The body as a whole video; raises Refused, Unavailable."""
        return await self._body(request, turn, self.max_bytes)

    async def part_body(self, request: Request, turn: UploadTurn, part: UploadPart) -> bytes:
        """The body, of exactly the part's size; raises Refused, Unavailable."""
        content = await self._body(request, turn, part.size)
        if len(content) != part.size:
            raise self.refusal("request-invalid", f"{len(content)} bytes came, Content-Range says {part.size}")
        return content

    async def _body(self, request: Request, turn: UploadTurn, limit: int) -> bytes:
        stated = request.headers.get("content-length", "")
        if stated.isdigit() and int(stated) > limit:
            raise self.refusal("capture-too-large", f"at most {limit} bytes")
        content = bytearray()
        try:
            async with asyncio.timeout(self.timeout_s) as whole_body:
                with turn.reading(whole_body):
                    async for chunk in self._chunks(request):
                        if len(content) + len(chunk) > limit:
                            raise self.refusal("capture-too-large", f"at most {limit} bytes")
                        turn.hold(len(chunk))
                        content += chunk
        except TimeoutError as error:
            raise self.refusal("upload-too-slow") from error
        return bytes(content)

    async def _chunks(self, request: Request) -> AsyncGenerator[bytes]:
        """The body as it comes; TimeoutError when nothing comes for `idle_s`."""
        stream = request.stream()
        while True:
            try:
                async with asyncio.timeout(self.idle_s):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            yield chunk
