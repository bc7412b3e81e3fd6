"""Store the sealed transcript of a live capture beside its session."""

import json
from dataclasses import dataclass

from borderlight.runtime.objects.port import ObjectStore
from capture_ingest.domain.live_transcript import LiveTranscript
from capture_ingest.domain.session_life import Step
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.store_video import BUCKET


@dataclass(frozen=True)
class SealLiveCapture:
    sessions: SessionStore
    objects: ObjectStore

    async def __call__(self, transcript: LiveTranscript) -> bool:
        """Whether the session took it: False when it went on elsewhere meanwhile. Raises Unavailable."""
        content = json.dumps(transcript.to_json(), sort_keys=True).encode()
        key = f"{transcript.session_id}/live.json"
        stored = await self.objects.put(BUCKET, key, content, "application/json")
        changes = {"transcript": stored.model_dump()}
        return await self.sessions.take(transcript.session_id, Step.LIVE_SEALED, changes) is not None
