"""The object store port. Keys are content-addressed or belong to one writer: correctness never
rests on conditional writes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from borderlight.contracts.events import ObjectRef
from borderlight.errors import InvalidMessage, ObjectCorrupt, ObjectForeign


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing has it. modified_at: when it was stored; size [bytes]."""

    key: str
    modified_at: datetime
    size: int


class ObjectStore(Protocol):
    """Named bytes in buckets."""

    async def put(self, bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
        """Store durably, overwriting; raises Unavailable when the store is away."""
        ...

    async def get(self, bucket: str, key: str) -> bytes:
        """Content; raises ObjectMissing, Unavailable."""
        ...

    async def delete(self, bucket: str, key: str) -> None:
        """Remove; removing what is not there is no error."""
        ...

    async def list_keys(self, bucket: str, prefix: str) -> list[str]:
        """Keys that begin with `prefix`, sorted."""
        ...

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        """Objects whose key begins with `prefix`, sorted by key; raises Unavailable."""
        ...

    async def ensure_bucket(self, bucket: str) -> None:
        """Create the bucket when it is not there."""
        ...


def reference(bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
    """The ObjectRef of `content`."""
    digest = hashlib.sha256(content).hexdigest()
    return ObjectRef(bucket=bucket, key=key, sha256=digest, size=len(content), media_type=media_type)


async def read_verified(store: ObjectStore, ref: ObjectRef) -> bytes:
    """Content of `ref`, its hash checked; raises ObjectMissing, ObjectCorrupt, Unavailable."""
    content = await store.get(ref.bucket, ref.key)
    if hashlib.sha256(content).hexdigest() != ref.sha256:
        raise ObjectCorrupt(f"{ref.bucket}/{ref.key} does not match the SHA-256 of its reference")
    return content


@dataclass(frozen=True)
class Place:
    """Where the objects lie that a consumer may be sent to: a bucket, and what keys in it begin with."""

    bucket: str
    prefix: str = ""

    def check(self, ref: ObjectRef) -> None:
        """Raises ObjectForeign for an object elsewhere."""
        check_key(ref.key)
        if ref.bucket != self.bucket or not ref.key.startswith(self.prefix):
            raise ObjectForeign(f"an object of {self.bucket}/{self.prefix} was expected")


async def read_own(store: ObjectStore, ref: ObjectRef, place: Place) -> bytes:
    """Content of a reference that came in an event, only from `place`; raises ObjectForeign before anything is read,
    and what read_verified raises."""
    place.check(ref)
    return await read_verified(store, ref)


def check_key(key: str) -> None:
    """Refuse keys that some store cannot hold; raises InvalidMessage."""
    segments = key.split("/")
    if any(segment in ("", ".", "..") or len(segment.encode()) > 255 or "\x00" in segment for segment in segments):
        raise InvalidMessage(f"object key {key!r} is not storable")
