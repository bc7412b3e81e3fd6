"""The bus on a real Apache Kafka: nothing lost, nothing stuck."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from kafka_kit import consume_all, kafka_settings, make_topics, new_bus, produce, subscribe, until
from servers import Endpoints

from borderlight.contracts.events import CaptureRejected
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.position import Partition, ReadAgain, current_position

TOPIC = CaptureRejected.topic


def event(session: str) -> CaptureRejected:
    return CaptureRejected.model_validate(
        {
            "session_id": session,
            "traveller_ref": "t",
            "reasons": ["capture.no_face"],
            "captured_at": "2026-11-24T09:00:00Z",
        }
    )


def raw(session: str) -> bytes:
    return event(session).model_dump_json().encode()


class Collector:
    def __init__(self, fail_first: int = 0) -> None:
        self.seen: list[str] = []
        self.failures = fail_first

    async def __call__(self, received: Any) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise Unavailable("not yet")
        self.seen.append(received.session_id)


async def test_events_arrive_with_cloud_event_headers(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, names=[TOPIC])
    bus = new_bus(settings, "normalizer")
    await bus.start()
    await bus.publish(event("a"), ("x",))
    await bus.publish(event("a"), ("x",))
    await bus.stop()
    first, second = await consume_all(settings, TOPIC, 2)
    headers = {name: value.decode() for name, value in first.headers}
    assert headers["ce_type"] == f"org.borderlight.{TOPIC}" and headers["ce_subject"] == "a"
    assert first.key == b"a" and json.loads(first.value)["session_id"] == "a"
    assert dict(first.headers)["ce_id"] == dict(second.headers)["ce_id"], "a redelivered event has the same id"


async def test_what_fails_for_a_while_is_delivered_again(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, names=[TOPIC])
    collector = Collector(fail_first=3)
    bus = new_bus(settings)
    subscribe(bus, collector)
    await bus.start()
    await bus.publish(event("a"), ())
    await until(lambda: collector.seen == ["a"])
    await bus.stop()


async def test_poison_is_set_aside_with_reason_and_stops_nobody(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    poison: list[tuple[bytes, bytes | None, Any]] = [
        (b"p1", b"\xff\xfe not json", []),
        (b"p2", None, []),
        (b"p3", b'{"session_id": "x"}', []),
        (b"p4", raw("good-but-odd-header"), [("odd", b"\xff\xfe"), ("none", None)]),
        (b"ok", raw("good"), [("ce_id", b"1")]),
    ]
    await produce(settings, TOPIC, poison)
    collector = Collector()
    bus = new_bus(settings)
    subscribe(bus, collector)
    await bus.start()
    await until(lambda: collector.seen == ["good-but-odd-header", "good"])
    await bus.stop()
    dead = await consume_all(settings, f"{TOPIC}.dlq", 3)
    assert [record.key for record in dead] == [b"p1", b"p2", b"p3"]
    headers = {name: value.decode() for name, value in dead[0].headers}
    assert headers["x-dlq-origin-topic"] == TOPIC and headers["x-dlq-error-class"] == "InvalidMessage"
    assert headers["x-dlq-consumer"] == "test" and headers["x-dlq-origin-offset"] == "0"
    assert dead[0].value == b"\xff\xfe not json", "the original is kept as it came"


async def test_a_crash_between_publish_and_commit_repeats_and_loses_nothing(stack: Endpoints, prefix: str) -> None:
    """The handler has done its work, but the process dies before the commit: the next one does it again."""
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    done = Collector()
    hanging = asyncio.Event()

    async def work_then_die(received: Any) -> None:
        await done(received)
        hanging.set()
        await asyncio.Event().wait()

    first = new_bus(settings)
    subscribe(first, work_then_die)
    await first.start()
    await first.publish(event("a"), ())
    await asyncio.wait_for(hanging.wait(), 20)
    first.broker.config.broker_config.graceful_timeout = 0.1  # die, do not drain
    await first.stop()
    second = new_bus(settings)
    subscribe(second, done)
    await second.start()
    await until(lambda: done.seen == ["a", "a"])
    await second.stop()


async def test_a_graceful_stop_finishes_and_commits_what_is_in_hand(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    begun, done = asyncio.Event(), Collector()

    async def slow(received: Any) -> None:
        begun.set()
        await asyncio.sleep(1.0)
        await done(received)

    first = new_bus(settings)
    subscribe(first, slow)
    await first.start()
    await first.publish(event("a"), ())
    await asyncio.wait_for(begun.wait(), 20)
    await first.stop()
    assert done.seen == ["a"]
    second = new_bus(settings)
    subscribe(second, done)
    await second.start()
    await second.publish(event("b"), ())
    await until(lambda: "b" in done.seen)
    await second.stop()
    assert done.seen == ["a", "b"], "the first was committed: it does not come again"


async def test_two_members_share_the_work_and_lose_nothing_when_one_leaves(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 4, [TOPIC])
    seen: Counter[str] = Counter()
    by_member: dict[str, int] = {"one": 0, "two": 0}

    def member(name: str) -> Any:
        async def handle(received: Any) -> None:
            await asyncio.sleep(0.01)
            seen[received.session_id] += 1
            by_member[name] += 1

        bus = new_bus(settings, name)
        subscribe(bus, handle)
        return bus

    one, two = member("one"), member("two")
    await one.start()
    await two.start()
    await until(lambda: two.is_ready() and one.is_ready())
    await asyncio.sleep(1.0)
    await produce(settings, TOPIC, [(f"s{n}".encode(), raw(f"s{n}"), []) for n in range(200)])
    await until(lambda: sum(by_member.values()) > 60)
    await two.stop()
    await until(lambda: len(seen) == 200, 40)
    await one.stop()
    assert min(by_member.values()) > 10, "both had work"
    assert sum(seen.values()) - 200 <= 8, "a rebalance may repeat what was in hand, no more"


async def test_a_record_without_a_key_is_refused_before_it_is_sent(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    bus = new_bus(settings)
    with pytest.raises(InvalidMessage, match="needs a key"):
        await bus.publish_raw(TOPIC, None, b"{}", {})


async def test_topics_are_created_reconciled_and_grown(stack: Endpoints, prefix: str) -> None:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    from borderlight.contracts.topics import registry
    from borderlight.runtime.bus.kafka_topics import apply_topics

    settings = kafka_settings(stack, prefix)
    (wanted,) = [topic for topic in registry() if topic.name == "entry.verdict.latest.v1"]
    small = replace(wanted, partitions=2, config={**wanted.config, "segment.ms": "900000"})
    assert "created" in (await apply_topics([small], settings, 1))[0].action
    assert (await apply_topics([small], settings, 1))[0].action == "as stated"
    larger = replace(wanted, partitions=3)
    actions = [change.action for change in await apply_topics([larger], settings, 1)]
    assert actions == ["partitions 2 -> 3", "configuration reconciled"]
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    resource = ConfigResource(ConfigResourceType.TOPIC, prefix + wanted.name)
    answer: Any = (await admin.describe_configs([resource]))[0]
    await admin.close()
    config = {str(entry[0]): str(entry[1]) for entry in answer.resources[0][4]}
    assert config["cleanup.policy"] == "compact" and config["segment.ms"] == "3600000"
    assert config["max.message.bytes"] == "1000000", "reconciling one setting must not reset the others"


async def test_a_handler_knows_the_position_of_its_record_and_can_read_again(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    await produce(settings, TOPIC, [(b"k", raw(f"s{n}"), []) for n in range(4)])
    seen: list[tuple[str, int]] = []

    async def handle(received: Any) -> None:
        position = current_position()
        seen.append((received.session_id, position.offset))
        if len(seen) == 3:  # the state turns out to have lost everything from the second record on
            raise ReadAgain({position.in_partition: 1})

    bus = new_bus(settings)
    subscribe(bus, handle)
    await bus.start()
    await until(lambda: len(seen) == 6)
    await bus.stop()
    assert seen == [("s0", 0), ("s1", 1), ("s2", 2), ("s1", 1), ("s2", 2), ("s3", 3)]


async def test_a_consumer_that_keeps_its_own_position_starts_there(stack: Endpoints, prefix: str) -> None:
    """The committed offset says 4; the state says that the last one it holds is 1. It is asked until it answers."""
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [TOPIC])
    await produce(settings, TOPIC, [(b"k", raw(f"s{n}"), []) for n in range(4)])
    seen: list[str] = []

    async def handle(received: Any) -> None:
        seen.append(received.session_id)

    first = new_bus(settings)
    subscribe(first, handle)
    await first.start()
    await until(lambda: len(seen) == 4)
    await first.stop()
    asked: list[Any] = []

    async def start_from(partitions: Any) -> Any:
        asked.append(list(partitions))
        if len(asked) == 1:
            raise Unavailable("the state is away")
        return {partitions[0]: 2}

    second = new_bus(settings)
    subscribe(second, handle, start_from)
    await second.start()
    await until(lambda: len(seen) == 6)
    await second.stop()
    assert seen[4:] == ["s2", "s3"] and asked == [[Partition(TOPIC, 0)]] * 2
