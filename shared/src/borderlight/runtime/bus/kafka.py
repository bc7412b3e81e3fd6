"""The bus on Apache Kafka, through FastStream and aiokafka.

At-least-once: the offset is committed after the handler has returned, and a handler returns only after what it
publishes is acknowledged by all in-sync replicas. `NACK_ON_ERROR` seeks back when delivery raises. One consumer per
subscription; scale by processes.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.contracts.cloud_events import headers_of
from borderlight.contracts.events import AnyEvent, to_json_bytes, utc
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.delivery import Delivery, dead_letter_headers, dead_letter_topic
from borderlight.runtime.bus.port import Record, Subscription
from borderlight.runtime.bus.position import Partition, ReadAgain, StartFrom
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.tracing import tracing_middlewares

_STUCK_AFTER_S = 180.0


class KafkaSettings(BaseSettings):
    """How to reach Kafka; prefix KAFKA_. `topic_prefix` isolates tests that share a broker."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")
    bootstrap_servers: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    graceful_timeout_s: float = 30.0

    def servers(self) -> list[str]:
        """aiokafka wants a list: it does not split commas."""
        return [server.strip() for server in self.bootstrap_servers.split(",") if server.strip()]


async def _tolerant_parser(record: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Replace header bytes that are not UTF-8: FastStream would lose such a record silently."""
    headers = tuple((name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers or ())
    return await original(dataclasses.replace(record, headers=headers))


async def _raw(message: Any) -> bytes:
    return message.body


class _Placement(ConsumerRebalanceListener):
    """Puts a consumer where `start_from` says before it reads anything of a partition that it was just assigned.

    aiokafka swallows what a listener raises and would go on at the committed offset: so the partitions are paused at
    once and stay so until `start_from` has answered.
    """

    def __init__(self, start_from: StartFrom, prefix: str) -> None:
        self._start_from = start_from
        self._prefix = prefix
        self._task: asyncio.Task[None] | None = None
        self.subscriber: Any = None

    def on_partitions_revoked(self, revoked: Any) -> None:
        if self._task is not None:
            self._task.cancel()

    def on_partitions_assigned(self, assigned: Any) -> None:
        consumer = self.subscriber.consumer
        if consumer is None or not assigned:
            return
        consumer.pause(*assigned)
        self._task = asyncio.create_task(self._place(consumer, set(assigned)))

    async def _place(self, consumer: Any, assigned: set[TopicPartition]) -> None:
        ours = {Partition(tp.topic.removeprefix(self._prefix), tp.partition): tp for tp in assigned}
        while True:
            try:
                offsets = await self._start_from(sorted(ours))
                break
            except Unavailable as error:
                logger().warning("where to read from is not known yet", error=str(error))
                await asyncio.sleep(1.0)
        still = consumer.assignment()
        for partition, tp in ours.items():
            if tp in still:
                if partition in offsets:
                    consumer.seek(tp, offsets[partition])
                consumer.resume(tp)


class KafkaBus:
    """Publisher and subscriber on one broker connection."""

    def __init__(
        self,
        settings: KafkaSettings,
        source: str,
        clock: Clock,
        metrics: Metrics,
        middlewares: Sequence[Any] | None = None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._clock = clock
        self._metrics = metrics
        self._deliveries: list[Delivery] = []
        self._subscribers: list[Any] = []
        self._started = False
        self.broker = KafkaBroker(
            settings.servers(),
            client_id=f"borderlight-{source}",
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            graceful_timeout=settings.graceful_timeout_s,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            parser=_tolerant_parser,
            decoder=_raw,
            middlewares=tracing_middlewares(source) if middlewares is None else list(middlewares),
            logger=None,
        )

    def topic(self, name: str) -> str:
        return self._settings.topic_prefix + name

    def subscribe(self, subscription: Subscription) -> None:
        delivery = Delivery(subscription, self._dead_letter, self._metrics, self._clock)
        self._deliveries.append(delivery)
        prefix = self._settings.topic_prefix

        async def on_record(message: KafkaMessage) -> None:
            raw = message.raw_message
            assert not isinstance(raw, tuple)
            name = raw.topic.removeprefix(prefix)
            record = Record(
                name, raw.partition, raw.offset, raw.key, raw.value, dict(message.headers), raw.timestamp or 0
            )
            try:
                await delivery.deliver(record)
            except ReadAgain as again:  # returning commits every position as it is now: the earlier ones
                offsets = {record.position.in_partition: raw.offset, **again.offsets}
                self._seek(subscriber.consumer, offsets)
                logger().warning("reading again", stage=delivery.stage, error=str(again))

        placement = None if subscription.start_from is None else _Placement(subscription.start_from, prefix)
        subscriber: Any = self.broker.subscriber(
            self.topic(subscription.topic),
            group_id=prefix + subscription.group,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            session_timeout_ms=self._settings.session_timeout_ms,
            heartbeat_interval_ms=self._settings.heartbeat_interval_ms,
            rebalance_timeout_ms=60_000,
            fetch_max_wait_ms=100,
            listener=placement,
        )
        if placement is not None:
            placement.subscriber = subscriber
        subscriber(on_record)
        self._subscribers.append(subscriber)

    def _seek(self, own: Any, offsets: dict[Partition, int]) -> None:
        """Go back in every partition that a consumer of ours holds; `own` is tried first, then the other topics'."""
        for partition, offset in offsets.items():
            tp = TopicPartition(self.topic(partition.topic), partition.partition)
            for consumer in (own, *(s.consumer for s in self._subscribers)):
                if consumer is not None and tp in consumer.assignment():
                    consumer.seek(tp, offset)
                    break

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        name = topic or event.topic
        headers = headers_of(event, name, self._source, identity, self._clock.now())
        await self.publish_raw(name, event.key.encode(), to_json_bytes(event), headers)

    async def publish_raw(self, topic: str, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> None:
        """Publish a record as it is; raises Unavailable, or InvalidMessage without a key."""
        if not key:
            raise InvalidMessage("a record needs a key: compacted topics refuse others")
        try:
            await self.broker.publish(value, topic=self.topic(topic), key=key, headers=headers)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"Kafka does not take {topic}: {type(error).__name__}") from error

    async def _dead_letter(self, record: Record, subscription: Subscription, error: BaseException) -> None:
        headers = dead_letter_headers(record, subscription.service, error, utc(self._clock.now()))
        await self.publish_raw(dead_letter_topic(record.topic), record.key or b"-", record.value or b"", headers)

    async def start(self) -> None:
        """Connect and subscribe; waits for a broker that is not there yet."""
        for attempt in range(60):
            try:
                await self.broker.start()
                self._started = True
                return
            except KafkaError:
                if attempt == 59:
                    raise
                await asyncio.sleep(1.0)

    async def stop(self) -> None:
        self._started = False
        await self.broker.stop()

    def is_ready(self) -> bool:
        """Started, and every subscription knows its assignment."""
        if not self._started:
            return False
        return all(s.consumer is not None and s.consumer.assignment() is not None for s in self._subscribers)

    def is_alive(self) -> bool:
        """No record has been in hand for too long; says nothing of Kafka itself."""
        return all(delivery.inflight_age_s() < _STUCK_AFTER_S for delivery in self._deliveries)

    async def measure_lag(self) -> None:
        """Set the lag gauge from what the consumers know."""
        for subscriber in self._subscribers:
            consumer = subscriber.consumer
            if consumer is None:
                continue
            for partition in consumer.assignment():
                high = consumer.highwater(partition)
                if high is None:
                    continue
                try:
                    position = await consumer.position(partition)
                except KafkaError:
                    continue
                labels = (partition.topic, str(partition.partition))
                self._metrics.consumer_lag_records.labels(*labels).set(max(0, high - position))
