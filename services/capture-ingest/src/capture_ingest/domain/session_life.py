"""The life of a session as a table; `./dev schemas` draws docs/session-life.md from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OPENED = "opened"
    CLAIMED = "claimed"
    CHALLENGED = "challenged"
    FILMING = "filming"
    COMMITTED = "committed"
    UPLOADED = "uploaded"
    FINISHING = "finishing"
    CAPTURED = "captured"
    DECIDED = "decided"
    CONTINUED = "continued"


class Step(StrEnum):
    CLAIMED = "claimed"
    CHALLENGE_ISSUED = "challenge_issued"
    LIVE_BEGUN = "live_begun"
    LIVE_SEALED = "live_sealed"
    VIDEO_STORED = "video_stored"
    FINISH_RESERVED = "finish_reserved"
    CAPTURE_FINISHED = "capture_finished"
    VERDICT_ARRIVED = "verdict_arrived"
    RETAKEN = "retaken"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.OPENED, Step.CLAIMED): State.CLAIMED,
    (State.OPENED, Step.CHALLENGE_ISSUED): State.CHALLENGED,  # a client that holds the link's token itself
    (State.CLAIMED, Step.CHALLENGE_ISSUED): State.CHALLENGED,
    (State.OPENED, Step.LIVE_BEGUN): State.FILMING,
    (State.CLAIMED, Step.LIVE_BEGUN): State.FILMING,
    (State.FILMING, Step.LIVE_SEALED): State.COMMITTED,
    (State.CHALLENGED, Step.VIDEO_STORED): State.UPLOADED,
    (State.COMMITTED, Step.VIDEO_STORED): State.UPLOADED,
    (State.UPLOADED, Step.VIDEO_STORED): State.UPLOADED,  # a broken upload may be sent again
    (State.UPLOADED, Step.FINISH_RESERVED): State.FINISHING,  # from here on nothing but this capture can be accepted
    (State.FINISHING, Step.CAPTURE_FINISHED): State.CAPTURED,
    (State.FINISHING, Step.VERDICT_ARRIVED): State.DECIDED,  # finish crashed after the event was out
    (State.CAPTURED, Step.VERDICT_ARRIVED): State.DECIDED,
    (State.DECIDED, Step.VERDICT_ARRIVED): State.DECIDED,
    (State.CHALLENGED, Step.RETAKEN): State.CONTINUED,  # interrupted: the challenge is spent, a new session goes on
    (State.FILMING, Step.RETAKEN): State.CONTINUED,  # the socket was lost: what was shown counts as an attempt
    (State.COMMITTED, Step.RETAKEN): State.CONTINUED,
    (State.UPLOADED, Step.RETAKEN): State.CONTINUED,
    (State.DECIDED, Step.RETAKEN): State.CONTINUED,
}


MEANINGS: dict[State, str] = {
    State.OPENED: "An agency has opened it; its link waits for the traveller.",
    State.CLAIMED: "A page has taken it over; the link's token is read-only.",
    State.CHALLENGED: "All colours were told at once; the traveller is being filmed.",
    State.FILMING: "A live capture runs: colours go out one by one, slices are committed. It takes no video.",
    State.COMMITTED: "The live capture is sealed; the film it commits to may follow.",
    State.UPLOADED: "A whole video is stored.",
    State.FINISHING: "This capture and no other is being handed over; finishing again publishes the same event.",
    State.CAPTURED: "Video and event are safe; the verdict is on its way.",
    State.DECIDED: "The verdict has arrived.",
    State.CONTINUED: "The traveller takes it again: a further session goes on.",
}


_LASTING = (State.FINISHING, State.CAPTURED, State.DECIDED, State.CONTINUED)


_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_session_id(text: str) -> bool:
    """Whether a session could be called so; nothing else is looked up."""
    return _SESSION_ID.fullmatch(text) is not None


def states_before(step: Step) -> tuple[State, ...]:
    """States from which `step` may be taken."""
    return tuple(state for state, wanted in TRANSITIONS if wanted is step)


@dataclass(frozen=True)
class Session:
    """One session as the api keeps it. Times are seconds since the epoch.

    token_sha256: hex digest of the token that may act; link_sha256: of the link's token once it has been claimed, which
    may only look; page: what the capture page is told (language, return_url); policy: whose rules
    decide, None is the default; next_session_id: where a retake goes on; finish: what is handed over, once reserved
    (capture: reference of capture.json, captured_at, freshness, channel); challenged_at_s: when the first colour was
    told; transcript: where the sealed transcript of the live capture lies.
    """

    session_id: str
    traveller_ref: str
    state: State
    token_sha256: str
    expires_at_s: float
    attempt: int = 1
    previous_session_id: str | None = None
    calm: bool = False
    challenge: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    outcome: str | None = None
    advice: tuple[str, ...] = ()
    link_sha256: str | None = None
    next_session_id: str | None = None
    max_attempts: int = 3
    agency: str = ""
    page: dict[str, Any] | None = None
    policy: str | None = None
    challenged_at_s: float | None = None
    transcript: dict[str, Any] | None = None
    finish: dict[str, Any] | None = None

    def is_expired(self, now_s: float) -> bool:
        """Whether the traveller may no longer act on it; a captured session does not expire."""
        return now_s > self.expires_at_s and self.state not in _LASTING


def after(session: Session, step: Step, changes: Mapping[str, Any], expecting: Mapping[str, Any]) -> Session | None:
    """The session after `step` with `changes`; None when the table or a field of `expecting` forbids it."""
    following = TRANSITIONS.get((session.state, step))
    if following is None or any(getattr(session, name) != value for name, value in expecting.items()):
        return None
    return replace(session, **changes, state=following)
