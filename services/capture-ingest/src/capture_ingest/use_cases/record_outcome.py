"""Remember a session's verdict, so that the traveller's page can be told."""

from dataclasses import dataclass

from borderlight.contracts.events import EntryVerdict
from capture_ingest.domain.session_life import Step
from capture_ingest.ports import SessionStore


@dataclass(frozen=True)
class RecordOutcome:
    sessions: SessionStore

    async def __call__(self, verdict: EntryVerdict) -> None:
        """Sessions that were not opened here (submitted bundles) are unknown and passed over."""
        changes = {"outcome": verdict.outcome.value, "advice": verdict.advice}
        await self.sessions.take(verdict.session_id, Step.VERDICT_ARRIVED, changes)
