"""Decision on real Kafka and Redis: its memory is flushed, and no session is lost or judged twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka_kit import consume_all, kafka_settings, make_topics, new_bus, until
from redis.asyncio import Redis
from servers import Endpoints

import decision
from borderlight.contracts.events import (
    ComparisonOutcome,
    EntryVerdict,
    FaceCompared,
    LivenessAssessed,
    LivenessOutcome,
    ObjectRef,
    SessionCaptured,
)
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from decision.adapters.kafka_history import KafkaHistory
from decision.adapters.redis_join_store import RedisJoinStore
from decision.app import wire_decision
from decision.settings import DecisionSettings
from decision.use_cases.rebuild_join import RebuildJoin

REF = ObjectRef(bucket="b", key="k", sha256="0" * 64, size=1, media_type="video/mp4")


@pytest.fixture
async def redis(stack: Endpoints) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(f"{stack.redis}/9")
    await client.flushdb()
    yield client
    await client.aclose()


def captured(session: str) -> SessionCaptured:
    return SessionCaptured(session_id=session, traveller_ref="t", video=REF, capture=REF, captured_at=datetime.now(UTC))


def live(session: str) -> LivenessAssessed:
    return LivenessAssessed(session_id=session, traveller_ref="t", outcome=LivenessOutcome.BONA_FIDE, score=0.8)


def same(session: str) -> FaceCompared:
    return FaceCompared(
        session_id=session, traveller_ref="t", outcome=ComparisonOutcome.MATCH, score=0.6, threshold=0.43
    )


async def test_a_flushed_join_is_rebuilt_and_goes_on(stack: Endpoints, prefix: str, redis: Redis) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 2)
    bus = new_bus(settings, "decision")
    store = RedisJoinStore(redis)
    own = DecisionSettings(policy_file=Path(decision.__file__).parent / "policy.toml", deadline_s=60)
    join = wire_decision(bus, store, own, SystemClock(), Metrics())
    rebuild = RebuildJoin(store, KafkaHistory(settings), join, window_s=600)
    assert await rebuild()
    await bus.start()
    outside = new_bus(settings, "outside")
    await outside.start()

    async def send(*events: Any) -> None:
        for one in events:
            await outside.publish(one, ())

    async def history() -> list[Any]:
        return await consume_all(settings, EntryVerdict.topic)

    await send(captured("done"), live("done"), same("done"), captured("half"), live("half"))
    found: list[Any] = []
    while not found:
        found = await history()
    await asyncio.sleep(1.0)
    await redis.flushdb()
    await send(captured("later"))
    await asyncio.sleep(0.5)
    assert not await store.has_epoch()
    assert await rebuild()
    await send(same("half"), live("later"), same("later"))
    pending: list[int] = [9]

    async def refresh() -> None:
        while pending[0]:
            pending[0] = await store.pending()
            await asyncio.sleep(0.1)

    watcher = asyncio.create_task(refresh())
    await until(lambda: pending[0] == 0, 30)
    watcher.cancel()
    await asyncio.sleep(0.5)
    await bus.stop()
    await outside.stop()
    by_session: dict[str, set[bytes]] = {}
    for record in await history():
        by_session.setdefault(record.key.decode(), set()).add(record.value)
    assert set(by_session) == {"done", "half", "later"}
    assert all(len(values) == 1 for values in by_session.values()), "no session has two different verdicts"


async def test_only_one_of_two_processes_rebuilds(stack: Endpoints, prefix: str, redis: Redis) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1)
    store = RedisJoinStore(redis)
    bus = new_bus(settings)
    join = wire_decision(bus, store, DecisionSettings(), SystemClock(), Metrics())
    both = [RebuildJoin(store, KafkaHistory(settings), join, window_s=60) for _ in range(2)]
    assert sorted(await asyncio.gather(*(rebuild() for rebuild in both))) == [False, True]
    assert all([await rebuild() for rebuild in both])
