"""WCAG 2.3.1 on a course of painted colours: a flash is a pair of opposing changes of relative luminance."""

from collections.abc import Sequence

_LEAST_CHANGE = 0.1
_DARKER_BELOW = 0.8


def _luminance(colour: Sequence[float]) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def flashes_per_second(shown: Sequence[Sequence[float]]) -> float:
    """The most flashes in any one second; shown: rows of time [ms], then linear red, green, blue."""
    turns: list[tuple[float, int]] = []
    if not shown:
        raise ValueError("nothing was painted")
    extreme = _luminance(shown[0][1:4])
    direction = 0
    for row in shown[1:]:
        level = _luminance(row[1:4])
        change = level - extreme
        if abs(change) >= _LEAST_CHANGE and min(level, extreme) < _DARKER_BELOW:
            sign = 1 if change > 0 else -1
            if sign != direction:
                turns.append((row[0], sign))
                direction = sign
            extreme = level
        elif direction * change > 0 or direction == 0:
            extreme = max(extreme, level) if direction >= 0 else min(extreme, level)
    times = [at for at, _ in turns]
    most = max((sum(begun <= at < begun + 1000.0 for at in times) for begun in times), default=0)
    return most / 2.0
