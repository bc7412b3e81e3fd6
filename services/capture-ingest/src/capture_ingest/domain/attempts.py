"""How often one traveller may see a challenge: a few at once, then with growing waits, and so many in a day."""

from dataclasses import dataclass

AT_ONCE = 3
FIRST_WAIT_S = 20.0
LONGEST_WAIT_S = 600.0
DAY_S = 86_400.0


@dataclass(frozen=True)
class AttemptCount:
    """seen: challenges within the running day; last_s: when the last was shown [s since the epoch]."""

    seen: int
    last_s: float


@dataclass(frozen=True)
class AttemptRefused:
    """wait_s: until the next attempt is possible; None when this day has none left."""

    wait_s: float | None


def refusal(count: AttemptCount, now_s: float, per_day: int) -> AttemptRefused | None:
    """Why no challenge may be shown now; None when it may. per_day: 0 means without limit."""
    if per_day <= 0:
        return None
    if count.seen >= per_day:
        return AttemptRefused(None)
    if count.seen < AT_ONCE:
        return None
    wait_s = min(FIRST_WAIT_S * 2.0 ** (count.seen - AT_ONCE), LONGEST_WAIT_S)
    left = count.last_s + wait_s - now_s
    return AttemptRefused(left) if left > 0 else None
