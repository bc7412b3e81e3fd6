"""The object store port and its file adapter. Keys are content-addressed or belong to one writer: correctness never
rests on conditional writes."""

import asyncio
import hashlib
import os
import uuid
from pathlib import Path
from typing import Protocol

from borderlight.contracts.events import ObjectRef
from borderlight.errors import InvalidMessage, ObjectCorrupt, ObjectMissing


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


def check_key(key: str) -> None:
    """Refuse keys that some store cannot hold; raises InvalidMessage."""
    segments = key.split("/")
    if any(segment in ("", ".", "..") or len(segment.encode()) > 255 or "\x00" in segment for segment in segments):
        raise InvalidMessage(f"object key {key!r} is not storable")


class FileObjectStore:
    """Buckets as folders; a write is a rename, so readers never see half an object."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, bucket: str, key: str) -> Path:
        check_key(f"{bucket}/{key}")
        return self._root / bucket / key

    async def put(self, bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
        path = self._path(bucket, key)

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.parent / f".{uuid.uuid4().hex}.part"
            temporary.write_bytes(content)
            os.replace(temporary, path)

        await asyncio.to_thread(write)
        return reference(bucket, key, content, media_type)

    async def get(self, bucket: str, key: str) -> bytes:
        path = self._path(bucket, key)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise ObjectMissing(f"{bucket}/{key} is not in the object store") from error

    async def delete(self, bucket: str, key: str) -> None:
        self._path(bucket, key).unlink(missing_ok=True)

    async def list_keys(self, bucket: str, prefix: str) -> list[str]:
        root = self._root / bucket
        folder = root / prefix.rpartition("/")[0]  # an object below a prefix is in the folder that the prefix names
        found = (p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".part"))
        return sorted(key for key in (p.relative_to(root).as_posix() for p in found) if key.startswith(prefix))

    async def ensure_bucket(self, bucket: str) -> None:
        (self._root / bucket).mkdir(parents=True, exist_ok=True)
