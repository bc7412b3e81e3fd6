"""The flash rule of WCAG 2.3.1, computed from a schedule.

A general flash is a pair of opposing changes of relative luminance of 10 % or more of the maximum where the darker
image is below 0.80; a red flash is a pair of opposing transitions that involve saturated red. At most three of either
may fall into any one second. (W3C, WCAG 2.2, "general flash and red flash thresholds".) For red flashes WCAG also asks
for a distance of 0.2 in the CIE 1976 u'v' diagram; it is left out here, which can only raise the count.
"""

from collections.abc import Callable

import numpy as np

from borderlight.contracts.challenge.schedule import LUMINANCE, ColourSchedule

MAX_FLASHES_PER_SECOND = 3
SATURATED_RED = 0.8
"""Share of red in the sum of linear red, green and blue from which a colour is saturated red."""
_SECOND_MS = 1_000
_LUMINANCE = np.array(LUMINANCE)
_MIN_SWING = 0.10
_DARK_BELOW = 0.80


def _most_pairs_in_a_second(starts_ms: list[float], count_changes: Callable[[int, int], int]) -> int:
    """Most pairs of opposing changes in any second; count_changes(first, last): opposing changes among those starts."""
    most = 0
    for first, begun in enumerate(starts_ms):
        last = max(k for k, at in enumerate(starts_ms) if at - begun <= _SECOND_MS)
        most = max(most, count_changes(first, last) // 2)
    return most


def _opposing_changes(levels: list[float]) -> int:
    """Large changes of luminance that follow one another in opposing directions.

    A change that is made of several small ones in the same direction is one, when their sum is large.
    """
    count, last = 0, 0
    lowest = highest = levels[0]
    for level in levels[1:]:
        if last != 1 and level - lowest >= _MIN_SWING and lowest < _DARK_BELOW:
            count, last, lowest, highest = count + 1, 1, level, level
        elif last != -1 and highest - level >= _MIN_SWING and level < _DARK_BELOW:
            count, last, lowest, highest = count + 1, -1, level, level
        lowest, highest = min(lowest, level), max(highest, level)
    return count


def _changes_ms(schedule: ColourSchedule) -> list[float]:
    """When the screen changes: at each slot's start and at the end of the last."""
    return [*schedule.start_ms().tolist(), float(schedule.start_ms()[-1] + schedule.duration_ms()[-1])]


def general_flashes_per_second(schedule: ColourSchedule) -> int:
    """Most general flashes in any second of the schedule, the screen dark before and after it."""
    levels: list[float] = [0.0, *(schedule.linear_colours() @ _LUMINANCE).tolist(), 0.0]
    return _most_pairs_in_a_second(
        _changes_ms(schedule), lambda first, last: _opposing_changes(levels[first : last + 2])
    )


def red_flashes_per_second(schedule: ColourSchedule) -> int:
    """Most pairs of opposing transitions to or from saturated red in any second."""
    colours = np.vstack([np.zeros(3), schedule.linear_colours(), np.zeros(3)])
    total = colours.sum(1)
    saturated = ((total > 0) & (colours[:, 0] >= SATURATED_RED * np.maximum(total, 1e-9))).tolist()
    return _most_pairs_in_a_second(
        _changes_ms(schedule),
        lambda first, last: sum(saturated[k] != saturated[k + 1] for k in range(first, last + 1)),
    )


def satisfies_flash_rule(schedule: ColourSchedule) -> bool:
    """Whether no second of the schedule holds more than three general or red flashes."""
    return max(general_flashes_per_second(schedule), red_flashes_per_second(schedule)) <= MAX_FLASHES_PER_SECOND
