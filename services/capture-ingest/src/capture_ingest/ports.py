"""What capture-ingest needs from the world."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from capture_ingest.domain.attempts import AttemptCount, AttemptRefused
from capture_ingest.domain.committed_film import CommittedFilm
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

    async def normalize(
        self, video: bytes, header: dict[str, Any], committed: CommittedFilm | None = None
    ) -> tuple[bytes, float]:
        """(packed capture, CPU time [ms]); raises CaptureRejected or Unavailable.

        committed: when the bytes of a live capture were fixed, for `frame_committed_ms` and `slot_released_ms`.
        """
        ...


class AttemptStore(Protocol):
    """Challenges seen, by traveller."""

    async def spend(
        self, name: str, now_s: float, judge: Callable[[AttemptCount], AttemptRefused | None]
    ) -> AttemptRefused | None:
        """Count one more unless `judge` refuses what is counted already, in one go. Raises Unavailable."""
        ...
