"""Kafka that asks who is there: every mechanism, for bus, readers and administration; strangers see no verdict."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka_kit import until
from secured_kafka import SecuredKafka, secured_kafka

from borderlight.contracts.events import EntryVerdict
from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.errors import Unavailable
from borderlight.runtime.bus.kafka import KafkaBus
from borderlight.runtime.bus.kafka_acls import acls_of, apply_acls
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight.runtime.bus.kafka_topics import apply_topics
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight_cli.commands.consumer import SERVICES

TOPIC = EntryVerdict.topic
EXAMPLE = Path(__file__).resolve().parents[2] / "shared" / "examples" / "entry.verdict" / "v1"
TRUSTED = {"border-systems": "User:CN=border-systems"}


def verdict() -> EntryVerdict:
    return EntryVerdict.model_validate_json(sorted(EXAMPLE.glob("*.json"))[0].read_text())


def principal(name: str) -> str:
    return TRUSTED.get(name, f"User:{name}")


async def _prepare(admin: KafkaSettings) -> None:
    topics = [replace(topic, partitions=1) for topic in with_dead_letters(registry())]
    async with asyncio.timeout(60):
        while True:
            try:
                await apply_topics(topics, admin, replicas=1)
                break
            except Unavailable:
                await asyncio.sleep(0.2)
        await apply_acls(acls_of(topics, principal, set(SERVICES)), admin)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """With the topics of the registry and the permissions that their files state."""
    started = secured_kafka(tmp_path_factory.mktemp("secured"))
    try:
        asyncio.run(_prepare(started.plain("admin")))
        yield started
    finally:
        started.server.stop()


async def publish(settings: KafkaSettings, seconds: float = 30.0) -> None:
    bus = KafkaBus(settings, "test", SystemClock(), Metrics())
    try:
        async with asyncio.timeout(seconds):
            await bus.start()
            await bus.publish(verdict(), ())
    finally:
        await bus.stop()


async def read(settings: KafkaSettings) -> list[Any]:
    async with asyncio.timeout(30):
        return [record async for record in read_topic(settings, TOPIC)]


async def test_the_producer_of_a_topic_publishes_and_its_consumers_read(kafka: SecuredKafka) -> None:
    await publish(kafka.scram("decision"))
    records = await read(kafka.certificate("border-systems"))
    assert records and EntryVerdict.model_validate_json(records[0].value) == verdict()


async def test_a_service_consumes_with_a_token_in_its_own_group(kafka: SecuredKafka) -> None:
    await publish(kafka.scram("decision"))
    bus = KafkaBus(kafka.token("api"), "api", SystemClock(), Metrics())
    seen: list[str] = []

    @bus.router("api").subscriber(TOPIC)
    async def handle(event: EntryVerdict) -> None:
        seen.append(event.session_id)

    await bus.start()
    await until(lambda: bool(seen))
    await bus.stop()
    assert seen[0] == verdict().session_id


@pytest.mark.parametrize("user", ["stranger", "liveness"])
async def test_a_foreign_principal_is_refused_the_verdict_topic(kafka: SecuredKafka, user: str) -> None:
    with pytest.raises(Unavailable):
        await read(kafka.plain(user))
    before = len(await read(kafka.plain("admin")))
    with pytest.raises((Unavailable, TimeoutError)):  # who may write nothing at all is not even let start
        await publish(kafka.plain(user), 8.0)
    assert len(await read(kafka.plain("admin"))) == before


async def test_a_wrong_password_is_refused(kafka: SecuredKafka) -> None:
    with pytest.raises(Unavailable):
        await read(kafka.plain("admin", "guessed"))
    with pytest.raises(Unavailable):
        await apply_topics([], kafka.plain("admin", "guessed"))
