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
class JoinState:
    """JSON texts of the events that have come; the first of each side stands."""

    session_id: str
    captured: str | None = None
    rejected: str | None = None
    liveness: str | None = None
    comparison: str | None = None
    verdict: str | None = None
    published: bool = False

    def is_complete(self) -> bool:
        """Whether a verdict can be reached without waiting longer."""
        if self.captured is None:
            return False
        return self.rejected is not None or (self.liveness is not None and self.comparison is not None)
