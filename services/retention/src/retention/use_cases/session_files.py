"""What is kept of a session beside its keys: verdict's time, traveller, holds."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from borderlight.errors import ObjectMissing
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_keys import BUCKET
from borderlight.runtime.sealing import KeyRing
from retention.domain.retention_clock import SessionClock

CAPTURES = "captures"
_JSON = "application/json"


@dataclass(frozen=True)
class SessionFiles:
    """Files of the key bucket: `<session>/verdict`, `holds/<session>`, `travellers/<name>/<session>`."""

    objects: ObjectStore
    names: KeyRing

    async def _read(self, key: str) -> dict[str, Any] | None:
        try:
            return json.loads(await self.objects.get(BUCKET, key))
        except ObjectMissing:
            return None

    async def note_verdict(self, session_id: str, traveller_ref: str, decided_at: datetime) -> None:
        """Start the clock of the class."""
        name = self.names.name_of(traveller_ref)
        content = json.dumps({"decided_at": decided_at.isoformat(), "traveller": name}).encode()
        await self.objects.put(BUCKET, f"travellers/{name}/{session_id}", b"", _JSON)
        await self.objects.put(BUCKET, f"{session_id}/verdict", content, _JSON)

    async def clock_of(self, session_id: str) -> SessionClock:
        """What is known of the session; raises Unavailable."""
        verdict, hold = await self._read(f"{session_id}/verdict"), await self._read(f"holds/{session_id}")
        handed_over = [
            one.modified_at
            for one in await self.objects.list_objects(CAPTURES, f"{session_id}/")
            if one.key.endswith(".json")
        ]
        return SessionClock(
            decided_at=None if verdict is None else datetime.fromisoformat(verdict["decided_at"]),
            captured_at=max(handed_over, default=None),
            held_until=None if hold is None else datetime.fromisoformat(hold["until"]),
        )

    async def sessions_of(self, traveller_ref: str) -> list[str]:
        """Sessions of a traveller that had a verdict and are not erased."""
        prefix = f"travellers/{self.names.name_of(traveller_ref)}/"
        return [key.removeprefix(prefix) for key in await self.objects.list_keys(BUCKET, prefix)]

    async def hold(self, session_id: str, case: str, until: datetime, people: tuple[str, str]) -> None:
        """Keep the session until then, whatever its clock says."""
        content = json.dumps({"case": case, "until": until.isoformat(), "by": people}).encode()
        await self.objects.put(BUCKET, f"holds/{session_id}", content, _JSON)

    async def holds(self) -> dict[str, dict[str, Any]]:
        """Session → case, until, by."""
        listed = await self.objects.list_keys(BUCKET, "holds/")
        found = {key.removeprefix("holds/"): await self._read(key) for key in listed}
        return {session: hold for session, hold in found.items() if hold is not None}

    async def remove(self, session_id: str) -> None:
        """Remove all that this class wrote of the session."""
        verdict = await self._read(f"{session_id}/verdict")
        if verdict is not None:
            await self.objects.delete(BUCKET, f"travellers/{verdict['traveller']}/{session_id}")
        for key in (f"{session_id}/verdict", f"holds/{session_id}"):
            await self.objects.delete(BUCKET, key)
