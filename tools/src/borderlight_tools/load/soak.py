"""Sessions while everything is killed: what must hold is checked from outside, by reading the topics.

Every accepted session has exactly one latest verdict; all records of one session are the same verdict.
"""

import asyncio
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from borderlight.contracts.events import EntryVerdict, SessionCaptured
from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight_tools.devstack.stack import Stack
from borderlight_tools.load.driver import Clip, store_clips

LATEST = "entry.verdict.latest.v1"


@dataclass
class SoakReport:
    """accepted: session ids whose event Kafka acknowledged; kills: what was killed how often."""

    accepted: list[str] = field(default_factory=list[str])
    kills: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    missing: list[str] = field(default_factory=list[str])
    contradicting: list[str] = field(default_factory=list[str])
    repeated_records: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))

    @property
    def holds(self) -> bool:
        return not self.missing and not self.contradicting

    def to_json(self) -> dict[str, Any]:
        return {
            "accepted": len(self.accepted), "missing": self.missing, "contradicting": self.contradicting,
            "repeated_records": self.repeated_records, "kills": dict(self.kills), "outcomes": dict(self.outcomes),
        }  # fmt: skip


async def _publish_stubbornly(bus: KafkaBus, session: str, clip: Clip) -> None:
    """Until Kafka has acknowledged it: only then is the session accepted."""
    event = SessionCaptured(
        session_id=session, traveller_ref=clip.traveller, video=clip.video, capture=clip.capture,
        captured_at=SystemClock().now(),
    )  # fmt: skip
    while True:
        try:
            await bus.publish(event, (clip.video.sha256, clip.capture.sha256))
            return
        except BorderlightError:
            await asyncio.sleep(0.2)


async def _kill_at_random(stack: Stack, report: SoakReport, chance: random.Random, every_s: float) -> None:
    """kill -9 one service after another, for ever; each is started again at once."""
    while True:
        await asyncio.sleep(chance.uniform(0.4, 1.6) * every_s)
        name = chance.choice(list(stack.services))
        report.kills[name] += 1
        service = stack.services[name]
        service.kill()
        service.launch()


async def _latest() -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    async for record in read_topic(KafkaSettings(), LATEST):
        found[record.key.decode()].append(record.value)
    return found


async def soak(stack: Stack, clips: list[Path], sessions: int, seed: int, every_s: float, wait_s: float) -> SoakReport:
    """Send `sessions` through a started stack under kills; the stack's environment must be this process's."""
    chance = random.Random(seed)
    report = SoakReport()
    bus = KafkaBus(KafkaSettings(), "soak", SystemClock(), Metrics())
    await bus.start()
    try:
        stored = await store_clips(clips, bus, await open_sealed_s3(SystemClock()))
        killer = asyncio.create_task(_kill_at_random(stack, report, chance, every_s))
        for number in range(sessions):
            session = uuid.uuid4().hex
            await _publish_stubbornly(bus, session, chance.choice(stored))
            report.accepted.append(session)
            await asyncio.sleep(chance.expovariate(4.0))
            if number in (sessions // 3, 2 * sessions // 3):
                name = "kafka" if number == sessions // 3 else "redis"
                report.kills[name] += 1
                stack.servers[name].kill()
                await asyncio.to_thread(stack.servers[name].start)
        killer.cancel()
        await asyncio.gather(killer, return_exceptions=True)
        for service in stack.services.values():
            await asyncio.to_thread(service.wait_ready)
        await _wait(set(report.accepted), wait_s)
    finally:
        await bus.stop()
    await _check(report)
    return report


async def _wait(accepted: set[str], wait_s: float) -> None:
    for _ in range(int(wait_s)):
        if accepted <= set(await _latest()):
            return
        await asyncio.sleep(1.0)


async def _check(report: SoakReport) -> None:
    records = await _latest()
    history: dict[str, set[bytes]] = defaultdict(set)
    async for record in read_topic(KafkaSettings(), EntryVerdict.topic):
        history[record.key.decode()].add(record.value)
    for session in report.accepted:
        found = records.get(session, [])
        if not found:
            report.missing.append(session)
            continue
        report.repeated_records += len(found) - 1
        if len(set(found) | history[session]) != 1:
            report.contradicting.append(session)
        report.outcomes[EntryVerdict.model_validate_json(found[-1]).outcome.value] += 1
