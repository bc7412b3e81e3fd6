"""The object store of production: an S3 server behind the seal of sessions."""

from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.retention_settings import RetentionSettings
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from borderlight.runtime.objects.sealed import SealedObjectStore
from borderlight.runtime.objects.session_keys import BUCKET, SessionKeys


def sealed(inner: ObjectStore, settings: RetentionSettings, clock: Clock) -> SealedObjectStore:
    """`inner` with its session buckets sealed; raises KeyFileUnreadable."""
    return SealedObjectStore(inner, SessionKeys(inner, settings.masters(), clock, settings.unfinished()))


async def open_sealed_s3(clock: Clock) -> SealedObjectStore:
    """From the environment (S3_*, RETENTION_*); makes the key bucket. Raises KeyFileUnreadable, Unavailable."""
    inner = S3ObjectStore(S3Settings())
    store = sealed(inner, RetentionSettings(), clock)
    await inner.ensure_bucket(BUCKET)
    return store
