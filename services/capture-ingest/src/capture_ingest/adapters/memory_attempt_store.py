"""Attempts per traveller in this process: for the embedded mode and tests."""

from collections.abc import Callable

from capture_ingest.domain.attempts import DAY_S, AttemptCount, AttemptRefused


class MemoryAttemptStore:
    """A dictionary; a count is forgotten a day after its first attempt."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[float, AttemptCount]] = {}

    async def spend(
        self, name: str, now_s: float, judge: Callable[[AttemptCount], AttemptRefused | None]
    ) -> AttemptRefused | None:
        first_s, count = self._counts.get(name, (now_s, AttemptCount(0, 0.0)))
        if now_s - first_s >= DAY_S:
            first_s, count = now_s, AttemptCount(0, 0.0)
        refused = judge(count)
        if refused is None:
            self._counts[name] = (first_s, AttemptCount(count.seen + 1, now_s))
        return refused
