"""Store an uploaded video under its own hash."""

import hashlib
from dataclasses import dataclass

from borderlight.contracts.bundle import VIDEO_SUFFIXES
from borderlight.contracts.events import ObjectRef
from borderlight.runtime.objects.port import ObjectStore
from capture_ingest.domain.session_life import Session, Step, states_before
from capture_ingest.ports import SessionStore

BUCKET = "captures"
MEDIA_TYPES = tuple(VIDEO_SUFFIXES)


class DigestMismatch(Exception):
    """The video that arrived is not the one that was sent."""


class WrongMediaType(Exception):
    """The bytes are not what the media type says."""


@dataclass(frozen=True)
class VideoStored:
    video: ObjectRef


@dataclass(frozen=True)
class UploadClosed:
    """The session takes no video: none yet, or no more."""


def _looks_like(video: bytes, media_type: str) -> bool:
    if media_type == "video/mp4":
        return video[4:8] == b"ftyp"
    return video[:4] == b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True)
class StoreVideo:
    sessions: SessionStore
    objects: ObjectStore

    async def __call__(
        self, session: Session, video: bytes, media_type: str, sha256: str | None = None
    ) -> VideoStored | UploadClosed:
        """Store it and note it in the session.

        Raises DigestMismatch when the client stated another `sha256`, WrongMediaType when the bytes say otherwise.
        """
        if session.state not in states_before(Step.VIDEO_STORED):
            return UploadClosed()
        digest = hashlib.sha256(video).hexdigest()
        if sha256 is not None and sha256 != digest:
            raise DigestMismatch(f"{digest} arrived")
        if not _looks_like(video, media_type):
            raise WrongMediaType(f"the body is not {media_type}")
        key = f"{session.session_id}/{digest}.{VIDEO_SUFFIXES[media_type]}"
        stored = await self.objects.put(BUCKET, key, video, media_type)
        return await self._note(session.session_id, stored)

    async def _note(self, session_id: str, stored: ObjectRef) -> VideoStored | UploadClosed:
        """Make it the session's video and delete the one that it replaces, or delete it when it came too late."""
        while True:
            session = await self.sessions.find(session_id)
            noted = None if session is None else session.video
            if session is None or session.state not in states_before(Step.VIDEO_STORED):
                if noted is None or noted["key"] != stored.key:
                    await self.objects.delete(BUCKET, stored.key)
                return UploadClosed()
            changes = {"video": stored.model_dump(mode="json")}
            if await self.sessions.take(session_id, Step.VIDEO_STORED, changes, {"video": noted}) is None:
                continue  # another upload, or the finish, came between
            if noted is not None and noted["key"] != stored.key:
                await self.objects.delete(BUCKET, noted["key"])
            return VideoStored(stored)
