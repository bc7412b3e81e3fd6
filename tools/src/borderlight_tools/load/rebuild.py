"""How long decision takes to bring its join back from the topics, and how much memory the join needs a session."""

import asyncio
import contextlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from borderlight.contracts.events import (
    CaptureNormalized,
    EntryVerdict,
    Event,
    ObjectRef,
    SessionCaptured,
    to_json_bytes,
)
from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.errors import Unavailable
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.kafka_topics import apply_topics
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight_tools.devstack import servers
from borderlight_tools.devstack.server import free_ports
from borderlight_tools.load.stand_ins import assessed_of, compared_of
from decision.adapters.kafka_history import KafkaHistory
from decision.adapters.redis_join_store import RedisJoinStore
from decision.app import INPUTS, wire_decision
from decision.domain.session_join import JoinState, Side, Stored
from decision.settings import DecisionSettings
from decision.use_cases.known_session import KnownSession
from decision.use_cases.reach_verdict import reach_verdict

_REF = ObjectRef(bucket="captures", key="x" * 90, sha256="0" * 64, size=400_000, media_type="video/mp4")


@dataclass(frozen=True)
class RebuildResult:
    """seconds, cpu_s: of the catch-up [s]; bytes_a_session: of Redis, decided and waiting ones apart [bytes]."""

    sessions: int
    waiting: int
    records: int
    seconds: float
    cpu_s: float
    bytes_a_decided_session: float
    bytes_a_waiting_session: float

    def to_json(self) -> dict[str, Any]:
        return {"schema": "borderlight.rebuild/1", **asdict(self)}


def _events(number: int, decision: Any, waiting: bool) -> list[Event]:
    """What the topics hold of one session; one that waits lacks the comparison and the verdict."""
    session, now = f"bench-{number:08d}-{'y' * 8}", SystemClock().now()
    captured = SessionCaptured(
        session_id=session, traveller_ref=f"traveller-{number}", video=_REF, capture=_REF, captured_at=now
    )
    normalized = CaptureNormalized(
        session_id=session, traveller_ref=captured.traveller_ref, normalized=_REF, captured_at=now,
        capture_digest=captured.digest,
    )  # fmt: skip
    liveness, comparison = assessed_of(normalized), compared_of(normalized)
    if waiting:
        return [captured, liveness]
    at_ms = int(now.timestamp() * 1000)
    sides = {Side.CAPTURED: captured, Side.LIVENESS: liveness, Side.COMPARISON: comparison}
    stored = {side: Stored(event.model_dump_json(), at_ms) for side, event in sides.items()}
    state = JoinState(
        session,
        captured=stored[Side.CAPTURED],
        liveness=stored[Side.LIVENESS],
        comparison=stored[Side.COMPARISON],
    )
    known = KnownSession.of(state, 30.0)
    assert known is not None
    return [captured, liveness, comparison, reach_verdict(known, decision.join.policies.chosen(None))]


async def _fill(settings: KafkaSettings, decision: Any, sessions: int, waiting: int) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks=1, linger_ms=20)
    await producer.start()
    count = 0
    try:
        for number in range(sessions):
            for event in _events(number, decision, number < waiting):
                await producer.send(event.topic, to_json_bytes(event), key=event.key.encode())
                count += 1
        await producer.flush()
    finally:
        await producer.stop()
    return count


async def _until_groups_answer(history: KafkaHistory) -> None:
    """A fresh Kafka makes its own topic for groups when it is first asked."""
    for _ in range(60):
        with contextlib.suppress(Unavailable):
            await history.committed()
            return
        await asyncio.sleep(0.5)


async def _memory(redis: "Redis") -> int:
    return int((await redis.info("memory"))["used_memory"])


async def _measured(settings: KafkaSettings, url: str, sessions: int, waiting: int) -> RebuildResult:
    clock, metrics = SystemClock(), Metrics()
    bus = KafkaBus(settings, "decision", clock, metrics)
    await bus.broker.connect()
    own = DecisionSettings(redis_url=url, deadline_s=3_600.0)
    async with RedisJoinStore.at(url) as store, KafkaHistory(settings, INPUTS, EntryVerdict.topic) as history:
        decision = wire_decision(bus, store, history, own, clock, metrics)
        await _until_groups_answer(history)
        records = await _fill(settings, decision, sessions, waiting)
        empty = await _memory(store.redis)
        begun, begun_cpu = time.monotonic(), time.process_time()
        assert await decision.catch_up()
        seconds, cpu_s = time.monotonic() - begun, time.process_time() - begun_cpu
        full = await _memory(store.redis)
        names = [name async for name in store.redis.scan_iter("join:s:*", count=1_000)]
        sizes = [await store.redis.memory_usage(name) for name in names[:1_000]]
        each = sum(int(size or 0) for size in sizes) / max(1, len(sizes))
    await bus.stop()
    decided = sessions - waiting
    per_decided = (full - empty - each * len(names)) / max(1, decided)
    return RebuildResult(
        sessions, len(names), records, round(seconds, 2), round(cpu_s, 2), round(per_decided, 1), round(each, 1)
    )


async def measure_rebuild(folder: Path, sessions: int, waiting: int) -> RebuildResult:
    """Fill the topics of a Kafka of its own, and read them into an empty Redis."""
    kafka_port, controller, redis_port = free_ports(3)
    parts = [servers.kafka(folder / "kafka", kafka_port, controller), servers.redis(folder / "redis", redis_port)]
    try:
        for part in parts:
            part.start()
        settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{kafka_port}")
        await apply_topics(with_dead_letters(registry()), settings, replicas=1)
        return await _measured(settings, f"redis://127.0.0.1:{redis_port}/0", sessions, waiting)
    finally:
        for part in parts:
            part.stop()
