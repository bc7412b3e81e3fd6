"""uvicorn as our processes use it: small WebSocket messages, and an end that waits for what must not be cut."""

import asyncio
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn

Drain = Callable[[], Awaitable[object]]


def http_config(app: Any, sockets: bool = False, **options: Any) -> uvicorn.Config:
    """sockets: whether the application takes WebSockets; the package `websockets` is then needed."""
    web_sockets: dict[str, Any] = {
        "ws": "websockets-sansio",
        "ws_max_size": 8_192,  # [bytes]; a message of ours has a few hundred
        "ws_per_message_deflate": False,  # costs more than it saves on such messages
    }
    return uvicorn.Config(app, log_level="warning", **(web_sockets if sockets else {"ws": "none"}), **options)


class DrainingServer(uvicorn.Server):
    """At the first signal `drain` runs while requests and sockets go on; then uvicorn stops as usual.

    A second signal stops at once. uvicorn alone would close every WebSocket at the first.
    """

    def __init__(self, config: uvicorn.Config, drain: Drain | None = None) -> None:
        super().__init__(config)
        self._drain = drain
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._is_asked = False

    async def startup(self, sockets: Any = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._drain is None or self._loop is None or self._is_asked:
            super().handle_exit(sig, frame)
            return
        self._is_asked = True
        self._loop.call_soon_threadsafe(self._begin_drain, self._drain, sig)

    def _begin_drain(self, drain: Drain, sig: int) -> None:
        async def end() -> None:
            try:
                await drain()
            finally:
                super(DrainingServer, self).handle_exit(sig, None)

        self._draining = asyncio.get_running_loop().create_task(end())
