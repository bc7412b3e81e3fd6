"""Issue the challenge of a session: once, at the moment of capture."""

from dataclasses import dataclass

from borderlight.contracts.challenge.generators import CALM_SLOTS, COLOUR_SLOTS, RANDOM_BYTES, RandomSource
from borderlight.contracts.challenge.schedule import ColourSchedule
from capture_ingest.domain.session_life import Session, Step
from capture_ingest.ports import SessionStore


@dataclass(frozen=True)
class ChallengeIssued:
    schedule: ColourSchedule


@dataclass(frozen=True)
class ChallengeSpent:
    """The session has had its challenge."""


@dataclass(frozen=True)
class IssueChallenge:
    sessions: SessionStore
    random: RandomSource

    async def __call__(self, session: Session, calm: bool | None = None) -> ChallengeIssued | ChallengeSpent:
        """Draw and store the schedule.

        calm: the traveller's own choice of light; None keeps what the session was opened with.
        """
        is_calm = session.calm if calm is None else calm
        schedule = (CALM_SLOTS if is_calm else COLOUR_SLOTS).draw(self.random(RANDOM_BYTES))
        changes = {"challenge": schedule.to_json(), "calm": is_calm}
        taken = await self.sessions.take(session.session_id, Step.CHALLENGE_ISSUED, changes)
        return ChallengeSpent() if taken is None else ChallengeIssued(schedule)
