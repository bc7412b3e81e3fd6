"""The document store that a command works on: S3 as the services see it, or a folder of this machine."""

from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from borderlight.runtime.sealing import KeyRing
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.app import load_key_ring, open_reference_store
from matcher.settings import MatcherSettings


@dataclass(frozen=True)
class OpenStore:
    """objects, references: the store; keys: its key ring; redis: the cache to invalidate, None for a folder."""

    objects: ObjectStore
    references: ObjectReferenceStore
    keys: KeyRing
    redis: "Redis | None"

    async def close(self) -> None:
        if self.redis is not None:
            await self.redis.aclose()


async def open_store(folder: Path | None, model_sha256: str) -> OpenStore:
    """Open with the matcher's own settings; raises KeyFileUnreadable, Unavailable."""
    settings = MatcherSettings()
    keys = load_key_ring(settings)
    objects: ObjectStore = FileObjectStore(folder) if folder is not None else S3ObjectStore(S3Settings())
    await objects.ensure_bucket(BUCKET)
    redis: Redis | None = None if folder is not None else Redis.from_url(settings.redis_url, socket_timeout=2.0)
    return OpenStore(objects, open_reference_store(objects, keys, model_sha256, redis), keys, redis)
