"""Schedules whose colours are drawn from the whole gamut: no recording holds them.

With a palette, a recording of the person under each of its colours can be cut into the answer to any challenge. Here
every slot has a colour of its own, so the best that a cut recording can show is a near one. How near, for recordings of
8, 27 and 64 colours, says `./dev challenges`. What a gamut cannot stop is a *mixture*: light adds,
so frames filmed under a few colours sum to the frame under any colour between them.

Each channel follows the arcsine law (more often near its ends than in its middle). Of the laws tried it gives the
largest signal for the same distance from the colours of a library. A schedule is drawn again until each channel varies
enough and no two channels vary alike: else the answer of a camera channel could not be told from a drift of exposure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, sin

import numpy as np

from borderlight.contracts.challenge.photosensitivity import SATURATED_RED
from borderlight.contracts.challenge.random_words import WORD, below, words
from borderlight.contracts.challenge.schedule import LINEAR, LUMINANCE, Colour, ColourSchedule, slots_in_turn


@dataclass(frozen=True)
class GamutGenerator:
    """Parameters of a family of schedules.

    codes: lowest and highest sRGB code of each channel; luminance: lowest and highest relative luminance of a colour;
    min_step: least change of linear light [share of full drive] in at least two channels from slot to slot;
    min_spread: least standard deviation of each channel over the slots [share of full drive]; max_alike: greatest
    absolute correlation of two channels over the slots; dark_code: highest code of the one dark blank, None: no blank.
    """

    name: str
    slots: int
    shortest_ms: int
    longest_ms: int
    codes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    luminance: tuple[float, float]
    min_step: float
    min_spread: tuple[float, float, float]
    max_alike: float
    dark_code: int | None = None

    def draw(self, random: bytes) -> ColourSchedule:
        """Schedule drawn from at least RANDOM_BYTES uniform bytes; equal bytes give equal schedules."""
        stream = words(random)
        colours = self._colours(stream)
        while not self.accepts(colours):
            colours = self._colours(stream)
        durations = [self.shortest_ms + below(stream, self.longest_ms - self.shortest_ms + 1) for _ in colours]
        return ColourSchedule(slots_in_turn(colours, durations), self.name)

    def _colours(self, stream: Iterator[int]) -> list[Colour]:
        dark = -1 if self.dark_code is None else below(stream, self.slots)
        colours: list[Colour] = []
        while len(colours) < self.slots:
            is_blank = len(colours) == dark
            colour = self._blank(stream) if is_blank else self._colour(stream)
            if not colours or self._differ(colours[-1], colour):
                colours.append(colour)
            elif is_blank:
                # Some colours are too dark for any blank to differ from them: another one takes their place.
                colours.pop()
        return colours

    def _blank(self, stream: Iterator[int]) -> Colour:
        highest = self.dark_code or 0
        while True:
            red, green, blue = (low + below(stream, highest - low + 1) for low, _ in self.codes)
            if not _is_saturated_red((red, green, blue)):
                return red, green, blue

    def _colour(self, stream: Iterator[int]) -> Colour:
        """A colour of the arcsine law inside the band of luminance that is no saturated red."""
        while True:
            red, green, blue = (_arcsine(next(stream), low, high) for low, high in self.codes)
            luminance = LUMINANCE[0] * LINEAR[red] + LUMINANCE[1] * LINEAR[green] + LUMINANCE[2] * LINEAR[blue]
            in_band = self.luminance[0] <= luminance <= self.luminance[1]
            if in_band and not _is_saturated_red((red, green, blue)):
                return red, green, blue

    def _differ(self, one: Colour, other: Colour) -> bool:
        return sum(abs(LINEAR[a] - LINEAR[b]) >= self.min_step for a, b in zip(one, other, strict=True)) >= 2

    def accepts(self, colours: list[Colour]) -> bool:
        """Whether each channel varies enough over the slots, and no two alike."""
        light = np.array([[LINEAR[code] for code in colour] for colour in colours])
        spread = light.std(0)
        if (spread < self.min_spread).any():
            return False
        varying = light - light.mean(0)
        alike = (varying.T @ varying) / len(light) / np.outer(spread, spread)
        return bool(np.abs(alike[np.triu_indices(3, 1)]).max() <= self.max_alike)


def _is_saturated_red(colour: Colour) -> bool:
    red, green, blue = (LINEAR[code] for code in colour)
    return red >= SATURATED_RED * (red + green + blue)


def _arcsine(word: int, low: int, high: int) -> int:
    """The sRGB code whose linear light is nearest to a draw of the arcsine law between two codes."""
    share = sin(pi / 2 * word / WORD) ** 2
    light = LINEAR[low] + (LINEAR[high] - LINEAR[low]) * share
    code = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return min(high, max(low, round(255 * code)))
