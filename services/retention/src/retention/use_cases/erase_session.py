"""Erase what one session left: first the keys, so that a crash leaves nothing readable, then everything else."""

from dataclasses import dataclass

from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.sealed import SESSION_BUCKETS
from borderlight.runtime.objects.session_keys import SessionKeys
from retention.ports import VerdictForgetter
from retention.use_cases.session_files import SessionFiles


class NotErased(RuntimeError):
    """Objects of the session were there again after they had been deleted; it is tried again."""


@dataclass(frozen=True)
class Erased:
    """How much was erased: data keys and objects."""

    keys: int
    objects: int


@dataclass(frozen=True)
class EraseSession:
    keys: SessionKeys
    objects: ObjectStore
    files: SessionFiles
    verdicts: VerdictForgetter

    async def __call__(self, session_id: str) -> Erased:
        """Erase; erasing again is no error. Raises Unavailable, NotErased."""
        await self.verdicts.forget(session_id)
        keys = await self.keys.destroy(session_id)
        count = 0
        for bucket in sorted(SESSION_BUCKETS):
            for key in await self.objects.list_keys(bucket, f"{session_id}/"):
                await self.objects.delete(bucket, key)
                count += 1
        await self.files.remove(session_id)
        for bucket in sorted(SESSION_BUCKETS):
            if await self.objects.list_keys(bucket, f"{session_id}/"):
                raise NotErased(f"{bucket} still holds objects of a session")
        return Erased(keys, count)
