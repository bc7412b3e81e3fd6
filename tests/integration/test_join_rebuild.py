"""Decision on real Kafka and Redis: its memory is lost, wholly or in part, and no session is lost or judged twice."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kafka_kit import consume_all, kafka_settings, make_topics, new_bus, produce
from redis.asyncio import Redis
from servers import Endpoints

from borderlight.contracts.events import (
    ComparisonOutcome,
    EntryVerdict,
    FaceCompared,
    LivenessAssessed,
    LivenessOutcome,
    ObjectRef,
    SessionCaptured,
)
from borderlight.errors import Unavailable
from borderlight.runtime.bus.kafka import KafkaBus
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.metrics import Metrics
from decision.adapters.kafka_history import KafkaHistory
from decision.adapters.redis_join_store import RedisJoinStore
from decision.app import INPUTS, Decision, wire_decision
from decision.settings import DecisionSettings

REF = ObjectRef(bucket="b", key="k", sha256="0" * 64, size=1, media_type="video/mp4")


@pytest.fixture
async def redis(stack: Endpoints) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(f"{stack.redis}/9")
    await client.flushdb()
    yield client
    await client.aclose()


def captured(session: str) -> SessionCaptured:
    return SessionCaptured(session_id=session, traveller_ref="t", video=REF, capture=REF, captured_at=datetime.now(UTC))


DIGEST = captured("any").digest


def live(session: str) -> LivenessAssessed:
    return LivenessAssessed(
        session_id=session, traveller_ref="t", outcome=LivenessOutcome.BONA_FIDE, score=0.8, capture_digest=DIGEST
    )


def same(session: str) -> FaceCompared:
    return FaceCompared(
        session_id=session, traveller_ref="t", outcome=ComparisonOutcome.MATCH, score=0.6, threshold=0.43,
        capture_digest=DIGEST,
    )  # fmt: skip


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


class Running:
    """One decision process without its loops, and a second bus that plays all others."""

    def __init__(self, stack: Endpoints, prefix: str, redis: Redis, clock: Clock | None = None) -> None:
        self.settings = kafka_settings(stack, prefix)
        self.clock = clock or SystemClock()
        self.bus: KafkaBus = new_bus(self.settings, "decision")
        self.outside: KafkaBus = new_bus(self.settings, "outside")
        self.store = RedisJoinStore(redis)
        self.history = KafkaHistory(self.settings, INPUTS, EntryVerdict.topic)
        own = DecisionSettings(deadline_s=60, rebuild_window_s=600)
        self.decision: Decision = wire_decision(self.bus, self.store, self.history, own, self.clock, Metrics())

    async def send(self, *events: Any) -> None:
        for one in events:
            await self.outside.publish(one, ())

    async def verdicts(self) -> dict[str, set[bytes]]:
        found: dict[str, set[bytes]] = {}
        for record in await consume_all(self.settings, EntryVerdict.topic):
            found.setdefault(record.key.decode(), set()).add(record.value)
        return found

    async def is_caught_up(self) -> bool:
        with contextlib.suppress(Unavailable):
            return await self.decision.catch_up()
        return False

    async def everything_is_read(self) -> bool:
        spans, positions = await self.history.spans(), await self.store.positions()
        return all(positions.get(p, 0) >= span.end for p, span in spans.items())


@contextlib.asynccontextmanager
async def running(stack: Endpoints, prefix: str, redis: Redis, clock: Clock | None = None) -> AsyncGenerator[Running]:
    one = Running(stack, prefix, redis, clock)
    async with one.history:
        await until(one.is_caught_up)  # the group coordinator may not be there yet
        await one.bus.start()
        await one.outside.start()
        try:
            yield one
        finally:
            await one.bus.stop()
            await one.outside.stop()


@pytest.fixture
async def one(stack: Endpoints, prefix: str, redis: Redis) -> AsyncIterator[Running]:
    await make_topics(kafka_settings(stack, prefix), 2)
    async with running(stack, prefix, redis) as started:
        yield started


def only_one_each(found: dict[str, set[bytes]], sessions: set[str]) -> None:
    assert set(found) == sessions
    assert all(len(values) == 1 for values in found.values()), "no session has two different verdicts"


async def test_a_flushed_join_is_read_again_and_goes_on(one: Running, redis: Redis) -> None:
    await one.send(captured("done"), live("done"), same("done"), captured("half"), live("half"))
    await until(one.everything_is_read)
    assert set(await one.verdicts()) == {"done"}
    await redis.flushdb()
    assert await one.decision.catch_up()
    await one.send(captured("later"), same("half"), live("later"), same("later"))

    async def all_decided() -> bool:
        return await one.everything_is_read() and set(await one.verdicts()) == {"done", "half", "later"}

    await until(all_decided)
    only_one_each(await one.verdicts(), {"done", "half", "later"})


async def test_lost_writes_are_read_again_before_anything_is_decided(one: Running, redis: Redis) -> None:
    """What an asynchronous replica that became the primary lacks: the state goes back to an earlier moment."""
    await one.send(captured("a"))
    await until(one.everything_is_read)
    earlier: dict[Any, Any] = {key: await redis.dump(key) for key in await redis.keys("*")}
    await one.send(captured("lost"), live("a"), same("a"))

    async def a_is_decided() -> bool:
        return await one.everything_is_read() and "a" in await one.verdicts()

    await until(a_is_decided)
    await redis.flushdb()
    for key, content in earlier.items():
        await redis.restore(key, 0, content)
    assert await one.decision.catch_up()
    await one.send(live("lost"), same("lost"))

    async def both_are_decided() -> bool:
        return await one.everything_is_read() and set(await one.verdicts()) == {"a", "lost"}

    await until(both_are_decided)
    only_one_each(await one.verdicts(), {"a", "lost"})


async def test_a_gap_that_a_record_meets_is_closed_at_once(one: Running, redis: Redis) -> None:
    """Nobody looks after the state here: the next record of the partition notices."""
    await one.send(captured("a"), live("a"))
    await until(one.everything_is_read)
    await redis.flushdb()
    await one.send(same("a"))

    async def decided() -> bool:
        return "a" in await one.verdicts()

    await until(decided)
    only_one_each(await one.verdicts(), {"a"})


async def test_a_record_that_nobody_can_read_leaves_no_gap(one: Running) -> None:
    await produce(one.settings, LivenessAssessed.topic, [(b"a", b"not an event", [])])
    await one.send(captured("a"), live("a"), same("a"))

    async def decided() -> bool:
        return await one.decision.catch_up() and "a" in await one.verdicts()

    await until(decided)
    assert await one.everything_is_read() or await one.decision.catch_up()


class MovedClock(SystemClock):
    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


async def test_a_store_that_was_away_longer_than_the_window_loses_no_session(
    stack: Endpoints, prefix: str, redis: Redis
) -> None:
    """Two hours pass, the window is ten minutes: it is counted from the last record that was handled."""
    await make_topics(kafka_settings(stack, prefix), 2)
    clock = MovedClock()
    async with running(stack, prefix, redis, clock) as one:
        await one.send(captured("half"), live("half"))
        await until(one.everything_is_read)
        await redis.flushdb()
        clock.ahead = timedelta(hours=2)
        assert await one.decision.catch_up()

        async def swept() -> bool:
            await one.decision.sweep()
            return "half" in await one.verdicts()

        await until(swept)
        (values,) = (await one.verdicts()).values()
        (value,) = values
        assert EntryVerdict.model_validate_json(value).outcome == "refer"


async def test_two_processes_that_catch_up_at_once_say_everything_once(
    stack: Endpoints, prefix: str, redis: Redis
) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1)
    both = [Running(stack, prefix, redis) for _ in range(2)]
    await both[0].outside.start()
    await both[0].send(captured("a"), live("a"), same("a"))
    for one in both:
        await one.bus.broker.connect()
    assert any(await asyncio.gather(*(one.decision.catch_up() for one in both)))

    async def both_are_usable() -> bool:
        return all([await one.decision.catch_up() for one in both])

    await until(both_are_usable)
    only_one_each(await both[0].verdicts(), {"a"})
    for one in both:
        await one.history.__aexit__(None, None, None)
        await one.bus.stop()
    await both[0].outside.stop()
