"""What holds for every request before anybody is asked who sent it: size and time of a body."""

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from capture_ingest.entrypoints.problems import problem

MAX_JSON_BYTES = 65_536


def _is_upload(scope: Scope) -> bool:
    """A video has limits of its own, which need its session."""
    return scope["method"] == "PUT" and scope["path"].endswith("/video")


class RequestLimits:
    """ASGI middleware. max_bytes: of a body that is no video; timeout_s: until such a body must be whole [s]."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_JSON_BYTES, timeout_s: float = 10.0) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if _is_upload(scope):
            return await self._app(scope, receive, send)
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdigit() and int(stated) > self._max_bytes:
            refused = problem("request-too-large", f"at most {self._max_bytes} bytes")
            return await refused(scope, receive, send)
        await self._app(scope, self._limited(receive), send)

    def _limited(self, receive: Receive) -> Receive:
        taken = 0
        is_whole = False
        end = asyncio.get_running_loop().time() + self._timeout_s

        async def limited() -> Message:
            nonlocal taken, is_whole
            if is_whole:  # the application waits for the client to leave
                return await receive()
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408) from error
            taken += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if taken > self._max_bytes:
                raise HTTPException(413)
            return message

        return limited
