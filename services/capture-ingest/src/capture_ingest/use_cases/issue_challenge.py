"""Issue the challenge of a session: once, at the moment of capture."""

from dataclasses import dataclass

from borderlight.challenge.generators import CALM_SLOTS, COLOUR_SLOTS, RANDOM_BYTES, RandomSource
from borderlight.challenge.schedule import ColourSchedule
from capture_ingest.domain.session_life import Session, Step
from capture_ingest.ports import SessionStore


@dataclass(frozen=True)
class IssueChallenge:
    sessions: SessionStore
    random: RandomSource

    async def __call__(self, session: Session) -> ColourSchedule | None:
        """The drawn schedule; None when one was issued before."""
        generator = CALM_SLOTS if session.calm else COLOUR_SLOTS
        schedule = generator.draw(self.random(RANDOM_BYTES))
        taken = await self.sessions.take(session.session_id, Step.CHALLENGE_ISSUED, {"challenge": schedule.to_json()})
        return None if taken is None else schedule
