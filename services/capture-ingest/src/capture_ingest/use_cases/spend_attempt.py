"""Count a challenge that a traveller is about to see, over all of the traveller's sessions and journeys."""

import hashlib
from dataclasses import dataclass

from borderlight.runtime.clock import Clock
from capture_ingest.domain.attempts import AttemptRefused, refusal
from capture_ingest.ports import AttemptStore


@dataclass(frozen=True)
class SpendAttempt:
    """per_day: challenges of one traveller in 24 hours; 0 counts nothing."""

    attempts: AttemptStore
    clock: Clock
    per_day: int

    async def __call__(self, traveller_ref: str) -> AttemptRefused | None:
        """None when the attempt was counted and may go on. Raises Unavailable."""
        if self.per_day <= 0:
            return None
        # The store holds no reference that could be read back.
        name = hashlib.sha256(b"attempts\0" + traveller_ref.encode()).hexdigest()
        now_s = self.clock.now().timestamp()
        return await self.attempts.spend(name, now_s, lambda count: refusal(count, now_s, self.per_day))
