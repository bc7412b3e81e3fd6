"""The events of a session as far as they may count: read, about the same capture, and in time.

Time is that of the records, not of whoever reads them: a session read again gives the same verdict again.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from borderlight.contracts.events import CaptureRejected, FaceCompared, LivenessAssessed, SessionCaptured
from decision.domain.session_join import JoinState, Stored

AnswerT = TypeVar("AnswerT", CaptureRejected, LivenessAssessed, FaceCompared)
UNREADABLE = "input.version_unknown"
ANOTHER_CAPTURE = "input.digest_mismatch"


class SessionUnreadable(ValueError):
    """Not even the capture event can be read: no verdict can name the traveller."""


def deadline_of(captured: SessionCaptured, at_ms: int, within_s: float) -> int:
    """Until when answers count [ms since 1970]: as the event says, else `within_s` after its record."""
    if captured.decide_by is not None:
        return int(captured.decide_by.timestamp() * 1000)
    return at_ms + int(within_s * 1000)


@dataclass(frozen=True)
class Answer(Generic[AnswerT]):
    """event: what counts; refused: why an answer that came in time does not; neither: none came in time."""

    event: AnswerT | None = None
    refused: str | None = None
    at_ms: int = 0

    @property
    def came(self) -> bool:
        return self.event is not None or self.refused is not None


def _answer(
    stored: Stored | None, contract: type[AnswerT], captured: SessionCaptured, deadline_ms: int
) -> Answer[AnswerT]:
    if stored is None or stored.at_ms > deadline_ms:
        return Answer[AnswerT]()
    try:
        event = contract.model_validate_json(stored.text)
    except ValidationError:
        return Answer[AnswerT](refused=UNREADABLE, at_ms=stored.at_ms)
    if event.capture_digest != captured.digest or event.traveller_ref != captured.traveller_ref:
        return Answer[AnswerT](refused=ANOTHER_CAPTURE, at_ms=stored.at_ms)
    return Answer[AnswerT](event, at_ms=stored.at_ms)


@dataclass(frozen=True)
class KnownSession:
    """captured_ms, deadline_ms, complete_ms: ms since 1970; complete_ms None while an answer may still come."""

    captured: SessionCaptured
    captured_ms: int
    deadline_ms: int
    rejected: Answer[CaptureRejected]
    liveness: Answer[LivenessAssessed]
    comparison: Answer[FaceCompared]

    @staticmethod
    def of(state: JoinState, within_s: float) -> "KnownSession | None":
        """None when the session was never seen to be captured; raises SessionUnreadable."""
        if state.captured is None:
            return None
        try:
            captured = SessionCaptured.model_validate_json(state.captured.text)
        except ValidationError as error:
            raise SessionUnreadable("the capture event cannot be read") from error
        at_ms = state.captured.at_ms
        deadline_ms = deadline_of(captured, at_ms, within_s)
        return KnownSession(
            captured,
            at_ms,
            deadline_ms,
            _answer(state.rejected, CaptureRejected, captured, deadline_ms),
            _answer(state.liveness, LivenessAssessed, captured, deadline_ms),
            _answer(state.comparison, FaceCompared, captured, deadline_ms),
        )

    @property
    def answered_ms(self) -> int | None:
        """When both answers had come."""
        if self.liveness.came and self.comparison.came:
            return max(self.captured_ms, self.liveness.at_ms, self.comparison.at_ms)
        return None

    @property
    def is_rejected(self) -> bool:
        """Whether the capture could not be judged; when it also was (a second try), what came first counts."""
        if not self.rejected.came:
            return False
        return self.answered_ms is None or self.rejected.at_ms <= self.answered_ms

    @property
    def complete_ms(self) -> int | None:
        return max(self.captured_ms, self.rejected.at_ms) if self.is_rejected else self.answered_ms

    @property
    def refused(self) -> tuple[str, ...]:
        """Why answers that came do not count."""
        used = (self.rejected,) if self.is_rejected else (self.liveness, self.comparison)
        return tuple(dict.fromkeys(answer.refused for answer in used if answer.refused is not None))
