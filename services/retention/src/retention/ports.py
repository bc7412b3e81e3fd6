"""What retention needs from the world."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Protocol


class VerdictForgetter(Protocol):
    """Tells readers of the compacted verdict topic to forget a session."""

    async def forget(self, session_id: str) -> None:
        """Publish the tombstone; raises Unavailable."""
        ...


class LatestVerdicts(Protocol):
    """What the compacted verdict topic still holds."""

    def remaining(self) -> AsyncGenerator[tuple[str, datetime]]:
        """(session, when it was decided) of each record that is not followed by a tombstone; raises Unavailable."""
        ...
