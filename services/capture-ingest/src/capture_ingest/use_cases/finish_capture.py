"""Finish a capture: store capture.json, publish SessionCaptured, and only then call it accepted."""

import json
from dataclasses import dataclass
from typing import Any

from borderlight.contracts.bundle import SCHEMA
from borderlight.contracts.events import Freshness, ObjectRef, SessionCaptured
from borderlight.plumbing.bus import EventPublisher
from borderlight.plumbing.clock import Clock
from borderlight.plumbing.object_store import ObjectStore, read_verified
from capture_ingest.domain.freshness import claimed_answers_ms, freshness_of, without_transcript
from capture_ingest.domain.live_transcript import LiveTranscript
from capture_ingest.domain.session_life import Session, State, Step
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.store_video import BUCKET


@dataclass(frozen=True)
class CaptureAccepted:
    """again: it was accepted before; the same answer, counted once."""

    again: bool = False


@dataclass(frozen=True)
class NotFinishable:
    """The session has no video, or goes on elsewhere."""


@dataclass(frozen=True)
class FinishCapture:
    sessions: SessionStore
    objects: ObjectStore
    publisher: EventPublisher
    clock: Clock
    answer_deadline_s: float = 30.0

    async def __call__(self, session: Session, client_log: dict[str, Any]) -> CaptureAccepted | NotFinishable:
        """Accepted means that video and event are safe. Raises Unavailable."""
        if session.state in (State.CAPTURED, State.DECIDED):
            return CaptureAccepted(again=True)
        if session.state is not State.UPLOADED or session.video is None or session.challenge is None:
            return NotFinishable()
        video = ObjectRef.model_validate(session.video)
        capture = {
            "schema": SCHEMA,
            "session_id": session.session_id,
            "challenge": session.challenge,
            "displayed": client_log.get("displayed", []),
            "video": {"file": video.key.split("/")[-1], "mime_type": video.media_type, **client_log.get("video", {})},
        }
        content = json.dumps(capture, sort_keys=True).encode()
        stored = await self.objects.put(BUCKET, f"{session.session_id}/capture.json", content, "application/json")
        event = SessionCaptured(
            session_id=session.session_id,
            traveller_ref=session.traveller_ref,
            video=video,
            capture=stored,
            captured_at=self.clock.now(),
            attempt=session.attempt,
            previous_session_id=session.previous_session_id,
            policy=session.policy,
            freshness=await self._freshness(session),
            transcript=None if session.transcript is None else ObjectRef.model_validate(session.transcript),
        )
        await self.publisher.publish(event, (video.sha256, stored.sha256))
        await self.sessions.take(session.session_id, Step.CAPTURE_FINISHED, {})
        return CaptureAccepted()

    async def _freshness(self, session: Session) -> Freshness:
        """By the server's clock; the normalizer looks again once it has the film's bytes."""
        if session.transcript is None:
            now_s = self.clock.now().timestamp()
            return Freshness(without_transcript(session.challenged_at_s, now_s, self.answer_deadline_s))
        stored = await read_verified(self.objects, ObjectRef.model_validate(session.transcript))
        transcript = LiveTranscript.from_json(json.loads(stored))
        return Freshness(freshness_of(transcript, claimed_answers_ms(transcript)))
