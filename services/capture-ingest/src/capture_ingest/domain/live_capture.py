"""One live capture, protocol `borderlight.live.v1`, without a socket and without a clock.

The owner calls a method for everything that happens, with the time of one monotonic clock, and sends what comes back.
`wake_ms` says when to call `tick`. The order of events is the table in live_states.py. What the client says is taken
down and bounded, never believed: the server's own times are those of release and of arrival.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from capture_ingest.domain.live_states import ENDS, TRANSITIONS, Event, State
from capture_ingest.domain.live_transcript import CommittedSlice, LiveTranscript, ReleasedSlot
from capture_ingest.domain.slot_release import SlotColour, SlotRelease

PINGS = 3
LINKS_BEFORE_BEGIN = 2
"""Slices with bytes: the recorder really slices, and its start is behind us."""
MAX_LINKS = 400
PATIENCE_MS = {State.OPEN: 5_000.0, State.MEASURING: 5_000.0, State.READY: 30_000.0, State.DRAWING: 10_000.0}
LAST_LINKS_MS = 4_000.0
"""After the last colour has left the screen."""


@dataclass(frozen=True)
class Accepted:
    """Answers hello: the chain may begin."""

    nonce: str


@dataclass(frozen=True)
class Ping:
    n: int


@dataclass(frozen=True)
class Ready:
    round_trip_ms: float


@dataclass(frozen=True)
class ShowSlot:
    """k: from 0; last: no further colour follows."""

    k: int
    colour: SlotColour
    last: bool


@dataclass(frozen=True)
class HoldColour:
    """Slices are overdue: the colour stays until the next slot comes."""


Outgoing = Accepted | Ping | Ready | ShowSlot | HoldColour


class LiveCapture:
    """session_id, nonce: bind the chain; max_bytes: of the whole film; now_ms: of the owner's monotonic clock."""

    def __init__(self, session_id: str, nonce: str, max_bytes: int, now_ms: float) -> None:
        self.state = State.OPEN
        self._session_id, self._nonce, self._max_bytes = session_id, nonce, max_bytes
        self._entered_ms = now_ms
        self._mime = ""
        self._pinged_ms = now_ms
        self._round_trips: list[float] = []
        self._slices: list[CommittedSlice] = []
        self._release: SlotRelease | None = None
        self._told_to_hold = False
        self._ended_ms = now_ms

    @property
    def is_over(self) -> bool:
        return self.state in ENDS

    @property
    def has_begun(self) -> bool:
        """Whether a colour was told: the attempt is spent."""
        return self._release is not None

    def _take(self, event: Event, now_ms: float) -> bool:
        """Go where the table says; a step that it does not have is a breach."""
        following = TRANSITIONS.get((self.state, event))
        if following is None:
            following = TRANSITIONS.get((self.state, Event.BREACH), self.state)
            self.state, self._ended_ms = following, now_ms
            return False
        if following is not self.state:
            self._entered_ms = now_ms
        self.state = following
        if following in ENDS:
            self._ended_ms = now_ms
        return True

    def hello(self, mime: str, now_ms: float) -> list[Outgoing]:
        if not self._take(Event.HELLO, now_ms):
            return []
        self._mime, self._pinged_ms = mime, now_ms
        return [Accepted(self._nonce), Ping(0)]

    def pong(self, n: int, now_ms: float) -> list[Outgoing]:
        if n != len(self._round_trips):
            self.breach(now_ms)
            return []
        if not self._take(Event.PONG, now_ms):
            return []
        self._round_trips.append(now_ms - self._pinged_ms)
        if len(self._round_trips) < PINGS:
            self._pinged_ms = now_ms
            return [Ping(len(self._round_trips))]
        self._take(Event.MEASURED, now_ms)
        return [Ready(min(self._round_trips))]

    def link(self, index: int, piece: CommittedSlice, now_ms: float) -> list[Outgoing]:
        """A slice is committed at `now_ms`. A colour that is not out cannot have been painted."""
        painted_is_possible = all(0 <= k < self._released_count() for k, _ in piece.painted)
        total = sum(earlier.size for earlier in self._slices) + piece.size
        in_order = index == len(self._slices) < MAX_LINKS and piece.size >= 0 and total <= self._max_bytes
        if not (in_order and painted_is_possible):
            self.breach(now_ms)
            return []
        if not self._take(Event.LINK, now_ms):
            return []
        self._slices.append(CommittedSlice(piece.size, piece.link, now_ms, piece.made_client_ms, piece.painted))
        return self.tick(now_ms)

    def begin(self, now_ms: float) -> bool:
        """Whether the challenge is to be drawn now; `drawn` or `not_allowed` follows."""
        if sum(piece.size > 0 for piece in self._slices) < LINKS_BEFORE_BEGIN:
            self.breach(now_ms)
            return False
        return self._take(Event.BEGIN, now_ms)

    def drawn(self, slots: Sequence[SlotColour], now_ms: float) -> list[Outgoing]:
        """The challenge belongs to this connection: the first colours go out."""
        if not self._take(Event.CHALLENGE_DRAWN, now_ms):
            return []
        self._release = SlotRelease(slots, now_ms)
        return self.tick(now_ms)

    def not_allowed(self, now_ms: float) -> None:
        self._take(Event.NOT_ALLOWED, now_ms)

    def painted(self, k: int, now_ms: float) -> None:
        """The page says that slot k is on the screen; the first one anchors the schedule."""
        if self._release is None or k >= self._released_count():
            self.breach(now_ms)
        elif self._take(Event.PAINTED, now_ms) and k == 0:
            self._release.anchor(now_ms - min(self._round_trips) / 2)

    def end(self, links: int, last_link: str, now_ms: float) -> bool:
        """Whether the transcript is sealed: the client counts and closes the chain as we do."""
        if not self._slices or links != len(self._slices) or last_link != self._slices[-1].link:
            self.breach(now_ms)
            return False
        return self._take(Event.END, now_ms)

    def lost(self, now_ms: float) -> None:
        if not self.is_over:
            self._take(Event.LOST, now_ms)

    def breach(self, now_ms: float) -> None:
        if not self.is_over:
            self._take(Event.BREACH, now_ms)

    def wake_ms(self) -> float:
        """When `tick` is due at the latest."""
        if self.state is State.SHOWING and self._release is not None:
            due = self._release.next_ms()
            return self._release.end_ms() if due is None else due
        if self.state is State.FINISHING and self._release is not None:
            return self._release.end_ms() + LAST_LINKS_MS
        return self._entered_ms + PATIENCE_MS.get(self.state, 0.0)

    def tick(self, now_ms: float) -> list[Outgoing]:
        """Release what is due, hold what cannot go on, give up what has stalled."""
        if self.state is State.SHOWING and self._release is not None:
            return self._show(self._release, now_ms)
        if not self.is_over and now_ms >= self.wake_ms():
            self._take(Event.STALLED, now_ms)
        return []

    def _show(self, release: SlotRelease, now_ms: float) -> list[Outgoing]:
        told: list[Outgoing] = []
        last_link_ms = self._slices[-1].arrived_ms
        while (k := release.release(now_ms, last_link_ms)) is not None:
            self._told_to_hold = False
            told.append(ShowSlot(k, release.slots[k], release.is_complete))
            self._take(Event.LAST_RELEASED if release.is_complete else Event.SLOT_RELEASED, now_ms)
        if release.is_spent(now_ms):
            self._take(Event.STALLED, now_ms)
        elif release.is_waiting and not self._told_to_hold:
            self._told_to_hold = True
            self._take(Event.LINKS_LATE, now_ms)
            told.append(HoldColour())
        return told

    def _released_count(self) -> int:
        return 0 if self._release is None else len(self._release.released_ms)

    def transcript(self) -> LiveTranscript:
        """Of a sealed capture; raises ValueError for any other."""
        release = self._release
        if self.state is not State.SEALED or release is None:
            raise ValueError(f"a capture that is {self.state} has no transcript")
        zero = release.begun_ms
        return LiveTranscript(
            session_id=self._session_id,
            nonce=self._nonce,
            mime=self._mime,
            round_trip_ms=tuple(round(value, 1) for value in self._round_trips),
            slots=tuple(
                ReleasedSlot(slot.srgb, slot.duration_ms, round(at - zero, 1))
                for slot, at in zip(release.slots, release.released_ms, strict=True)
            ),
            slices=tuple(
                CommittedSlice(
                    piece.size, piece.link, round(piece.arrived_ms - zero, 1), piece.made_client_ms, piece.painted
                )
                for piece in self._slices
            ),
            held_ms=round(release.held_ms, 1),
            ended_ms=round(self._ended_ms - zero, 1),
        )
