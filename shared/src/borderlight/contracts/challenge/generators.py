"""Versioned generators: pure functions from random bytes to a colour schedule.

`colour-slots/2` is issued: ten slots of 330-350 ms (at most 3.5 s of light) with colours from the whole gamut, at
several luminances, one of them a dark blank. Every change is large in at least two channels. Slots of at least 330 ms
allow four changes in a second, which is two flashes by the definition of WCAG 2.3.1; three are allowed.

`calm-slots/2` is issued to people who cannot look at flashes: colours of nearly equal luminance and no saturated red,
so that by the same definition it holds no flash at all, changed slowly over a longer time.

`colour-slots/1` and `calm-slots/1` drew from palettes of eight and six colours. They are issued no more; captures that
answer them stay judgeable.
"""

from collections.abc import Callable
from typing import Protocol

from borderlight.contracts.challenge.gamut import GamutGenerator
from borderlight.contracts.challenge.palette import PaletteGenerator
from borderlight.contracts.challenge.random_words import RANDOM_BYTES
from borderlight.contracts.challenge.schedule import ColourSchedule

__all__ = [
    "CALM_PALETTE", "CALM_SLOTS", "COLOUR_PALETTE", "COLOUR_SLOTS", "GENERATORS", "RANDOM_BYTES", "RandomSource",
    "SlotGenerator", "generator_named",
]  # fmt: skip


class SlotGenerator(Protocol):
    """A family of schedules: `slots` colours, each shown for shortest_ms to longest_ms."""

    @property
    def name(self) -> str: ...
    @property
    def slots(self) -> int: ...
    @property
    def shortest_ms(self) -> int: ...
    @property
    def longest_ms(self) -> int: ...

    def draw(self, random: bytes) -> ColourSchedule:
        """Schedule drawn from at least RANDOM_BYTES uniform bytes; equal bytes give equal schedules."""
        ...


COLOUR_SLOTS = GamutGenerator(
    "colour-slots/2",
    slots=10,
    shortest_ms=330,
    longest_ms=350,
    codes=((10, 255), (10, 255), (10, 255)),
    luminance=(0.0, 1.0),
    min_step=0.25,
    min_spread=(0.30, 0.30, 0.30),
    max_alike=0.6,
    dark_code=48,
)
CALM_SLOTS = GamutGenerator(
    "calm-slots/2",
    slots=13,
    shortest_ms=600,
    longest_ms=680,
    codes=((70, 230), (80, 190), (70, 238)),
    luminance=(0.30, 0.39),
    min_step=0.08,
    min_spread=(0.17, 0.07, 0.17),
    max_alike=0.95,
)
COLOUR_PALETTE = PaletteGenerator(
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
CALM_PALETTE = PaletteGenerator(
    "calm-slots/1",
    (
        (226, 118, 118), (108, 176, 112), (128, 148, 232), (180, 158, 84), (84, 172, 182), (206, 120, 214),
    ),
    slots=13,
    shortest_ms=600,
    longest_ms=680,
)  # fmt: skip
GENERATORS: dict[str, SlotGenerator] = {
    generator.name: generator for generator in (COLOUR_SLOTS, CALM_SLOTS, COLOUR_PALETTE, CALM_PALETTE)
}


def generator_named(name: str | None) -> SlotGenerator | None:
    """The generator a schedule names, or None when it names none that we know."""
    return None if name is None else GENERATORS.get(name)


RandomSource = Callable[[int], bytes]
