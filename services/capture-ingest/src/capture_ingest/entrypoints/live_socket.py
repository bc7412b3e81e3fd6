"""The WebSocket of a live capture: drives the state machine of domain/live_capture.py with a real socket and clock."""

import asyncio
import secrets
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, WebSocket, WebSocketDisconnect

from borderlight.errors import Unavailable
from borderlight.runtime.clock import Clock
from borderlight.runtime.metrics import Metrics
from capture_ingest.domain.attempts import AttemptRefused
from capture_ingest.domain.live_capture import LiveCapture, Outgoing
from capture_ingest.domain.live_states import State
from capture_ingest.domain.live_transcript import CommittedSlice
from capture_ingest.domain.session_life import Session, Step, states_before
from capture_ingest.domain.slot_release import SlotColour
from capture_ingest.entrypoints import live_messages as messages
from capture_ingest.entrypoints.access import Access, Caller
from capture_ingest.entrypoints.live_drain import LiveCaptures
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.use_cases.issue_challenge import ChallengeIssued, IssueChallenge
from capture_ingest.use_cases.seal_live_capture import SealLiveCapture

router = APIRouter()
CLOSE_CODES = {State.SEALED: 1000, State.INTERRUPTED: 4408, State.REFUSED: 4400}
GOING_AWAY = 1012


@dataclass(frozen=True)
class LiveParts:
    """What a live capture needs; `app.py` wires it. running: those of this process, so that it ends after them."""

    access: Access
    issue_challenge: IssueChallenge
    seal: SealLiveCapture
    clock: Clock
    metrics: Metrics
    max_bytes: int
    running: LiveCaptures


def live_captures(app: FastAPI) -> LiveCaptures:
    """Those of a wired application."""
    parts: LiveParts = app.state.parts[LiveParts]
    return parts.running


@router.websocket("/v1/sessions/{session_id}/live")
async def live(socket: WebSocket, session_id: str) -> None:
    """One capture, committed while it is filmed."""
    parts: LiveParts = socket.app.state.parts[LiveParts]
    await socket.accept()
    if parts.running.is_draining:
        await socket.close(GOING_AWAY)
        return
    with parts.running.one():
        await LiveConnection(socket, session_id, parts).run()


class LiveConnection:
    """One socket from accept to close."""

    def __init__(self, socket: WebSocket, session_id: str, parts: LiveParts) -> None:
        self._socket, self._session_id, self._parts = socket, session_id, parts
        self._capture = LiveCapture(session_id, secrets.token_urlsafe(24), parts.max_bytes, self._now())
        self._session: Session | None = None
        self._calm: bool | None = None
        self._refusal = "interrupted"
        self._retry_after_s: float | None = None

    def _now(self) -> float:
        return self._parts.clock.monotonic_ms()

    async def run(self) -> None:
        capture = self._capture
        try:
            while not capture.is_over:
                await self._step()
            await self._close()
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: starlette's word for a socket that is gone
            capture.lost(self._now())
        self._parts.metrics.live_captures_total.labels(capture.state).inc()

    async def _step(self) -> None:
        """Wait for the next message or for the moment at which something is due."""
        wait_s = (self._capture.wake_ms() - self._now()) / 1000.0
        try:
            async with asyncio.timeout(max(wait_s, 0.0)):
                text = await self._socket.receive_text()
        except TimeoutError:
            await self._send(self._capture.tick(self._now()))
            return
        except KeyError:  # a binary frame
            self._capture.breach(self._now())
            return
        try:
            message = messages.parse(text)
        except ValueError:
            self._capture.breach(self._now())
            return
        await self._send(await self._answer(message))

    async def _answer(self, message: object) -> list[Outgoing]:
        capture, now = self._capture, self._now()
        match message:
            case messages.Hello():
                return await self._hello(message)
            case messages.Pong(n=n):
                return capture.pong(n, now)
            case messages.Link():
                painted = tuple(message.painted)
                piece = CommittedSlice(message.bytes, message.link, now, message.made, painted)
                return capture.link(message.i, piece, now)
            case messages.Begin():
                return await self._draw() if capture.begin(now) else []
            case messages.Painted(k=k):
                capture.painted(k, now)
            case messages.End():
                if capture.end(message.links, message.link, now):
                    await self._seal()
            case _:
                capture.breach(now)
        return []

    async def _hello(self, hello: messages.Hello) -> list[Outgoing]:
        client = self._socket.client
        caller = Caller(hello.token, "" if client is None else client.host)
        try:
            session = await self._parts.access.acting(self._session_id, caller)
        except Refused as refused:
            return self._not_allowed(refused.kind)
        except Unavailable:
            return self._not_allowed("overloaded")
        if session.state not in states_before(Step.LIVE_BEGUN):
            return self._not_allowed("challenge-already-issued")
        self._session, self._calm = session, hello.calm
        return self._capture.hello(hello.mime, self._now())

    async def _draw(self) -> list[Outgoing]:
        if self._session is None:
            return self._not_allowed("interrupted")
        try:
            issued = await self._parts.issue_challenge(self._session, self._calm, Step.LIVE_BEGUN)
        except Unavailable:
            return self._not_allowed("overloaded")
        if isinstance(issued, AttemptRefused):
            self._retry_after_s = issued.wait_s
            return self._not_allowed("attempts-exhausted" if issued.wait_s is None else "rate-limited")
        if not isinstance(issued, ChallengeIssued):
            return self._not_allowed("challenge-already-issued")
        slots = [SlotColour(slot.srgb, slot.duration_ms) for slot in issued.schedule.slots]
        return self._capture.drawn(slots, self._now())

    def _not_allowed(self, kind: str) -> list[Outgoing]:
        self._refusal = kind
        self._capture.not_allowed(self._now())
        return []

    async def _seal(self) -> None:
        try:
            if await self._parts.seal(self._capture.transcript()):
                await self._socket.send_text(messages.SEALED)
        except Unavailable:
            self._refusal = "overloaded"
            await self._socket.send_text(messages.closing(self._refusal))

    async def _send(self, told: list[Outgoing]) -> None:
        for message in told:
            await self._socket.send_text(messages.to_text(message))

    async def _close(self) -> None:
        """Advice only: why a capture stopped is not told in detail."""
        if self._capture.state is not State.SEALED:
            await self._socket.send_text(messages.closing(self._refusal, self._retry_after_s))
        await self._socket.close(CLOSE_CODES[self._capture.state])
