"""An open-loop load driver: sessions start when the schedule says so, whether or not earlier ones are done.

Latency runs from the intended time to the arrival of the verdict, so that a stalled system cannot hide its queue.
"""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from borderlight.contracts.bundle import VIDEO_SUFFIXES, read_bundle
from borderlight.contracts.events import EntryVerdict, ObjectRef, SessionCaptured
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight_cli.commands.documents.options import model_sha256
from borderlight_cli.submission import submit_documents, traveller_of, wait_until_enrolled
from capture_ingest.use_cases.store_video import BUCKET as CAPTURES
from matcher.app import PHOTO_BUCKET, load_key_ring, open_reference_store
from matcher.settings import MatcherSettings

LATE_MS = 50.0


@dataclass(frozen=True)
class Clip:
    """A stored capture, ready to be announced under any session id."""

    traveller: str
    video: ObjectRef
    capture: ObjectRef


@dataclass
class LoadResult:
    """What happened to every intended session; times are monotonic seconds."""

    intended: dict[str, float] = field(default_factory=dict[str, float])
    sent: dict[str, float] = field(default_factory=dict[str, float])
    decided: dict[str, float] = field(default_factory=dict[str, float])
    outcomes: dict[str, str] = field(default_factory=dict[str, str])
    duplicates: int = 0

    def report(self, warm_up_s: float) -> dict[str, Any]:
        """Figures as JSON; sessions of the warm-up are left out of the latencies."""
        begin = min(self.intended.values())
        counted = [s for s, at in self.intended.items() if at - begin >= warm_up_s and s in self.decided]
        latency = np.array([self.decided[s] - self.intended[s] for s in counted])
        span = max(self.intended.values()) - begin or 1.0
        late = sum((self.sent[s] - self.intended[s]) * 1000.0 > LATE_MS for s in self.sent)
        quantiles = {f"p{q:g}": round(float(np.quantile(latency, q / 100)), 3) for q in (50, 95, 99, 99.9)}
        done = max(self.decided.values(), default=begin)
        return {
            "schema": "borderlight.load/1",
            "offered_per_s": round(len(self.intended) / span, 2),
            "achieved_per_s": round(len(self.decided) / max(done - begin, 1e-9), 2),
            "sessions": len(self.intended),
            "lost": len(self.intended) - len(self.decided),
            "duplicates": self.duplicates,
            "sent_late_share": round(late / max(len(self.sent), 1), 4),
            "latency_s": {**quantiles, "max": round(float(latency.max()), 3)} if len(latency) else {},
            "outcomes": {o: list(self.outcomes.values()).count(o) for o in sorted(set(self.outcomes.values()))},
        }


async def store_clips(folders: list[Path], bus: KafkaBus, objects: ObjectStore) -> list[Clip]:
    """Upload every clip once and enrol its documents."""
    clips: list[Clip] = []
    clock = SystemClock()
    references = open_reference_store(objects, load_key_ring(MatcherSettings()), model_sha256())
    for bucket in (CAPTURES, PHOTO_BUCKET):
        await objects.ensure_bucket(bucket)
    for folder in folders:
        bundle = read_bundle(folder)
        documents = await submit_documents(bundle, bus, objects, clock)
        suffix = VIDEO_SUFFIXES.get(bundle.media_type, "mp4")
        video = await objects.put(CAPTURES, f"load/{bundle.name}/video.{suffix}", bundle.video, bundle.media_type)
        content = (folder / "capture.json").read_bytes()
        capture = await objects.put(CAPTURES, f"load/{bundle.name}/capture.json", content, "application/json")
        clips.append(Clip(traveller_of(bundle), video, capture))
        await wait_until_enrolled(traveller_of(bundle), documents, references)
    return clips


async def _watch(result: LoadResult, stop: asyncio.Event) -> None:
    async for record in read_topic(KafkaSettings(), EntryVerdict.topic, None, follow=True):
        verdict = EntryVerdict.model_validate_json(record.value)
        if verdict.session_id in result.decided:
            result.duplicates += 1
        elif verdict.session_id in result.intended:
            result.decided[verdict.session_id] = time.monotonic()
            result.outcomes[verdict.session_id] = verdict.outcome.value
        if stop.is_set():
            return


async def run_load(folders: list[Path], rate: float, seconds: float, drain_s: float, seed: int) -> LoadResult:
    """Poisson arrivals at `rate` for `seconds`; then wait up to `drain_s` for what is still on its way."""
    chance = random.Random(seed)
    result, clock = LoadResult(), SystemClock()
    bus = KafkaBus(KafkaSettings(), "load", clock, Metrics())
    await bus.start()
    stop = asyncio.Event()
    try:
        clips = await store_clips(folders, bus, await open_sealed_s3(SystemClock()))
        watcher = asyncio.create_task(_watch(result, stop))
        await asyncio.sleep(1.0)  # the reader must stand at the end of the topic before the first session
        begin = time.monotonic() + 0.2
        at, sending = 0.0, list[asyncio.Task[None]]()

        async def send(session: str, clip: Clip) -> None:
            event = SessionCaptured(
                session_id=session, traveller_ref=clip.traveller, video=clip.video, capture=clip.capture,
                captured_at=clock.now(),
            )  # fmt: skip
            result.sent[session] = time.monotonic()
            await bus.publish(event, (clip.video.sha256, clip.capture.sha256))

        while at < seconds:
            session = uuid.uuid4().hex
            result.intended[session] = begin + at
            await asyncio.sleep(max(0.0, begin + at - time.monotonic()))
            sending.append(asyncio.create_task(send(session, chance.choice(clips))))
            at += chance.expovariate(rate)
        await asyncio.gather(*sending)
        limit = time.monotonic() + drain_s
        while len(result.decided) < len(result.intended) and time.monotonic() < limit:
            await asyncio.sleep(0.1)
        stop.set()
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
    finally:
        await bus.stop()
    return result
