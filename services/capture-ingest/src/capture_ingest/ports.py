"""What capture-ingest needs from the world."""

from collections.abc import Mapping
from typing import Any, Protocol

from capture_ingest.domain.session_life import Session, Step


class SessionStore(Protocol):
    """Sessions by id, with atomic steps."""

    async def create(self, session: Session, keep_s: int) -> None:
        """Store a new session."""
        ...

    async def find(self, session_id: str) -> Session | None: ...

    async def take(
        self, session_id: str, step: Step, changes: dict[str, Any], expecting: Mapping[str, Any] | None = None
    ) -> Session | None:
        """Take `step` and apply `changes` in one go.

        None, and nothing changed, when there is no session, its state does not allow the step, or a field of it is not
        as `expecting` says.
        """
        ...


class CaptureNormalizer(Protocol):
    """Video in, packed normalized capture out."""

    async def normalize(self, video: bytes, header: dict[str, Any]) -> tuple[bytes, float]:
        """(packed capture, CPU time [ms]); raises CaptureRejected or Unavailable."""
        ...
