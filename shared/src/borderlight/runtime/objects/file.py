"""Object store in a folder: buckets are folders, objects are files."""

import asyncio
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from borderlight.contracts.events import ObjectRef
from borderlight.errors import ObjectMissing
from borderlight.runtime.objects.port import StoredObject, check_key, reference


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
        return [one.key for one in await self.list_objects(bucket, prefix)]

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        root = self._root / bucket
        folder = root / prefix.rpartition("/")[0]  # an object below a prefix is in the folder that the prefix names
        listed: list[StoredObject] = []
        for path in folder.rglob("*"):
            key = path.relative_to(root).as_posix()
            if key.startswith(prefix) and path.is_file() and not path.name.endswith(".part"):
                state = path.stat()
                listed.append(StoredObject(key, datetime.fromtimestamp(state.st_mtime, UTC), state.st_size))
        return sorted(listed, key=lambda one: one.key)

    async def ensure_bucket(self, bucket: str) -> None:
        (self._root / bucket).mkdir(parents=True, exist_ok=True)
