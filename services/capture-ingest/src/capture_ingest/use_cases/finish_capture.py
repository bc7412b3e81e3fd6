"""Finish a capture: one request reserves it, stores capture.json, publishes SessionCaptured, then it is accepted.

Reserving is one atomic step of the session: of overlapping requests, and of a finish beside a retake, one wins before
anything is published. Whoever finds it reserved waits for the winner; when the winner is gone, it publishes the very
same event again.
"""

import asyncio
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from borderlight.contracts.buckets import CAPTURES
from borderlight.contracts.bundle import SCHEMA
from borderlight.contracts.events import Channel, Freshness, ObjectRef, SessionCaptured
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.clock import Clock
from borderlight.runtime.objects.port import ObjectStore, Place, read_own
from capture_ingest.domain.channel import ChannelFacts, ChannelFinding, classify
from capture_ingest.domain.freshness import claimed_answers_ms, freshness_of, without_transcript
from capture_ingest.domain.live_transcript import LiveTranscript
from capture_ingest.domain.session_life import Session, State, Step
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.store_video import BUCKET

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class CaptureAccepted:
    """again: it was accepted before; the same answer, counted once."""

    again: bool = False


@dataclass(frozen=True)
class NotFinishable:
    """The session has no video, goes on elsewhere, or its video was replaced meanwhile."""


def _channel(client_log: dict[str, Any]) -> ChannelFinding:
    told = client_log.get("channel")
    return classify(None if told is None else ChannelFacts(**told))


def _capture_text(session: Session, client_log: dict[str, Any]) -> bytes:
    """capture.json: the challenge as issued, what the page logged, and what that says of its channel."""
    video = ObjectRef.model_validate(session.video)
    capture = {
        "schema": SCHEMA,
        "session_id": session.session_id,
        "challenge": session.challenge,
        "displayed": client_log.get("displayed", []),
        "video": {"file": video.key.split("/")[-1], "mime_type": video.media_type, **client_log.get("video", {})},
        "channel": {**asdict(_channel(client_log)), "facts": client_log.get("channel")},
    }
    return json.dumps(capture, sort_keys=True).encode()


@dataclass(frozen=True)
class FinishCapture:
    """patience_s: how long to wait for another request that has the finish in hand [s].

    answer_deadline_s: from challenge to finish, for a capture that was not committed while it was filmed [s];
    decide_within_s: how long after the capture a verdict is of use [s].
    """

    sessions: SessionStore
    objects: ObjectStore
    publisher: EventPublisher
    clock: Clock
    patience_s: float = 2.0
    decide_within_s: float = 30.0
    answer_deadline_s: float = 30.0

    async def __call__(self, session: Session, client_log: dict[str, Any]) -> CaptureAccepted | NotFinishable:
        """Accepted means that video and event are safe. Raises Unavailable."""
        if session.state is not State.UPLOADED or session.video is None or session.challenge is None:
            return await self._after_another(session.session_id)
        content = _capture_text(session, client_log)
        key = f"{session.session_id}/{hashlib.sha256(content).hexdigest()}.json"
        capture = (await self.objects.put(BUCKET, key, content, "application/json")).model_dump(mode="json")
        finish = {
            "capture": capture,
            "captured_at": self.clock.now().isoformat(),
            "freshness": await self._freshness(session),
            "channel": _channel(client_log).channel,
        }
        reserved = await self.sessions.take(
            session.session_id, Step.FINISH_RESERVED, {"finish": finish}, {"video": session.video}
        )
        if reserved is not None:
            return await self._hand_over(reserved)
        answer = await self._after_another(session.session_id)
        winner = await self.sessions.find(session.session_id)
        if winner is None or winner.finish is None or winner.finish["capture"] != capture:
            await self.objects.delete(BUCKET, key)
        return answer

    async def resume(self, session: Session) -> None:
        """Hand over what a request reserved that has died since; raises Unavailable."""
        if session.state is State.FINISHING and session.finish is not None:
            reserved_at = datetime.fromisoformat(session.finish["captured_at"])
            if (self.clock.now() - reserved_at).total_seconds() > self.patience_s:
                await self._hand_over(session)

    async def _hand_over(self, session: Session) -> CaptureAccepted:
        """Publish what is reserved; the same event however often."""
        assert session.finish is not None
        video, capture = ObjectRef.model_validate(session.video), ObjectRef.model_validate(session.finish["capture"])
        captured_at = datetime.fromisoformat(session.finish["captured_at"])
        event = SessionCaptured(
            session_id=session.session_id,
            traveller_ref=session.traveller_ref,
            video=video,
            capture=capture,
            captured_at=captured_at,
            decide_by=captured_at + timedelta(seconds=self.decide_within_s),
            attempt=session.attempt,
            previous_session_id=session.previous_session_id,
            policy=session.policy,
            freshness=Freshness(session.finish.get("freshness", Freshness.LATE)),
            channel=Channel(session.finish.get("channel", Channel.UNKNOWN)),
            transcript=None if session.transcript is None else ObjectRef.model_validate(session.transcript),
        )
        await self.publisher.publish(event, (video.sha256, capture.sha256))
        taken = await self.sessions.take(session.session_id, Step.CAPTURE_FINISHED, {})
        return CaptureAccepted(again=taken is None)

    async def _after_another(self, session_id: str) -> CaptureAccepted | NotFinishable:
        """What another request made of the session."""
        end = asyncio.get_running_loop().time() + self.patience_s
        while True:
            session = await self.sessions.find(session_id)
            if session is None or session.state not in (State.FINISHING, State.CAPTURED, State.DECIDED):
                return NotFinishable()
            if session.state is not State.FINISHING:
                return CaptureAccepted(again=True)
            if asyncio.get_running_loop().time() >= end:
                return await self._hand_over(session)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _freshness(self, session: Session) -> str:
        """By the server's clock; the normalizer looks again once it has the film's bytes."""
        if session.transcript is None:
            now_s = self.clock.now().timestamp()
            return without_transcript(session.challenged_at_s, now_s, self.answer_deadline_s)
        stored = await read_own(self.objects, ObjectRef.model_validate(session.transcript), Place(CAPTURES))
        transcript = LiveTranscript.from_json(json.loads(stored))
        return freshness_of(transcript, claimed_answers_ms(transcript))
