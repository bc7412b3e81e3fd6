"""Erase what is due. Restarting at any point repeats work and loses none: a marker goes last."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_keys import BUCKET, SessionKeys, due_marker
from retention.domain.retention_clock import HOUR, RetentionRules, due_at, hour_of
from retention.use_cases.erase_session import EraseSession, NotErased
from retention.use_cases.session_files import SessionFiles

SUBMITTED = "documents"


@dataclass
class Swept:
    """Counts of one sweep."""

    sessions: int = 0
    keys: int = 0
    objects: int = 0
    photographs: int = 0
    day_keys: int = 0
    failed: int = 0
    postponed: int = 0
    hours: set[str] = field(default_factory=set[str])

    def erased_anything(self) -> bool:
        return bool(self.sessions or self.photographs or self.day_keys)


@dataclass(frozen=True)
class Sweep:
    objects: ObjectStore
    keys: SessionKeys
    files: SessionFiles
    erase: EraseSession
    rules: RetentionRules
    clock: Clock
    metrics: Metrics

    async def __call__(self) -> Swept:
        """Erase every session that is due, submitted photographs that nobody enrolled, keys of days long past."""
        done = Swept()
        now = self.clock.now()
        await self._measure()  # before anything can fail: sweeps that fail must be seen
        for marker in await self.objects.list_keys(BUCKET, "due/"):
            if hour_of(marker) > now:
                break  # listings are sorted, so nothing later is due
            await self._look_at(marker, done)
        for photograph in await self.objects.list_objects(SUBMITTED, ""):
            if now - photograph.modified_at > self.rules.submitted:
                await self.objects.delete(SUBMITTED, photograph.key)
                done.photographs += 1
        await self._destroy_days(done)
        await self._measure()
        if done.erased_anything():
            await self._receipt(done)
        return done

    async def _look_at(self, marker: str, done: Swept) -> None:
        session_id = marker.rsplit("/", 1)[-1]
        due = due_at(await self.files.clock_of(session_id), self.rules, hour_of(marker))
        if due > self.clock.now():
            await self.objects.put(BUCKET, due_marker(due, session_id), b"", "application/json")
            done.postponed += 1
        else:
            try:
                erased = await self.erase(session_id)
            except NotErased as error:
                logger().error("not erased", error=str(error))
                done.failed += 1
                return
            done.sessions += 1
            done.keys += erased.keys
            done.objects += erased.objects
            done.hours.add(marker.split("/")[1])
        await self.objects.delete(BUCKET, marker)

    async def _destroy_days(self, done: Swept) -> None:
        """A day's key goes a day after the last session of that day was due; held sessions keep theirs."""
        horizon = self.clock.now() - self.rules.longest - timedelta(days=2)
        if not await self.files.holds():
            done.day_keys = await self.keys.destroy_days_before(f"{horizon:%Y-%m-%d}")

    async def _measure(self) -> None:
        """Age of what should be gone: 0 when nothing is overdue."""
        markers = await self.objects.list_keys(BUCKET, "due/")
        overdue = max(((self.clock.now() - hour_of(marker)).total_seconds() for marker in markers[:1]), default=0.0)
        self.metrics.oldest_overdue_seconds.set(max(overdue, 0.0))

    async def _receipt(self, done: Swept) -> None:
        """What was erased, without a word about whom."""
        content = {
            "schema": "borderlight.receipt/1", "at": self.clock.now().replace(microsecond=0).isoformat(),
            "due_hours": sorted(done.hours), "sessions": done.sessions, "data_keys": done.keys,
            "objects": done.objects, "submitted_photographs": done.photographs, "day_keys": done.day_keys,
        }  # fmt: skip
        name = f"{self.clock.now():%Y-%m-%d}/{uuid.uuid4().hex}.json"
        await self.objects.put("receipts", name, json.dumps(content, indent=1).encode(), "application/json")


EVERY = HOUR / 60
