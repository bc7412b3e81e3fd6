"""When each colour leaves the server.

Slot k is due on the screen at anchor + start_k + held; it is released `LOOK_AHEAD_MS` before that, the first two at
once. The anchor moves once, to the moment at which the client reports its first paint: only later, never earlier, so
that a slow first message does not make every answer look late. While slices are overdue nothing is released: the colour
stays and the schedule shifts. Both together may cost `MOST_HELD_MS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

LOOK_AHEAD_MS = 340.0
LINK_OVERDUE_MS = 500.0
"""A slice is made every 150-250 ms; after this long without one the next colour waits."""
MOST_HELD_MS = 600.0


@dataclass(frozen=True)
class SlotColour:
    """srgb: displayed code values; duration_ms: how long it stays."""

    srgb: tuple[int, int, int]
    duration_ms: float


@dataclass
class SlotRelease:
    """slots: the challenge in order; begun_ms: the server's clock when it was drawn."""

    slots: Sequence[SlotColour]
    begun_ms: float
    released_ms: list[float] = field(default_factory=list[float])
    held_ms: float = 0.0
    _anchor_ms: float = 0.0
    _is_anchored: bool = False
    _waiting_since_ms: float | None = None

    def __post_init__(self) -> None:
        self._anchor_ms = self.begun_ms

    @property
    def is_complete(self) -> bool:
        return len(self.released_ms) == len(self.slots)

    @property
    def is_waiting(self) -> bool:
        """Whether the next colour waits for slices."""
        return self._waiting_since_ms is not None

    def due_ms(self, k: int) -> float:
        """When slot k should be on the screen."""
        return self._anchor_ms + sum(slot.duration_ms for slot in self.slots[:k])

    def end_ms(self) -> float:
        """When the last colour should leave the screen."""
        return self.due_ms(len(self.slots))

    def next_ms(self) -> float | None:
        """When something is to be decided; None when every slot is out."""
        if self.is_complete:
            return None
        if self._waiting_since_ms is not None:
            return self._waiting_since_ms + MOST_HELD_MS - self.held_ms
        k = len(self.released_ms)
        return self.begun_ms if k < 2 else self.due_ms(k) - LOOK_AHEAD_MS

    def release(self, now_ms: float, last_link_ms: float) -> int | None:
        """The slot to release now, None when it is not time or slices are overdue (then see `is_spent`)."""
        due = self.next_ms()
        k = len(self.released_ms)
        if due is None or (self._waiting_since_ms is None and now_ms < due):
            return None
        if k >= 2 and now_ms - last_link_ms > LINK_OVERDUE_MS:
            if self._waiting_since_ms is None:
                self._waiting_since_ms = now_ms
            return None
        if self._waiting_since_ms is not None:
            self._shift(now_ms - self._waiting_since_ms)
            self._waiting_since_ms = None
        self.released_ms.append(now_ms)
        return k

    def is_spent(self, now_ms: float) -> bool:
        """Whether slices have been overdue for longer than the capture may be held."""
        return self._waiting_since_ms is not None and now_ms - self._waiting_since_ms >= MOST_HELD_MS - self.held_ms

    def anchor(self, painted_ms: float) -> None:
        """The first colour was on the screen at `painted_ms` of the server's clock, as far as the round trip tells."""
        if not self._is_anchored and painted_ms > self._anchor_ms:
            self._shift(min(painted_ms - self._anchor_ms, MOST_HELD_MS - self.held_ms))
        self._is_anchored = True

    def _shift(self, by_ms: float) -> None:
        self._anchor_ms += by_ms
        self.held_ms += by_ms
