"""A port that strangers reach: a uvicorn server that bounds connections, and the time that a slow one may take.

uvicorn 0.54 waits for ever for the first request of a connection, for the rest of a request's head, and for a client
that does not read its answer; `ImpatientProtocol` ends all three. A head is at most 16 kB (h11 keeps no more of one).
The body belongs to the application.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from borderlight.runtime.http.server import http_config

MAX_HEAD_BYTES = 16_384


class ImpatientProtocol(H11Protocol):
    """Ends a connection whose request has not begun whole, or whose client reads nothing, for `patience_s` [s]."""

    patience_s = 10.0
    _waiting_for_head: asyncio.TimerHandle | None = None
    _waiting_for_reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._owes_a_body():
            self._wait_for_head()

    def _owes_a_body(self) -> bool:
        """Whether the answer is out and the client still sends what nobody reads.

        It is read and dropped: closing at once would reset the connection, and the client would lose its answer.
        """
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE or self._owes_a_body():
            self._wait_for_head()
        else:
            self._waiting_for_head = _stopped(self._waiting_for_head)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._waiting_for_reader = self.loop.call_later(self.patience_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._waiting_for_reader = _stopped(self._waiting_for_reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting_for_head = _stopped(self._waiting_for_head)
        self._waiting_for_reader = _stopped(self._waiting_for_reader)
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._waiting_for_head is None:
            self._waiting_for_head = self.loop.call_later(self.patience_s, self.transport.abort)


def _stopped(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


class _Server(uvicorn.Server):
    """Signals belong to the process that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@dataclass(frozen=True)
class PublicPort:
    """port: 0 takes any; sockets: whether WebSockets are taken; max_connections: beyond it a request gets 503;
    patience_s: with a slow client [s]; drain_s: how long requests in hand may take when the port closes [s]."""

    host: str
    port: int
    max_connections: int = 1000
    patience_s: float = 10.0
    drain_s: int = 20
    sockets: bool = False


@contextlib.asynccontextmanager
async def serving(app: Any, at: PublicPort) -> AsyncGenerator[int]:
    """Serve `app` while the context is open; gives the port. Raises OSError when it is taken."""
    listening = socket.create_server((at.host, at.port), backlog=2048)
    protocol = type("Protocol", (ImpatientProtocol,), {"patience_s": at.patience_s})
    config = http_config(
        app,
        at.sockets,
        http=protocol,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the application trusts whom its settings name
        server_header=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=at.drain_s,
        limit_concurrency=at.max_connections,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        lifespan="off",
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task
