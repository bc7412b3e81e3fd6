"""The public port against clients that are slow on purpose: a real socket each, and no clock but the server's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from borderlight.runtime.http.public_server import PublicPort, serving

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


class Kit:
    """An application that can be held, behind a port with little patience."""

    def __init__(self) -> None:
        self.go_on, self.begun, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        routes = [Route("/", self._plain), Route("/held", self._held), Route("/endless", self._endless)]
        self.app = Starlette(routes=routes)

    async def _plain(self, _: Request) -> Response:
        return PlainTextResponse("here")

    async def _held(self, _: Request) -> Response:
        self.begun.set()
        await self.go_on.wait()
        return PlainTextResponse("done")

    async def _endless(self, _: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(65_536)
                    await asyncio.sleep(0)  # a source of real bytes waits, too
            finally:
                self.ended.set()

        return StreamingResponse(chunks())


async def ask(port: int, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(sent)
    return reader, writer


async def everything(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server closes."""
    with contextlib.suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), 30)
    return b""


@pytest.fixture
def kit() -> Kit:
    return Kit()


def at(**more: Any) -> PublicPort:
    limits: dict[str, Any] = {"patience_s": 0.2, **more}
    return PublicPort("127.0.0.1", 0, **limits)


@pytest.mark.parametrize("sent", [b"", b"G", GET[:20], b"POST / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 9000])
async def test_a_request_that_does_not_begin_is_ended(kit: Kit, sent: bytes) -> None:
    async with serving(kit.app, at()) as port:
        reader, writer = await ask(port, sent)
        assert await everything(reader) == b""
        writer.close()


async def test_a_second_request_that_does_not_begin_is_ended_too(kit: Kit) -> None:
    async with serving(kit.app, at()) as port:
        reader, writer = await ask(port, GET % b"" + b"GET / HT")
        assert (await everything(reader)).count(b"200 OK") == 1
        writer.close()


async def test_a_head_without_end_is_refused(kit: Kit) -> None:
    async with serving(kit.app, at(patience_s=60.0)) as port:
        reader, writer = await ask(port, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 20_000)
        assert (await everything(reader)).startswith((b"HTTP/1.1 4", b""))
        assert reader.at_eof() or writer.is_closing()
        writer.close()


async def test_a_client_that_does_not_read_is_ended(kit: Kit) -> None:
    async with serving(kit.app, at()) as port:
        _, writer = await ask(port, GET % b"endless")
        await asyncio.wait_for(kit.ended.wait(), 30)
        writer.close()


async def test_an_answer_that_comes_early_reaches_a_client_that_still_sends(kit: Kit) -> None:
    """A refusal of a large body: it must be read by whoever reads only after sending."""
    async with serving(kit.app, at(patience_s=60.0)) as port:
        reader, writer = await ask(port, b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 13000000\r\n\r\n")
        writer.write(bytes(13_000_000))
        await asyncio.wait_for(writer.drain(), 30)
        assert b"Not Found" in await asyncio.wait_for(reader.readuntil(b"Not Found"), 30)
        writer.close()


async def test_a_client_that_owes_the_rest_of_a_body_is_ended(kit: Kit) -> None:
    async with serving(kit.app, at()) as port:
        reader, writer = await ask(port, b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf")
        assert b"Not Found" in await everything(reader), "and it ends: the rest never comes"
        writer.close()


async def test_waiting_for_an_answer_is_not_slow(kit: Kit) -> None:
    """Long polling outlives the patience with requests that do not begin."""
    async with serving(kit.app, at()) as port:
        reader, writer = await ask(port, GET % b"held")
        silent, other = await ask(port, b"")
        await everything(silent)  # the patience is over
        kit.go_on.set()
        assert b"done" in await asyncio.wait_for(reader.readuntil(b"done"), 30)
        writer.close()
        other.close()


async def test_connections_beyond_the_limit_are_told_so(kit: Kit) -> None:
    async with serving(kit.app, at(max_connections=3, patience_s=60.0)) as port:
        silent = [await ask(port, b"") for _ in range(3)]
        reader, writer = await ask(port, GET % b"")
        assert b"503 Service Unavailable" in await everything(reader)
        for _, one in [*silent, (reader, writer)]:
            one.close()


async def test_a_request_in_hand_is_answered_before_the_port_closes(kit: Kit) -> None:
    async with contextlib.AsyncExitStack() as opened:
        port = await opened.enter_async_context(serving(kit.app, at()))
        reader, writer = await ask(port, GET % b"held")
        await asyncio.wait_for(kit.begun.wait(), 30)
        closing = asyncio.create_task(opened.aclose())
        kit.go_on.set()
        assert b"done" in await everything(reader)
        await closing
        writer.close()


async def test_a_port_that_is_taken_is_said_before_anything_runs(kit: Kit) -> None:
    async with serving(kit.app, at()) as port:
        with pytest.raises(OSError, match="in use"):
            async with serving(kit.app, PublicPort("127.0.0.1", port)):
                pass


async def test_no_header_names_the_server(kit: Kit) -> None:
    async with serving(kit.app, at()) as port:
        reader, writer = await ask(port, GET % b"")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        assert b"server:" not in head.lower()
        writer.close()
