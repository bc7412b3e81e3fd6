"""Sessions while everything fails: what must hold is checked from outside, by reading the topics.

Every accepted session has a verdict; all records of one session are the same verdict; none is referred for want of
time that had `within_s` for it. The soak is a series of faults, each with sessions before, during and after it.
"""

import asyncio
import random
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from borderlight.contracts.events import EntryVerdict, FaceCompared, LivenessAssessed, SessionCaptured
from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.clock import SystemClock
from borderlight_tools.load.driver import Clip
from borderlight_tools.load.soak_stack import SoakStack

LATEST = "entry.verdict.latest.v1"
DEADLINE = "session.deadline"
POISON_BYTES = (20, 100_000, 999_000)
POISONED = (SessionCaptured.topic, LivenessAssessed.topic, FaceCompared.topic, EntryVerdict.topic)


@dataclass(frozen=True)
class SoakPlan:
    """sessions in all, at `rate` a second; within_s: time for a verdict [s]; outage_s: how long a server is away [s];
    kill_every_s: mean time between kills of services [s], 0 for none; wait_s: for the last verdicts [s]."""

    sessions: int
    rate: float
    seed: int
    within_s: float = 120.0
    outage_s: float = 30.0
    kill_every_s: float = 8.0
    wait_s: float = 240.0


@dataclass
class SoakReport:
    """accepted: session → the fault in which its event was acknowledged; faults: how often each happened; catch_ups:
    how often decision brought its state back from the topics."""

    accepted: dict[str, str] = field(default_factory=dict[str, str])
    faults: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    lost: list[str] = field(default_factory=list[str])
    contradicting: list[str] = field(default_factory=list[str])
    referred_for_time: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    repeated_records: int = 0
    catch_ups: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))

    @property
    def holds(self) -> bool:
        return not self.lost and not self.contradicting and not self.referred_for_time

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": "borderlight.soak/2",
            "accepted": len(self.accepted),
            "lost": self.lost,
            "contradicting": self.contradicting,
            "referred_for_time": dict(self.referred_for_time),
            "repeated_records": self.repeated_records,
            "catch_ups": self.catch_ups,
            "faults": dict(self.faults),
            "outcomes": dict(self.outcomes),
        }


class Soak:
    """One run against a started stack whose environment is this process's."""

    def __init__(self, stack: SoakStack, clips: list[Clip], bus: KafkaBus, plan: SoakPlan) -> None:
        self.stack = stack
        self.plan = plan
        self.report = SoakReport()
        self._clips = clips
        self._bus = bus
        self._chance = random.Random(plan.seed)
        self._fault = "calm"

    def faults(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What happens, in this order."""
        plan, stack = self.plan, self.stack
        return {
            "calm": self._nothing,
            "redis-failover": lambda: stack.fail_over(2.0),
            "redis-killed": stack.kill_join,
            "redis-lost-and-away": lambda: stack.lose_join(plan.outage_s),
            "kafka-away": lambda: stack.take_away("kafka", plan.outage_s),
            "object-store-away": lambda: stack.take_away("object-store", plan.outage_s),
            "poison": self._poison,
            "kill-everything": stack.kill_everything,
            "rolling-restart": stack.roll,
            "redis-failover-back": lambda: stack.fail_over(2.0),
        }

    async def run(self) -> SoakReport:
        """All faults, then the check."""
        faults = self.faults()
        each = max(1, self.plan.sessions // len(faults))
        killer = asyncio.create_task(self._kill_at_random())
        for name, happen in faults.items():
            self._fault = name
            self.report.faults[name] += 1
            sending = asyncio.create_task(self._send(each))
            await asyncio.sleep(0.3 * each / self.plan.rate)
            await happen()
            await sending
        killer.cancel()
        await asyncio.gather(killer, return_exceptions=True)
        await self.stack.until_ready()
        await self._wait()
        await self._check()
        return self.report

    async def _nothing(self) -> None:
        return None

    async def _send(self, count: int) -> None:
        for _ in range(count):
            session, fault = uuid.uuid4().hex, self._fault
            await self._publish_stubbornly(session, self._chance.choice(self._clips))
            self.report.accepted[session] = fault
            await asyncio.sleep(self._chance.expovariate(self.plan.rate))

    async def _publish_stubbornly(self, session: str, clip: Clip) -> None:
        """Until Kafka has acknowledged it: only then is the session accepted."""
        while True:
            now = SystemClock().now()
            event = SessionCaptured(
                session_id=session, traveller_ref=clip.traveller, video=clip.video, capture=clip.capture,
                captured_at=now, decide_by=now + timedelta(seconds=self.plan.within_s),
            )  # fmt: skip
            try:
                await self._bus.publish(event, (clip.video.sha256, clip.capture.sha256))
                return
            except BorderlightError:
                await asyncio.sleep(0.2)

    async def _poison(self) -> None:
        for topic in POISONED:
            for size in POISON_BYTES:
                key = uuid.uuid4().hex.encode()
                await self._bus.publish_raw(topic, key, b"?" * size, {})

    async def _kill_at_random(self) -> None:
        """kill -9 one service after another, for ever; each is started again at once."""
        while self.plan.kill_every_s:
            await asyncio.sleep(self._chance.uniform(0.4, 1.6) * self.plan.kill_every_s)
            if self._fault in ("kill-everything", "rolling-restart"):
                continue  # somebody else stops and starts them
            name = self._chance.choice(list(self.stack.services))
            self.report.faults[f"kill-9 {name}"] += 1
            service = self.stack.services[name]
            service.kill()
            service.launch()

    async def _records(self, topic: str) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = defaultdict(list)
        async for record in read_topic(KafkaSettings(), topic):
            found[record.key.decode()].append(record.value)
        return found

    async def _wait(self) -> None:
        for _ in range(int(self.plan.wait_s)):
            if set(self.report.accepted) <= set(await self._records(LATEST)):
                return
            await asyncio.sleep(1.0)

    async def _check(self) -> None:
        latest, history = await self._records(LATEST), await self._records(EntryVerdict.topic)
        self.report.catch_ups = self.stack.services["decision"].log.read_text(errors="replace").count("join caught up")
        for session, fault in self.report.accepted.items():
            found = [*latest.get(session, []), *history.get(session, [])]
            if not latest.get(session):
                self.report.lost.append(session)
                continue
            self.report.repeated_records += len(found) - 2
            if len(set(found)) != 1:
                self.report.contradicting.append(session)
            verdict = EntryVerdict.model_validate_json(found[0])
            self.report.outcomes[verdict.outcome.value] += 1
            if DEADLINE in verdict.reasons:
                self.report.referred_for_time[fault] += 1
