"""What goes wrong on a real Kafka: poison of every size, restarts, a broker that is away. Nothing is lost or stuck."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kafka_kit import consume_all, kafka_settings, make_topics, new_bus, produce, subscribe, until
from servers import Endpoints
from test_kafka_bus import TOPIC, event, raw

from borderlight.contracts.events import ConsumerControl
from borderlight.errors import Unavailable
from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight_cli.commands.consumer import resume_stage
from borderlight_cli.dead_letters import read_dead_letters, redrive_topic
from borderlight_tools.devstack import servers
from borderlight_tools.devstack.install import missing
from borderlight_tools.devstack.server import free_ports

STAGE = f"test:{TOPIC}"
DLQ = f"{TOPIC}.dlq"


def listener(settings: KafkaSettings, handler: Callable[[Any], Awaitable[None]]) -> BrokerBus:
    bus = new_bus(settings)
    bus.resume_poll_s = 0.2
    subscribe(bus, handler)
    return bus


class Seen:
    def __init__(self) -> None:
        self.sessions: list[str] = []

    async def __call__(self, received: Any) -> None:
        self.sessions.append(received.session_id)


def is_paused(bus: BrokerBus) -> bool:
    return any(stage.delivery.paused() for stage in bus.stages)


@pytest.mark.parametrize("size", [1, 500_000, 999_800])
async def test_poison_of_any_size_is_set_aside_and_can_be_sent_again(stack: Endpoints, prefix: str, size: int) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    poison = b"x" * size
    await produce(settings, TOPIC, [(b"p", poison, []), (b"k", raw("good"), [])])
    seen = Seen()
    bus = listener(settings, seen)
    await bus.start()
    await until(lambda: seen.sessions == ["good"])
    await bus.stop()
    (letter,) = await read_dead_letters(TOPIC, settings)
    assert letter.is_pointer == (size > 900_000)
    assert letter.is_pointer or letter.value == poison
    assert (await redrive_topic(TOPIC, settings=settings, rate=1_000.0)).sent == 1
    again = (await consume_all(settings, TOPIC, 3))[-1]
    assert hashlib.sha256(again.value).digest() == hashlib.sha256(poison).digest() and again.key == b"p"


async def test_a_dead_letter_is_sent_again_once_however_often_it_is_asked_for(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    await produce(settings, TOPIC, [(b"p", b"broken %d" % n, []) for n in range(3)])
    bus = listener(settings, Seen())
    await bus.start()
    await until(lambda: bus.stages[0].delivery.progress_of(_first()).row == 3)
    await bus.stop()
    assert (await redrive_topic(TOPIC, settings=settings, limit=1, rate=1_000.0)).sent == 1
    assert (await redrive_topic(TOPIC, settings=settings, rate=1_000.0)).sent == 2
    assert (await redrive_topic(TOPIC, settings=settings, rate=1_000.0)).sent == 0
    values = [record.value for record in await consume_all(settings, TOPIC, 6)]
    assert values == [b"broken 0", b"broken 1", b"broken 2"] * 2


def _first() -> Any:
    from borderlight.runtime.bus.position import Partition

    return Partition(TOPIC, 0)


async def test_a_pause_survives_restarts_and_an_operator_ends_it(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC, ConsumerControl.topic])
    await produce(settings, TOPIC, [(b"p", b"broken", []) for _ in range(25)] + [(b"k", raw("good"), [])])
    seen = Seen()
    for _ in range(2):
        bus = listener(settings, seen)
        await bus.start()
        await until(lambda bus=bus: is_paused(bus))
        await bus.stop()
    assert len(await consume_all(settings, DLQ, 19)) == 19, "the second start drained no more"
    bus = listener(settings, seen)
    await bus.start()
    await until(lambda: is_paused(bus))
    gauge = {"stage": STAGE}
    assert bus._metrics.registry.get_sample_value("borderlight_consumer_paused", gauge) == 1  # pyright: ignore
    await resume_stage(STAGE, settings)
    await until(lambda: seen.sessions == ["good"])
    assert bus._metrics.registry.get_sample_value("borderlight_consumer_paused", gauge) == 0  # pyright: ignore
    await bus.stop()
    assert len(await consume_all(settings, DLQ, 25)) == 25


async def test_a_record_that_kills_its_process_three_times_is_set_aside(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    await produce(settings, TOPIC, [(b"k", raw("deadly"), []), (b"k", raw("good"), [])])
    seen = Seen()
    deaths = 0

    async def handle(received: Any) -> None:
        if received.session_id == "deadly":
            begun.set()
            await asyncio.Event().wait()
        await seen(received)

    for _ in range(3):
        begun = asyncio.Event()
        bus = listener(settings, handle)
        bus.broker.config.broker_config.graceful_timeout = 0.1  # die, do not drain
        await bus.start()
        await asyncio.wait_for(begun.wait(), 30)
        await bus.stop()
        deaths += 1
    bus = listener(settings, handle)
    await bus.start()
    await until(lambda: seen.sessions == ["good"])
    await bus.stop()
    (letter,) = await read_dead_letters(TOPIC, settings)
    assert letter.error_class == "KillsTheProcess" and deaths == 3


async def test_kafka_is_away_and_comes_back_and_nobody_restarts(tmp_path: Path) -> None:
    """Sends answer within their bound, probes stay, and work goes on when the broker is back."""
    if missing():
        pytest.skip("the broker has to be a process of ours: install the native servers")
    port, controller = free_ports(2)
    broker = servers.kafka(tmp_path / "kafka", port, controller)
    broker.start()
    settings = KafkaSettings(
        bootstrap_servers=f"127.0.0.1:{port}", session_timeout_ms=6_000, heartbeat_interval_ms=500,
        publish_timeout_s=1.0,
    )  # fmt: skip
    seen = Seen()
    try:
        await make_topics(settings, 1, [TOPIC])
        bus = listener(settings, seen)
        await bus.start()
        await bus.publish(event("before"), ())
        await until(lambda: seen.sessions == ["before"])
        broker.kill()
        waits: list[float] = []
        for _ in range(5):
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                await bus.publish(event("meanwhile"), ())
            waits.append(time.monotonic() - begun)
            assert bus.is_alive() and bus.is_ready(), "no probe depends on Kafka"
        assert max(waits) < 30.0, "bounded, where an idempotent producer waits for ever"
        broker.start()
        await until(lambda: "meanwhile" in seen.sessions, 60)
        await bus.publish(event("after"), ())
        await until(lambda: "after" in seen.sessions, 60)
        assert seen.sessions.count("meanwhile") == 1, "while one was stuck no other was put beside it"
        await bus.stop()
    finally:
        broker.stop()


async def test_a_start_is_tried_again_until_kafka_is_there(tmp_path: Path) -> None:
    if missing():
        pytest.skip("the broker has to be a process of ours: install the native servers")
    port, controller = free_ports(2)
    settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}")
    bus = new_bus(settings)
    starting = asyncio.create_task(bus.start())
    broker = servers.kafka(tmp_path / "kafka", port, controller)
    try:
        await asyncio.to_thread(broker.start)
        await asyncio.wait_for(starting, 60)
        assert bus.broker.running
        await bus.stop()
    finally:
        broker.stop()
