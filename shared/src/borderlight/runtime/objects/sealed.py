"""An object store whose session buckets hold ciphertext only: AES-256-GCM under the session's data key, bound to bucket
and name. The first segment of a name is the session."""

import re
from collections.abc import Collection

from borderlight.contracts.events import ObjectRef
from borderlight.errors import InvalidMessage
from borderlight.runtime.objects.port import ObjectStore, StoredObject, reference
from borderlight.runtime.objects.session_keys import SessionKeys
from borderlight.runtime.sealing import SealBroken, seal, unseal

_KID = re.compile(rb"[0-9a-f]{16}")  # the key's name stands before what it sealed
SEALED = "application/vnd.borderlight.sealed"
SESSION_BUCKETS = frozenset({"captures", "normalized", "explanations"})


def session_of(key: str) -> str:
    """The session that an object's name begins with; raises InvalidMessage."""
    session, slash, rest = key.partition("/")
    if not (session and slash and rest):
        raise InvalidMessage(f"{key!r} names no session")
    return session


class SealedObjectStore:
    """The ObjectStore port over another store. References state size and digest of the content in clear."""

    def __init__(self, inner: ObjectStore, keys: SessionKeys, sealed: Collection[str] = SESSION_BUCKETS) -> None:
        self._inner = inner
        self._keys = keys
        self._sealed = frozenset(sealed)

    async def put(self, bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
        if bucket not in self._sealed:
            return await self._inner.put(bucket, key, content, media_type)
        data_key = await self._keys.for_writing(session_of(key))
        sealed = data_key.kid.encode() + seal(data_key.key, content, f"{bucket}/{key}")
        await self._inner.put(bucket, key, sealed, SEALED)
        return reference(bucket, key, content, media_type)

    async def get(self, bucket: str, key: str) -> bytes:
        """Content in clear; raises ObjectMissing (SessionErased among them), SealBroken, Unavailable."""
        content = await self._inner.get(bucket, key)
        if bucket not in self._sealed:
            return content
        stated = _KID.match(content)
        if stated is None:
            raise SealBroken(f"{bucket}/{key} is not a sealed object")
        kid = stated[0].decode()
        data_key = await self._keys.for_reading(session_of(key), kid)
        return unseal(data_key.key, content[stated.end() :], f"{bucket}/{key}")

    async def delete(self, bucket: str, key: str) -> None:
        await self._inner.delete(bucket, key)

    async def list_keys(self, bucket: str, prefix: str) -> list[str]:
        return await self._inner.list_keys(bucket, prefix)

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        return await self._inner.list_objects(bucket, prefix)

    async def ensure_bucket(self, bucket: str) -> None:
        await self._inner.ensure_bucket(bucket)
