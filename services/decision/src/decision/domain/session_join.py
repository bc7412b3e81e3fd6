"""What is known of a session while its two answers are awaited."""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Inputs of the join; values are the fields under which they are stored."""

    CAPTURED = "captured"
    REJECTED = "rejected"
    LIVENESS = "liveness"
    COMPARISON = "comparison"


@dataclass(frozen=True)
class Stored:
    """text: JSON of the event; at_ms: timestamp of its record [ms since 1970], the same whenever it is read again."""

    text: str
    at_ms: int


@dataclass(frozen=True)
class JoinState:
    """The events that have come; the first of each side stands. published: the verdict is on its topic."""

    session_id: str
    captured: Stored | None = None
    rejected: Stored | None = None
    liveness: Stored | None = None
    comparison: Stored | None = None
    verdict: str | None = None
    published: bool = False

    def may_be_complete(self) -> bool:
        """Whether it is worth reading the events: a verdict may be possible without waiting longer."""
        if self.captured is None:
            return False
        return self.rejected is not None or (self.liveness is not None and self.comparison is not None)
