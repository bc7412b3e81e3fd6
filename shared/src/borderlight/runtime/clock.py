"""Time as a port: wall clock for stamps, monotonic clock for durations."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Current time, aware, UTC."""
        ...

    def monotonic_ms(self) -> float:
        """Monotonic time [ms]."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_ms(self) -> float:
        return time.monotonic() * 1000.0
