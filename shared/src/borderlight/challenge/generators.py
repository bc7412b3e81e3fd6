"""Versioned generators: pure functions from random bytes to a colour schedule.

`colour-slots/1` draws nine slots of 340-390 ms from eight colours. The palette spans three independent chromatic
directions at two levels of luminance, plus dark and white, so that the answer of each camera channel can be told
from drift of exposure (common to all channels) and of white balance (slow). `calm-slots/1` is the slow, low-contrast
schedule for people who cannot look at flashes: fewer changes of small luminance, over a longer time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from borderlight.challenge.schedule import ColourSchedule, Slot

RANDOM_BYTES = 64
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class SlotGenerator:
    """Parameters of a family of schedules; `palette` colours never follow themselves."""

    name: str
    palette: tuple[Colour, ...]
    slots: int
    shortest_ms: int
    longest_ms: int

    def draw(self, random: bytes) -> ColourSchedule:
        """Schedule drawn from at least RANDOM_BYTES uniform bytes; equal bytes give equal schedules."""
        if len(random) < RANDOM_BYTES:
            raise ValueError(f"need {RANDOM_BYTES} random bytes, got {len(random)}")
        words = _uniform_words(random)
        previous = -1
        start = 0
        slots: list[Slot] = []
        for _ in range(self.slots):
            choices = [k for k in range(len(self.palette)) if k != previous]
            previous = choices[_below(words, len(choices))]
            duration = self.shortest_ms + _below(words, self.longest_ms - self.shortest_ms + 1)
            slots.append(Slot(self.palette[previous], float(start), float(duration)))
            start += duration
        return ColourSchedule(tuple(slots), self.name)

    def colour_sequences(self) -> int:
        """How many colour orders this generator can draw (all equally likely)."""
        return len(self.palette) * (len(self.palette) - 1) ** (self.slots - 1)


def _uniform_words(random: bytes) -> Iterator[int]:
    for at in range(0, len(random) - 1, 2):
        yield int.from_bytes(random[at : at + 2], "big")


def _below(words: Iterator[int], bound: int) -> int:
    """A number below `bound`; the bias of one 16-bit word is below bound / 65536."""
    return next(words) * bound >> 16


COLOUR_SLOTS = SlotGenerator(
    "colour-slots/1",
    (
        (255, 255, 255), (20, 20, 20), (255, 40, 40), (40, 235, 40), (50, 60, 255), (250, 235, 40), (40, 240, 240),
        (250, 50, 240),
    ),
    slots=9,
    shortest_ms=340,
    longest_ms=386,
)  # fmt: skip
CALM_SLOTS = SlotGenerator(
    "calm-slots/1",
    ((210, 120, 120), (110, 190, 120), (120, 140, 230), (190, 180, 100), (110, 180, 190), (190, 120, 200)),
    slots=7,
    shortest_ms=900,
    longest_ms=1_000,
)
_GENERATORS = {generator.name: generator for generator in (COLOUR_SLOTS, CALM_SLOTS)}


def generator_named(name: str | None) -> SlotGenerator | None:
    """The generator a schedule names, or None when it names none that we know."""
    return None if name is None else _GENERATORS.get(name)


RandomSource = Callable[[int], bytes]
