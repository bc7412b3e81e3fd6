"""Take a video in parts: each part is an object, so any api process can take the next one."""

import asyncio
from dataclasses import dataclass

from borderlight.errors import ObjectMissing
from borderlight.runtime.objects.port import ObjectStore
from capture_ingest.domain.session_life import Session
from capture_ingest.domain.upload_part import MAX_PARTS, UploadPart
from capture_ingest.use_cases.store_video import (
    BUCKET,
    DigestMismatch,
    StoreVideo,
    UploadClosed,
    VideoStored,
    WrongMediaType,
)

_PART = "application/octet-stream"


class OffsetConflict(Exception):
    """The part does not begin where the upload stands; `offset` says where that is."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the upload stands at byte {offset}")
        self.offset = offset


@dataclass(frozen=True)
class PartStored:
    """offset: bytes of the upload that are safe now."""

    offset: int


def _where(parts: list[tuple[str, int]], total: int) -> int:
    sizes = [size for _, size in parts]
    return sum(sizes) if sum(sizes) < total else total - sizes[-1]


@dataclass(frozen=True)
class ReceivePart:
    objects: ObjectStore
    store_video: StoreVideo

    async def offset(self, session: Session, total: int) -> int:
        """Where to go on with an upload of `total` bytes; the last part, which completes it, is asked for again."""
        return _where(await self._parts(session, total), total)

    async def _parts(self, session: Session, total: int) -> list[tuple[str, int]]:
        """(key, size) of the parts from the first byte on, without a gap; names carry their range."""
        prefix = f"{session.session_id}/parts/{total}/"
        found: list[tuple[str, int]] = []
        at = 0
        for name in await self.objects.list_keys(BUCKET, prefix):
            first, _, size = name.rsplit("/", 1)[-1].partition("-")
            if int(first) == at:
                found.append((name, int(size)))
                at += int(size)
        return found

    async def __call__(
        self, session: Session, part: UploadPart, content: bytes, sha256: str | None, media_type: str
    ) -> PartStored | VideoStored | UploadClosed:
        """Store a part; with the last one the whole video.

        Raises OffsetConflict, DigestMismatch, WrongMediaType (the parts are gone then, the upload begins anew). A part
        that is there already is accepted again.
        """
        parts = await self._parts(session, part.total)
        offset = sum(size for _, size in parts)
        if part.first > offset or (part.first == offset and len(parts) >= MAX_PARTS):
            raise OffsetConflict(offset)
        name = f"{session.session_id}/parts/{part.total}/{part.first:012d}-{part.size}"
        if part.first == offset:
            if part.first == 0:
                await self._forget_others(session, part.total)
            await self.objects.put(BUCKET, name, content, _PART)
            parts.append((name, part.size))
            offset += part.size
        elif name not in [key for key, _ in parts]:
            raise OffsetConflict(offset)
        if offset < part.total or not part.is_last:
            return PartStored(_where(parts, part.total))
        return await self._assemble(session, parts, sha256, media_type)

    async def _assemble(
        self, session: Session, parts: list[tuple[str, int]], sha256: str | None, media_type: str
    ) -> VideoStored | UploadClosed:
        """The whole video from its parts, which go once they are of no more use: not when the store is away."""
        try:
            pieces = [await self.objects.get(BUCKET, key) for key, _ in parts]
        except ObjectMissing as error:  # another request has just put the same upload together
            raise OffsetConflict(0) from error
        try:
            stored = await self.store_video(session, b"".join(pieces), media_type, sha256)
        except (DigestMismatch, WrongMediaType):
            await self._forget_parts(session)
            raise
        await self._forget_parts(session)
        return stored

    async def _forget_parts(self, session: Session) -> None:
        left = await self.objects.list_keys(BUCKET, f"{session.session_id}/parts/")
        await asyncio.gather(*(self.objects.delete(BUCKET, key) for key in left))

    async def _forget_others(self, session: Session, total: int) -> None:
        """A session has one upload: one of another size takes the place of what was begun."""
        begun = f"{session.session_id}/parts/"
        for key in await self.objects.list_keys(BUCKET, begun):
            if not key.startswith(f"{begun}{total}/"):
                await self.objects.delete(BUCKET, key)
