"""Data keys of sessions: one random key per session, wrapped by a key per day, wrapped by the operator's master.

They lie in a bucket of their own, which must be neither versioned nor copied to a backup: destroying a key there erases
what it sealed, in every copy of the other buckets.

    days/<day>/<kid>                  the key of the day, wrapped by the master
    <session>/keys/<kid>              the data key, wrapped by the key of the day on which it was made
    due/<hour>/<session>              when the session is to be looked at; what is due is a listing
"""

import base64
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from borderlight.errors import ObjectMissing
from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.sealing import KeyRing, StoreLocked, new_data_key

BUCKET = "session-keys"
_HELD = 2_000  # sessions whose key a process keeps in memory
_JSON = "application/json"


def due_marker(due_at: datetime, session_id: str) -> str:
    """Name of the marker: the first full hour (UTC) at which the session is due."""
    hour = due_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if hour < due_at:
        hour += timedelta(hours=1)
    return f"due/{hour:%Y-%m-%dT%H}/{session_id}"


class SessionErased(ObjectMissing):
    """The session's data key was destroyed: what it sealed cannot be read any more."""


@dataclass(frozen=True)
class DataKey:
    """kid: short public name of the key, as sealed objects state it; key: 32 bytes."""

    kid: str
    key: bytes


class SessionKeys:
    """Makes, finds and destroys data keys. One instance per process."""

    def __init__(
        self, store: ObjectStore, masters: KeyRing, clock: Clock, unfinished: timedelta = timedelta(hours=2)
    ) -> None:
        """unfinished: how long what was begun and never finished is kept, the life of a session included."""
        self._unfinished = unfinished
        self._store = store
        self._masters = masters
        self._clock = clock
        self._held: OrderedDict[tuple[str, str], DataKey] = OrderedDict()
        self._writing: dict[str, DataKey] = {}  # of the keys held, the one that a session is written with
        self._days: dict[str, bytes] = {}

    def _hold(self, session_id: str, key: DataKey) -> DataKey:
        self._held[session_id, key.kid] = key
        self._writing.setdefault(session_id, key)
        while len(self._held) > _HELD:
            (oldest, _), _ = self._held.popitem(last=False)
            self._writing.pop(oldest, None)
        return key

    async def _day_key(self, name: str) -> bytes:
        """The day's key of that name (days/<day>/<kid>)."""
        if name not in self._days:
            self._days[name] = self._masters.unwrap(json.loads(await self._store.get(BUCKET, name)))
        return self._days[name]

    async def _day_for_writing(self) -> str:
        """Name of today's key. Two processes may make one each: session keys state which one wraps them."""
        prefix = f"days/{self._clock.now():%Y-%m-%d}/"
        held = next((name for name in self._days if name.startswith(prefix)), None)
        if held is not None:
            return held
        for name in await self._store.list_keys(BUCKET, prefix):
            return name
        kid, key = new_data_key()
        await self._store.put(BUCKET, prefix + kid, json.dumps(self._masters.wrap(key)).encode(), _JSON)
        return prefix + kid

    async def for_writing(self, session_id: str) -> DataKey:
        """The session's key; a new one where it has none yet. Raises Unavailable."""
        if session_id in self._writing:
            return self._writing[session_id]
        for name in await self._store.list_keys(BUCKET, f"{session_id}/keys/"):
            return await self.for_reading(session_id, name.rsplit("/", 1)[-1])
        kid, key = new_data_key()
        day = await self._day_for_writing()
        wrapped = aes_key_wrap(await self._day_key(day), key)
        entry: dict[str, Any] = {"day": day, "wrapped": base64.b64encode(wrapped).decode()}
        # The clock starts before the key exists: a key without one would never be looked at.
        await self._store.put(BUCKET, due_marker(self._clock.now() + self._unfinished, session_id), b"", _JSON)
        await self._store.put(BUCKET, f"{session_id}/keys/{kid}", json.dumps(entry).encode(), _JSON)
        return self._hold(session_id, DataKey(kid, key))

    async def for_reading(self, session_id: str, kid: str) -> DataKey:
        """The key that an object names. Raises SessionErased, Unavailable."""
        if (session_id, kid) in self._held:
            return self._held[session_id, kid]
        try:
            entry = json.loads(await self._store.get(BUCKET, f"{session_id}/keys/{kid}"))
        except ObjectMissing as error:
            raise SessionErased() from error
        try:
            key = aes_key_unwrap(await self._day_key(entry["day"]), base64.b64decode(entry["wrapped"]))
        except (InvalidUnwrap, ValueError) as error:
            raise StoreLocked("the key of this day does not open the session's key") from error
        return self._hold(session_id, DataKey(kid, key))

    def forget(self, session_id: str) -> None:
        """Drop what this process holds of a session."""
        self._writing.pop(session_id, None)
        for held in [held for held in self._held if held[0] == session_id]:
            del self._held[held]

    async def destroy(self, session_id: str) -> int:
        """Destroy every key of a session; how many there were. Destroying again is no error."""
        self.forget(session_id)
        names = await self._store.list_keys(BUCKET, f"{session_id}/keys/")
        for name in names:
            await self._store.delete(BUCKET, name)
        return len(names)

    async def destroy_days_before(self, day: str) -> int:
        """Destroy the keys of days before `day` (YYYY-MM-DD), after which no backup of a session key opens."""
        names = [name for name in await self._store.list_keys(BUCKET, "days/") if name.split("/")[1] < day]
        for name in names:
            self._days.pop(name, None)
            await self._store.delete(BUCKET, name)
        return len(names)
