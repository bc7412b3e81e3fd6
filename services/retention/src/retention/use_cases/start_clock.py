"""A verdict starts the clock of its session."""

from dataclasses import dataclass

from borderlight.contracts.events import EntryVerdict
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_keys import BUCKET, due_marker
from retention.domain.retention_clock import RetentionRules
from retention.use_cases.session_files import SessionFiles


@dataclass(frozen=True)
class StartClock:
    objects: ObjectStore
    files: SessionFiles
    rules: RetentionRules

    async def __call__(self, verdict: EntryVerdict) -> None:
        """Raises Unavailable. The marker is written first: a clock that nobody looks at would never end."""
        marker = due_marker(verdict.decided_at + self.rules.after_verdict, verdict.session_id)
        await self.objects.put(BUCKET, marker, b"", "application/json")
        await self.files.note_verdict(verdict.session_id, verdict.traveller_ref, verdict.decided_at)
