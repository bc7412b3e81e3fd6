"""A client of the live capture without a browser: for tests and for attacks that own the page.

It speaks `borderlight.live.v1` over one socket and makes its slices by itself. What it claims to have painted is what
an ordinary page would claim; `Conduct` says where it deviates.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_WEBM = b"\x1a\x45\xdf\xa3"


def chain_start(session_id: str, nonce: str) -> bytes:
    """As a page computes it."""
    return hashlib.sha256(b"borderlight.live.v1\0" + session_id.encode() + b"\0" + nonce.encode()).digest()


def plain_slice(index: int) -> bytes:
    """Bytes of a slice that only looks like a film."""
    return (_WEBM if index == 0 else b"") + index.to_bytes(2, "big") * 50


@dataclass(frozen=True)
class Conduct:
    """How a client behaves.

    slice_ms: how often a slice is made; stall_at: slot from which on nothing is sent; drop_at: slot at which the socket
    is closed; pause_ms: before the slice that follows the last colour; claim_ahead: how many slots too early a paint is
    claimed; make_slice: index → bytes.
    """

    slice_ms: float = 200.0
    stall_at: int | None = None
    drop_at: int | None = None
    pause_ms: float = 0.0
    claim_ahead: int = 0
    make_slice: Callable[[int], bytes] = plain_slice


@dataclass
class LiveOutcome:
    """kind: "sealed", a problem's short name, "interrupted" or "lost"; film: all slices; shown: (slot, arrival [ms]);
    held: how often the server let a colour stay."""

    kind: str = "lost"
    film: bytes = b""
    shown: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    slots: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    held: int = 0
    close_code: int | None = None


def _now_ms() -> float:
    return time.monotonic() * 1000.0


class LiveClient:
    """url: of the socket, ws://…/v1/sessions/{id}/live."""

    def __init__(self, url: str, session_id: str, token: str, conduct: Conduct | None = None) -> None:
        self._url, self._session_id, self._token = url, session_id, token
        self._conduct = conduct or Conduct()
        self.outcome = LiveOutcome()
        self.began = asyncio.Event()
        self._link: bytes | None = None
        self._sent = 0
        self._painted: list[tuple[int, float]] = []
        self._over_at_ms: float | None = None

    async def run(self) -> LiveOutcome:
        """One whole capture."""
        try:
            async with connect(self._url, compression=None, ping_interval=None) as socket:
                hello = {"type": "hello", "protocol": "borderlight.live.v1", "token": self._token, "mime": "video/webm"}
                await self._say(socket, hello)
                slices = asyncio.create_task(self._record(socket))
                try:
                    async for text in socket:
                        await self._hear(socket, json.loads(text))
                finally:
                    slices.cancel()
                    await asyncio.gather(slices, return_exceptions=True)
                self.outcome.close_code = socket.close_code
        except ConnectionClosed as error:
            self.outcome.close_code = None if error.rcvd is None else error.rcvd.code
        except OSError:
            self.outcome.kind = "lost"
        return self.outcome

    async def _say(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        await socket.send(json.dumps(message))

    async def _hear(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        match message["type"]:
            case "accepted":
                self._link = chain_start(self._session_id, message["nonce"])
            case "ping":
                await self._say(socket, {"type": "pong", "n": message["n"]})
            case "slot":
                await self._show(socket, message)
            case "hold":
                self.outcome.held += 1
            case "sealed":
                self.outcome.kind = "sealed"
            case "closed":
                self.outcome.kind = message["kind"]
            case _:
                pass

    async def _show(self, socket: ClientConnection, slot: dict[str, Any]) -> None:
        k, now = slot["k"], _now_ms()
        self.outcome.slots.append(slot)
        self.outcome.shown.append((k, now))
        self._painted.append((k, now))
        self.began.set()
        if k == 0:
            await self._say(socket, {"type": "painted", "k": 0})
        if k == self._conduct.drop_at:
            await socket.close()
        if slot["last"]:
            self._over_at_ms = now + 340.0 + float(slot["duration_ms"]) + 300.0

    async def _record(self, socket: ClientConnection) -> None:
        """Slices until the light is over; begins after two of them."""
        conduct, ready = self._conduct, False
        while True:
            await asyncio.sleep(conduct.slice_ms / 1000.0)
            if self._link is None:
                continue
            latest = self.outcome.shown[-1][0] if self.outcome.shown else -1
            if conduct.stall_at is not None and latest >= conduct.stall_at:
                return
            if conduct.pause_ms and self._over_at_ms is not None:
                await asyncio.sleep(conduct.pause_ms / 1000.0)
                conduct = Conduct(conduct.slice_ms, make_slice=conduct.make_slice)
            await self._commit(socket, conduct, latest)
            if not ready and self._sent >= 3:
                ready = True
                await self._say(socket, {"type": "begin"})
            if self._over_at_ms is not None and _now_ms() >= self._over_at_ms:
                assert self._link is not None
                await self._say(socket, {"type": "end", "links": self._sent, "link": self._link.hex()})
                return

    async def _commit(self, socket: ClientConnection, conduct: Conduct, latest: int) -> None:
        assert self._link is not None
        piece = conduct.make_slice(self._sent)
        self._link = hashlib.sha256(self._link + piece).digest()
        self.outcome.film += piece
        painted, self._painted = self._painted, []
        if conduct.claim_ahead and latest >= 0:
            painted = [*painted, (latest + conduct.claim_ahead, _now_ms())]
        message = {"type": "link", "i": self._sent, "bytes": len(piece), "link": self._link.hex(), "made": _now_ms()}
        self._sent += 1
        await self._say(socket, {**message, "painted": painted})
