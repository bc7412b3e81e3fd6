"""Issue the challenge of a session: once, at the moment of capture. A challenge that was seen is an attempt."""

from dataclasses import dataclass

from borderlight.contracts.challenge.generators import CALM_SLOTS, COLOUR_SLOTS, RANDOM_BYTES, RandomSource
from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight.runtime.clock import Clock
from capture_ingest.domain.attempts import AttemptRefused
from capture_ingest.domain.session_life import Session, Step, states_before
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.spend_attempt import SpendAttempt


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
    clock: Clock
    spend_attempt: SpendAttempt

    async def __call__(
        self, session: Session, calm: bool | None = None, step: Step = Step.CHALLENGE_ISSUED
    ) -> ChallengeIssued | ChallengeSpent | AttemptRefused:
        """Draw and store the schedule.

        calm: the traveller's own choice of light; None keeps what the session was opened with.
        step: whether all of it is told at once, or colour by colour while filming.
        """
        if session.state not in states_before(step):
            return ChallengeSpent()
        refused = await self.spend_attempt(session.traveller_ref)
        if refused is not None:
            return refused
        is_calm = session.calm if calm is None else calm
        schedule = (CALM_SLOTS if is_calm else COLOUR_SLOTS).draw(self.random(RANDOM_BYTES))
        now_s = self.clock.now().timestamp()
        changes = {"challenge": schedule.to_json(), "calm": is_calm, "challenged_at_s": now_s}
        taken = await self.sessions.take(session.session_id, step, changes)
        return ChallengeSpent() if taken is None else ChallengeIssued(schedule)
