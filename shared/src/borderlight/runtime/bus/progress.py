"""What a stage remembers of each partition, kept with the committed offset so that it survives a restart.

A committed offset carries a text. It holds how often the next record was taken in hand without coming back (a record
that kills the process is known by it), how many dead letters came of late, and since when the partition is paused.
"""

import json
from dataclasses import dataclass
from typing import Protocol

from borderlight.runtime.bus.position import Partition, RecordPosition

_WINDOW = 200


@dataclass
class Progress:
    """tries: times the record at the committed offset was taken in hand; row: dead letters one after another;
    recent, seen: the last records as bits (1 is a dead letter) and how many; paused_at_ms: epoch, None when going."""

    tries: int = 0
    row: int = 0
    recent: int = 0
    seen: int = 0
    paused_at_ms: int | None = None

    def count(self, dead: bool) -> None:
        """One more record is done."""
        self.tries = 0
        self.row = self.row + 1 if dead else 0
        self.recent = ((self.recent << 1) | int(dead)) & ((1 << _WINDOW) - 1)
        self.seen = min(self.seen + 1, _WINDOW)

    def resume(self) -> None:
        """Begin to count anew."""
        self.row = self.recent = self.seen = 0
        self.paused_at_ms = None

    def as_text(self) -> str:
        """Text for the committed offset; empty when there is nothing to remember."""
        fields = {"tries": self.tries, "row": self.row, "seen": self.seen, "paused_at_ms": self.paused_at_ms}
        kept: dict[str, int | str] = {name: value for name, value in fields.items() if value}
        if self.recent:
            kept["recent"] = f"{self.recent:x}"
        worth_it = self.recent or self.tries or self.paused_at_ms
        return json.dumps(kept, separators=(",", ":")) if worth_it else ""

    @staticmethod
    def from_text(text: str | None) -> "Progress":
        """The opposite of as_text; a text that is not ours is nothing to remember."""
        try:
            kept = json.loads(text or "{}")
            progress = Progress(int(kept.get("tries", 0)), int(kept.get("row", 0)))
            progress.recent, progress.seen = int(kept.get("recent", "0"), 16), int(kept.get("seen", 0))
            paused = kept.get("paused_at_ms")
            progress.paused_at_ms = None if paused is None else int(paused)
        except (ValueError, TypeError, AttributeError):
            return Progress()
        return progress


@dataclass(frozen=True)
class DeadLetterLimit:
    """Trips instead of making the `consecutive`-th dead letter in a row, or one that would make more than `ratio` of
    the last 200 records of a partition."""

    consecutive: int = 20
    ratio: float = 0.5

    def trips(self, progress: Progress) -> bool:
        """Whether one more dead letter is too many."""
        share = progress.recent.bit_count() + 1
        return progress.row + 1 >= self.consecutive or (progress.seen >= _WINDOW and share > self.ratio * _WINDOW)


class ProgressStore(Protocol):
    """Where the text of a partition is kept: at the group's committed offset."""

    async def load(self, partition: Partition, next_offset: int) -> Progress:
        """What was stored, its `tries` only when they are of `next_offset`; raises Unavailable."""
        ...

    async def mark(self, position: RecordPosition, progress: Progress) -> None:
        """Store beside `position`, which is not done yet; raises Unavailable."""
        ...


class ForgetfulProgress:
    """Keeps nothing: for a broker in a test that has no offsets."""

    async def load(self, partition: Partition, next_offset: int) -> Progress:
        return Progress()

    async def mark(self, position: RecordPosition, progress: Progress) -> None:
        return None
