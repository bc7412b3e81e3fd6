"""Object store in a folder: buckets are folders, objects are files."""

import asyncio
import os
import uuid
from pathlib import Path

from borderlight.contracts.events import ObjectRef
from borderlight.errors import ObjectMissing
from borderlight.runtime.objects.port import check_key, reference


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
