"""Normalize a stored capture, or say why it cannot be judged."""

import json
from dataclasses import dataclass
from typing import Any

from borderlight.contracts.buckets import CAPTURES
from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight.contracts.events import CaptureNormalized, ObjectRef, SessionCaptured
from borderlight.contracts.events import CaptureRejected as CaptureRejectedEvent
from borderlight.errors import CaptureRejected, ObjectCorrupt, ObjectMissing
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from capture_ingest.ports import CaptureNormalizer

BUCKET = "normalized"


@dataclass(frozen=True)
class NormalizeCapture:
    objects: ObjectStore
    normalizer: CaptureNormalizer
    publisher: EventPublisher

    async def __call__(self, captured: SessionCaptured) -> None:
        """Publishes CaptureNormalized or CaptureRejected; raises Unavailable."""
        identity = (captured.video.sha256, captured.capture.sha256)
        try:
            stored, cpu_ms = await self._normalize(captured)
        except CaptureRejected as reason:
            rejected = CaptureRejectedEvent(
                session_id=captured.session_id,
                traveller_ref=captured.traveller_ref,
                reasons=(reason.code,),
                explanation=str(reason)[:500],
                captured_at=captured.captured_at,
                capture_digest=captured.digest,
            )
            await self.publisher.publish(rejected, identity)
            return
        normalized = CaptureNormalized(
            session_id=captured.session_id,
            traveller_ref=captured.traveller_ref,
            normalized=stored,
            captured_at=captured.captured_at,
            cpu_ms=cpu_ms,
            capture_digest=captured.digest,
            decide_by=captured.decide_by,
        )
        await self.publisher.publish(normalized, identity)

    async def _normalize(self, captured: SessionCaptured) -> tuple[ObjectRef, float]:
        try:
            video = await read_own(self.objects, captured.video, Place(CAPTURES))
            capture = _parse(await read_own(self.objects, captured.capture, Place(CAPTURES)))
        except ObjectMissing as error:
            raise CaptureRejected("input.object_missing", str(error)) from error
        except ObjectCorrupt as error:
            raise CaptureRejected("input.digest_mismatch", str(error)) from error
        ColourSchedule.from_json(capture.get("challenge") or {})
        header = {
            "session_id": captured.session_id,
            "challenge": capture["challenge"],
            "displayed": capture.get("displayed") or [],
            "client_video": capture.get("video") or {},
        }
        packed, cpu_ms = await self.normalizer.normalize(video, header)
        key = f"{captured.session_id}/{captured.video.sha256}.zip"
        return await self.objects.put(BUCKET, key, packed, "application/zip"), cpu_ms


def _parse(content: bytes) -> dict[str, Any]:
    try:
        capture = json.loads(content)
    except (ValueError, UnicodeDecodeError) as error:
        raise CaptureRejected("input.capture_unreadable", "capture.json is not JSON") from error
    if not isinstance(capture, dict):
        raise CaptureRejected("input.capture_unreadable", "capture.json is not an object")
    return capture
