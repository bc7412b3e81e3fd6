"""Topics, buses and records on a real broker, isolated by prefix."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from servers import Endpoints

from borderlight.contracts.events import CaptureRejected
from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.kafka_topics import apply_topics
from borderlight.runtime.bus.position import StartFrom
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics


def kafka_settings(stack: Endpoints, prefix: str, **changes: Any) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=stack.kafka,
        topic_prefix=prefix,
        session_timeout_ms=6_000,
        heartbeat_interval_ms=500,
        **changes,
    )


async def make_topics(settings: KafkaSettings, partitions: int = 2, names: Sequence[str] | None = None) -> None:
    wanted = [replace(t, partitions=partitions) for t in with_dead_letters(registry())]
    if names is not None:
        wanted = [t for t in wanted if t.name in names or t.name.removesuffix(".dlq") in names]
    await apply_topics(wanted, settings, replicas=1)


def new_bus(settings: KafkaSettings, source: str = "test") -> KafkaBus:
    return KafkaBus(settings, source, SystemClock(), Metrics())


def subscribe(bus: BrokerBus, handler: Callable[[Any], Awaitable[None]], start_from: StartFrom | None = None) -> None:
    """A consumer of capture.rejected.v1 in the group of a service called test."""

    @bus.router("test").subscriber(CaptureRejected.topic, start_from=start_from)
    async def handle(event: CaptureRejected) -> None:
        await handler(event)


async def produce(settings: KafkaSettings, topic: str, records: Sequence[tuple[bytes, bytes | None, Any]]) -> None:
    """(key, value, headers) as they are, by an independent client."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all")
    await producer.start()
    try:
        for key, value, headers in records:
            await producer.send_and_wait(settings.topic_prefix + topic, value, key=key, headers=headers)
    finally:
        await producer.stop()


async def consume_all(settings: KafkaSettings, topic: str, at_least: int = 0, seconds: float = 15.0) -> list[Any]:
    """Every record of a topic, by an independent client; waits for `at_least`."""
    consumer = AIOKafkaConsumer(
        settings.topic_prefix + topic, bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest",
        enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    found: list[Any] = []
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            batch = await consumer.getmany(timeout_ms=300)
            new = [record for records in batch.values() for record in records]
            found += new
            if not new and len(found) >= at_least:
                break
    finally:
        await consumer.stop()
    return found


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition; fails the test when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        await asyncio.sleep(0.05)
