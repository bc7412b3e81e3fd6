"""The flash rule of WCAG 2.3.1, computed from a schedule.

A general flash is a pair of opposing changes of relative luminance of 10 % or more of the maximum where the darker
image is below 0.80; a red flash is a pair of opposing transitions that involve saturated red. At most three of either
may fall into any one second. (W3C, WCAG 2.2, "general flash and red flash thresholds".)
"""

import numpy as np

from borderlight.contracts.challenge.schedule import ColourSchedule

MAX_FLASHES_PER_SECOND = 3
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_MIN_SWING = 0.10
_DARK_BELOW = 0.80
_SATURATED_RED = 0.8


def _most_pairs_in_a_second(times_ms: list[float], directions: list[int]) -> int:
    """Most pairs of opposing changes whose both halves fall into one second."""
    most = 0
    for first in range(len(times_ms)):
        pairs, open_direction = 0, directions[first]
        for k in range(first + 1, len(times_ms)):
            if times_ms[k] - times_ms[first] > 1_000:
                break
            if directions[k] == -open_direction:
                pairs += 1
                open_direction = 0
            elif open_direction == 0:
                open_direction = directions[k]
        most = max(most, pairs)
    return most


def general_flashes_per_second(schedule: ColourSchedule) -> int:
    """Most general flashes in any second of the schedule, the screen dark before and after it."""
    luminance = [0.0, *(schedule.linear_colours() @ _LUMINANCE).tolist(), 0.0]
    starts = [*schedule.start_ms().tolist(), float(schedule.start_ms()[-1] + schedule.duration_ms()[-1])]
    times: list[float] = []
    directions: list[int] = []
    for k, at in enumerate(starts):
        before, after = luminance[k], luminance[k + 1]
        if abs(after - before) >= _MIN_SWING and min(before, after) < _DARK_BELOW:
            times.append(at)
            directions.append(1 if after > before else -1)
    return _most_pairs_in_a_second(times, directions)


def red_flashes_per_second(schedule: ColourSchedule) -> int:
    """Most pairs of opposing transitions to or from saturated red in any second."""
    colours = np.vstack([np.zeros(3), schedule.linear_colours(), np.zeros(3)])
    total = colours.sum(1)
    saturated = (total > 0) & (colours[:, 0] >= _SATURATED_RED * np.maximum(total, 1e-9))
    starts = [*schedule.start_ms().tolist(), float(schedule.start_ms()[-1] + schedule.duration_ms()[-1])]
    times: list[float] = []
    directions: list[int] = []
    for k, at in enumerate(starts):
        if saturated[k] != saturated[k + 1]:
            times.append(at)
            directions.append(1 if saturated[k + 1] else -1)
    return _most_pairs_in_a_second(times, directions)


def satisfies_flash_rule(schedule: ColourSchedule) -> bool:
    """Whether no second of the schedule holds more than three general or red flashes."""
    return max(general_flashes_per_second(schedule), red_flashes_per_second(schedule)) <= MAX_FLASHES_PER_SECOND
