"""When what a session left is to be erased: a clock per class of travellers, started by the verdict."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class RetentionRules:
    """after_verdict: how long a decided session's film, normalized capture and explanation are kept; without_verdict:
    how long a capture that was handed over may wait for its verdict; submitted: how long a photograph that somebody
    submitted may wait for its enrolment."""

    after_verdict: timedelta = timedelta(hours=12)
    without_verdict: timedelta = timedelta(hours=48)
    submitted: timedelta = timedelta(hours=24)

    @property
    def longest(self) -> timedelta:
        """No session is kept longer, holds apart."""
        return self.after_verdict + self.without_verdict


@dataclass(frozen=True)
class SessionClock:
    """What is known of a session: times of its verdict and of its hand-over; until when it is held, if it is."""

    decided_at: datetime | None = None
    captured_at: datetime | None = None
    held_until: datetime | None = None


def due_at(clock: SessionClock, rules: RetentionRules, marked: datetime) -> datetime:
    """When the session is to be erased. marked: the hour of its marker, which holds for what was never finished."""
    if clock.decided_at is not None:
        due = clock.decided_at + rules.after_verdict
    elif clock.captured_at is not None:
        due = clock.captured_at + rules.without_verdict
    else:
        due = marked
    return due if clock.held_until is None else max(due, clock.held_until)


def hour_of(marker: str) -> datetime:
    """The hour of a marker's name `due/<hour>/<session>`; raises ValueError."""
    return datetime.strptime(marker.split("/")[1], "%Y-%m-%dT%H").replace(tzinfo=UTC)
