"""Normalize a stored capture, or say why it cannot be judged."""

import json
from dataclasses import dataclass
from typing import Any

from borderlight.contracts.buckets import CAPTURES
from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight.contracts.events import CaptureNormalized, Freshness, ObjectRef, SessionCaptured
from borderlight.contracts.events import CaptureRejected as CaptureRejectedEvent
from borderlight.contracts.normalized_capture import unpack
from borderlight.errors import CaptureRejected, ObjectCorrupt, ObjectMissing
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from capture_ingest.domain.committed_film import CommittedFilm, committed_film, freshness_of_film
from capture_ingest.domain.hash_chain import NotAsCommitted
from capture_ingest.domain.live_transcript import LiveTranscript
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
            stored, cpu_ms, freshness = await self._normalize(captured)
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
            freshness=freshness,
            cpu_ms=cpu_ms,
            capture_digest=captured.digest,
            decide_by=captured.decide_by,
        )
        await self.publisher.publish(normalized, identity)

    async def _normalize(self, captured: SessionCaptured) -> tuple[ObjectRef, float, Freshness | None]:
        video = await self._read(captured.video)
        capture = _parse(await self._read(captured.capture))
        ColourSchedule.from_json(capture.get("challenge") or {})
        header = {
            "session_id": captured.session_id,
            "challenge": capture["challenge"],
            "displayed": capture.get("displayed") or [],
            "client_video": capture.get("video") or {},
        }
        live = await self._live(captured, video)
        packed, cpu_ms = await self.normalizer.normalize(video, header, None if live is None else live.film)
        freshness = captured.freshness if live is None else live.freshness(packed, captured.freshness)
        key = f"{captured.session_id}/{captured.video.sha256}.zip"
        return await self.objects.put(BUCKET, key, packed, "application/zip"), cpu_ms, freshness

    async def _read(self, reference: ObjectRef) -> bytes:
        try:
            return await read_own(self.objects, reference, Place(CAPTURES))
        except ObjectMissing as error:
            raise CaptureRejected("input.object_missing", str(error)) from error
        except ObjectCorrupt as error:
            raise CaptureRejected("input.digest_mismatch", str(error)) from error

    async def _live(self, captured: SessionCaptured, video: bytes) -> "_LiveFilm | None":
        """What a live capture committed to, every slice of the film verified; None when it was not one."""
        if captured.transcript is None:
            return None
        try:
            transcript = LiveTranscript.from_json(json.loads(await self._read(captured.transcript)))
            return _LiveFilm(transcript, committed_film(video, captured.session_id, transcript))
        except NotAsCommitted as error:
            raise CaptureRejected("capture.not_as_committed", str(error)) from error
        except ValueError as error:
            raise CaptureRejected("input.capture_unreadable", "the transcript is not readable") from error


@dataclass(frozen=True)
class _LiveFilm:
    transcript: LiveTranscript
    film: CommittedFilm

    def freshness(self, packed: bytes, stated: Freshness | None) -> Freshness:
        """By the bytes of the film; never better than what the api stated from the page's claims."""
        capture = unpack(packed)
        assert capture.frame_committed_ms is not None
        measured = freshness_of_film(
            self.transcript,
            _slot_film_ms(capture.header, len(self.transcript.slots)),
            capture.frame_time_ms.tolist(),
            capture.frame_committed_ms.tolist(),
        )
        order = [Freshness.LIVE, Freshness.DEADLINE_ONLY, Freshness.LATE]
        return max(Freshness(measured), stated or Freshness.LATE, key=order.index)


def _slot_film_ms(header: dict[str, Any], slots: int) -> list[float]:
    """When the page says it painted each slot, on the film's clock; infinite where it says nothing."""
    started = float(header["client_video"].get("started_client_ms") or 0.0)
    painted = {int(shown["step"]): float(shown["at_client_ms"]) - started for shown in header["displayed"]}
    return [painted.get(k, float("inf")) for k in range(slots)]


def _parse(content: bytes) -> dict[str, Any]:
    try:
        capture = json.loads(content)
    except (ValueError, UnicodeDecodeError) as error:
        raise CaptureRejected("input.capture_unreadable", "capture.json is not JSON") from error
    if not isinstance(capture, dict):
        raise CaptureRejected("input.capture_unreadable", "capture.json is not an object")
    return capture
