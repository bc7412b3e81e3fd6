"""Versioned generators: pure functions from random bytes to a colour schedule.

`colour-slots/1` draws ten slots of 330-350 ms (at most 3.5 s of light) from eight colours. The palette spans three
independent chromatic directions at several luminances, with white and a dark blank, so that the answer of each camera
channel can be told from drift of exposure (common to all channels) and of white balance (slow). A draw is taken again
until every primary is on in at least three slots and off in at least three, and the dark blank falls somewhere: a
schedule that leaves a channel without steps would measure nothing in it.

`calm-slots/1` is for people who cannot look at flashes: colours of nearly equal luminance, so that by the definition
of WCAG 2.3.1 it holds no flash at all, changed slowly over a longer time.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from borderlight.contracts.challenge.schedule import ColourSchedule, Slot

RANDOM_BYTES = 64
Colour = tuple[int, int, int]
_ON = 128
_MIN_STEPS = 3


@dataclass(frozen=True)
class SlotGenerator:
    """Parameters of a family of schedules; `palette` colours never follow themselves.

    dark: index of the palette's blank that must appear, or None. balanced: each primary on and off often enough.
    """

    name: str
    palette: tuple[Colour, ...]
    slots: int
    shortest_ms: int
    longest_ms: int
    dark: int | None = None
    balanced: bool = False

    def draw(self, random: bytes) -> ColourSchedule:
        """Schedule drawn from at least RANDOM_BYTES uniform bytes; equal bytes give equal schedules."""
        if len(random) < RANDOM_BYTES:
            raise ValueError(f"need {RANDOM_BYTES} random bytes, got {len(random)}")
        words = _words(random)
        order = self._order(words)
        while not self.accepts(order):
            order = self._order(words)
        start = 0
        slots: list[Slot] = []
        for colour in order:
            duration = self.shortest_ms + _below(words, self.longest_ms - self.shortest_ms + 1)
            slots.append(Slot(self.palette[colour], float(start), float(duration)))
            start += duration
        return ColourSchedule(tuple(slots), self.name)

    def _order(self, words: Iterator[int]) -> list[int]:
        order: list[int] = []
        for _ in range(self.slots):
            choices = [k for k in range(len(self.palette)) if not order or k != order[-1]]
            order.append(choices[_below(words, len(choices))])
        return order

    def accepts(self, order: list[int]) -> bool:
        """Whether a colour order without repeats satisfies the balance."""
        if self.dark is not None and self.dark not in order:
            return False
        if not self.balanced:
            return True
        return all(_MIN_STEPS <= count <= self.slots - _MIN_STEPS for count in self._on_counts(order))

    def _on_counts(self, order: list[int]) -> tuple[int, int, int]:
        red, green, blue = (sum(self.palette[k][channel] >= _ON for k in order) for channel in range(3))
        return red, green, blue

    def colour_orders(self) -> int:
        """How many colour orders can be drawn, all equally likely; counted exactly, colour by colour."""

        @cache
        def count(slot: int, last: int, on: tuple[int, int, int], dark_seen: bool) -> int:
            if slot == self.slots:
                fits = not self.balanced or all(_MIN_STEPS <= n <= self.slots - _MIN_STEPS for n in on)
                return int(fits and (dark_seen or self.dark is None))
            total = 0
            for k, colour in enumerate(self.palette):
                if k != last:
                    more = (on[0] + (colour[0] >= _ON), on[1] + (colour[1] >= _ON), on[2] + (colour[2] >= _ON))
                    total += count(slot + 1, k, more, dark_seen or k == self.dark)
            return total

        return count(0, -1, (0, 0, 0), False)


def _words(random: bytes) -> Iterator[int]:
    """An endless stream of 16-bit words from the random bytes (SHAKE-256)."""
    block = 0
    while True:
        chunk = hashlib.shake_256(random + block.to_bytes(4, "big")).digest(256)
        for at in range(0, len(chunk), 2):
            yield int.from_bytes(chunk[at : at + 2], "big")
        block += 1


def _below(words: Iterator[int], bound: int) -> int:
    """A number below `bound`; the bias of one 16-bit word is below bound / 65536."""
    return next(words) * bound >> 16


COLOUR_SLOTS = SlotGenerator(
    "colour-slots/1",
    (
        (255, 255, 255), (16, 16, 16), (255, 40, 40), (40, 235, 40), (50, 60, 255), (250, 235, 40), (40, 240, 240),
        (250, 50, 240),
    ),
    slots=10,
    shortest_ms=330,
    longest_ms=350,
    dark=1,
    balanced=True,
)  # fmt: skip
CALM_SLOTS = SlotGenerator(
    "calm-slots/1",
    (
        (226, 118, 118), (108, 176, 112), (128, 148, 232), (180, 158, 84), (84, 172, 182), (206, 120, 214),
    ),
    slots=13,
    shortest_ms=600,
    longest_ms=680,
)  # fmt: skip
GENERATORS = {generator.name: generator for generator in (COLOUR_SLOTS, CALM_SLOTS)}


def generator_named(name: str | None) -> SlotGenerator | None:
    """The generator a schedule names, or None when it names none that we know."""
    return None if name is None else GENERATORS.get(name)


RandomSource = Callable[[int], bytes]
