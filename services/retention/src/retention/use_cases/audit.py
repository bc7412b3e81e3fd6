"""Walk every store and the compacted topic: what outlived its clock, and what lies there in clear?"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.sealed import SESSION_BUCKETS
from borderlight.runtime.objects.session_keys import BUCKET
from retention.domain.retention_clock import HOUR, RetentionRules, due_at
from retention.ports import LatestVerdicts
from retention.use_cases.session_files import SessionFiles

_IN_CLEAR = {b"\xff\xd8\xff": "JPEG", b"\x1a\x45\xdf\xa3": "Matroska or WebM", b"PK\x03\x04": "ZIP", b"\x89PNG": "PNG"}
_GRACE = HOUR  # a sweep may be at work


def picture_in_clear(content: bytes) -> str | None:
    """Name of the format when the content is readable without a key."""
    if content[4:8] == b"ftyp":
        return "MP4"
    text = content.lstrip()[:15].lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return next((name for magic, name in _IN_CLEAR.items() if content.startswith(magic)), None)


@dataclass(frozen=True)
class Audit:
    """objects: the store as it is, without unsealing; latest: None where there is no Kafka."""

    objects: ObjectStore
    files: SessionFiles
    rules: RetentionRules
    clock: Clock
    latest: LatestVerdicts | None

    async def __call__(self) -> AsyncGenerator[str]:
        """One line for each thing that should not be there; nothing when all is well. Raises Unavailable."""
        now = self.clock.now()
        keyed = {key.split("/")[0] for key in await self.objects.list_keys(BUCKET, "") if "/keys/" in key}
        held = await self.files.holds()
        for bucket in sorted(SESSION_BUCKETS):
            for one in await self.objects.list_objects(bucket, ""):
                session_id = one.key.split("/")[0]
                if session_id not in keyed and now - one.modified_at > _GRACE:
                    yield f"{bucket}: an object without a key has been there for {now - one.modified_at}"
                if (kind := picture_in_clear(await self.objects.get(bucket, one.key))) is not None:
                    yield f"{bucket}: an object is readable without a key ({kind})"
        for session_id in sorted(keyed):
            clock = await self.files.clock_of(session_id)
            due = due_at(clock, self.rules, now + HOUR)
            if now - due > _GRACE:
                yield f"{BUCKET}: the key of a session has outlived its clock by {now - due}"
        for one in await self.objects.list_objects("documents", ""):
            if now - one.modified_at > self.rules.submitted + _GRACE:
                yield f"documents: a submitted photograph has been there for {now - one.modified_at}"
        if self.latest is not None:
            async for session_id, decided_at in self.latest.remaining():
                if session_id not in held and now - decided_at > self.rules.after_verdict + _GRACE:
                    yield f"entry.verdict.latest.v1: a verdict has outlived its clock by {now - decided_at}"
