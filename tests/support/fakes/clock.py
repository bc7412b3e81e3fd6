"""A clock that stands until told otherwise."""

from datetime import UTC, datetime, timedelta


class StandingClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic_ms(self) -> float:
        return self.at.timestamp() * 1000.0

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
