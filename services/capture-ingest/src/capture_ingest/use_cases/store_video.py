"""Store an uploaded video under its own hash."""

import hashlib
from dataclasses import dataclass

from borderlight.contracts.events import ObjectRef
from borderlight.plumbing.object_store import ObjectStore
from capture_ingest.domain.session_life import Session, Step, states_before
from capture_ingest.ports import SessionStore

BUCKET = "captures"


@dataclass(frozen=True)
class StoreVideo:
    sessions: SessionStore
    objects: ObjectStore

    async def __call__(self, session: Session, video: bytes, media_type: str) -> ObjectRef | None:
        """Where it lies; None when the session does not take a video now."""
        if session.state not in states_before(Step.VIDEO_STORED):
            return None
        extension = "webm" if media_type == "video/webm" else "mp4"
        key = f"{session.session_id}/{hashlib.sha256(video).hexdigest()}.{extension}"
        stored = await self.objects.put(BUCKET, key, video, media_type)
        taken = await self.sessions.take(session.session_id, Step.VIDEO_STORED, {"video": stored.model_dump()})
        return None if taken is None else stored
