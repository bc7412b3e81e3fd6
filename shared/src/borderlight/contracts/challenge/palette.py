"""Schedules from a fixed palette: what version 1 of the challenge issued. Kept so that old captures stay judgeable."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from borderlight.contracts.challenge.random_words import below, words
from borderlight.contracts.challenge.schedule import Colour, ColourSchedule, slots_in_turn

_ON = 128
_MIN_STEPS = 3


@dataclass(frozen=True)
class PaletteGenerator:
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
        stream = words(random)
        order = self._order(stream)
        while not self.accepts(order):
            order = self._order(stream)
        durations = [self.shortest_ms + below(stream, self.longest_ms - self.shortest_ms + 1) for _ in order]
        return ColourSchedule(slots_in_turn([self.palette[k] for k in order], durations), self.name)

    def _order(self, stream: Iterator[int]) -> list[int]:
        order: list[int] = []
        for _ in range(self.slots):
            choices = [k for k in range(len(self.palette)) if not order or k != order[-1]]
            order.append(choices[below(stream, len(choices))])
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
