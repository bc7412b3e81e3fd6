"""What decision needs from the world."""

from collections.abc import AsyncIterator
from typing import Protocol

from borderlight.contracts.events import Contract
from decision.domain.session_join import JoinState, Side


class JoinStore(Protocol):
    """The join, one record per session. Every method is atomic; all raise Unavailable.

    The store holds an epoch marker. When it is gone the store has lost its memory: `put` raises Unavailable until the
    join has been rebuilt and the marker set again.
    """

    async def put(
        self, session_id: str, side: Side, event: str, deadline_ms: int, rebuilding: bool = False
    ) -> JoinState:
        """Set the side unless it is set, open the deadline unless it is open; the state after."""
        ...

    async def find(self, session_id: str) -> JoinState | None: ...

    async def store_verdict(self, session_id: str, verdict: str) -> str:
        """Store unless there is one; the verdict that stands."""
        ...

    async def mark_published(self, session_id: str) -> None:
        """The verdict is out: the deadline is closed."""
        ...

    async def claim_due(self, now_ms: int, lease_ms: int, count: int) -> list[str]:
        """Sessions whose deadline has passed, leased to the caller until now + lease."""
        ...

    async def has_epoch(self) -> bool: ...

    async def set_epoch(self) -> None: ...

    async def claim_rebuild(self, lease_ms: int) -> bool:
        """Whether this process may rebuild now."""
        ...

    async def pending(self) -> int:
        """How many sessions wait."""
        ...


class History(Protocol):
    """Topics read again from some time back."""

    def read(self, topic: str, contract: type[Contract], since_ms: int) -> AsyncIterator[Contract]:
        """Events of `topic` from `since_ms` to what is its end now; unreadable records are passed over."""
        ...
