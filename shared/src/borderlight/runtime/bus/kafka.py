"""The bus on Apache Kafka, through FastStream and aiokafka.

At-least-once: the offset is committed after the handler has returned, and a handler returns only after what it
publishes is acknowledged by all in-sync replicas. `NACK_ON_ERROR` seeks back when delivery raises. One consumer per
subscriber; scale by processes.
"""

import contextlib
import dataclasses
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.runtime.bus.bounded_publish import BoundedPublish
from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.event_router import ConsumerOptions
from borderlight.runtime.bus.stage import DeliveryMiddleware
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import LIBRARY_LOGGER
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.tracing import tracing_middlewares


class KafkaSettings(BaseSettings):
    """How to reach Kafka; prefix KAFKA_. `topic_prefix` isolates tests that share a broker."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")
    bootstrap_servers: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    graceful_timeout_s: float = 30.0
    publish_timeout_s: float = 10.0

    def servers(self) -> list[str]:
        """aiokafka wants a list: it does not split commas."""
        return [server.strip() for server in self.bootstrap_servers.split(",") if server.strip()]

    def consumer_options(self) -> ConsumerOptions:
        return ConsumerOptions(self.topic_prefix, self.session_timeout_ms, self.heartbeat_interval_ms)


def client_id(source: str) -> str:
    """Different in every process: a managed service throttles and rebalances replicas that share one."""
    return f"borderlight-{source}-{socket.gethostname()}-{os.getpid()}"


async def tolerant_parser(record: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Replace header bytes that are not UTF-8: FastStream would lose such a record silently."""
    headers = tuple((name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers or ())
    return await original(dataclasses.replace(record, headers=headers))


class EventBroker(KafkaBroker):
    """FastStream's broker, with a start that can be tried again: 0.7.8 starts subscribers that run a second time."""

    async def connect(self) -> Any:
        """Connect; leaves nothing half connected behind when it raises."""
        try:
            return await super().connect()
        except BaseException:
            with contextlib.suppress(Exception):
                await self.config.disconnect()
            raise

    async def start(self) -> None:
        """Connect and start what does not run yet; raises KafkaError, after which it may be called again."""
        await self.connect()
        for subscriber in self.subscribers:
            if not subscriber.running:
                await self._start_one(subscriber)
        for publisher in self.publishers:
            await publisher.start()
        self.running = True

    async def _start_one(self, subscriber: Any) -> None:
        try:
            await subscriber.start()
        except BaseException:
            if subscriber.consumer is not None:
                with contextlib.suppress(Exception):
                    await subscriber.consumer.stop()
                subscriber.consumer = None
            raise


def event_broker(
    kind: type[EventBroker], settings: KafkaSettings, source: str, metrics: Metrics, more: Sequence[Any] = ()
) -> tuple[EventBroker, DeliveryMiddleware]:
    """A broker with our middlewares, outermost first: metrics, traces, `more`, bounded publishing, delivery."""
    delivery = DeliveryMiddleware()
    counted = KafkaPrometheusMiddleware(registry=metrics.registry, app_name=source)
    broker = kind(
        settings.servers(),
        client_id=client_id(source),
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        graceful_timeout=settings.graceful_timeout_s,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        parser=tolerant_parser,
        middlewares=[counted, *more, BoundedPublish(settings.publish_timeout_s), delivery],
        logger=logging.getLogger(LIBRARY_LOGGER),
        log_level=logging.DEBUG,
    )
    return broker, delivery


class KafkaGroups:
    """The GroupRecords port on the broker's own connections."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker

    async def committed(self, group: str, partition: TopicPartition) -> tuple[int, str]:
        admin = self._broker.config.broker_config.admin_client
        stored = await admin.list_consumer_group_offsets(group, partitions=[partition])
        kept = stored.get(partition)
        return (-1, "") if kept is None else (int(kept.offset), str(kept.metadata or ""))

    async def resumed_at_ms(self, stage: str) -> int:
        return 0


class KafkaBus(BrokerBus):
    """Publisher and subscribers on one Kafka cluster."""

    def __init__(
        self,
        settings: KafkaSettings,
        source: str,
        clock: Clock,
        metrics: Metrics,
        middlewares: Sequence[Any] | None = None,
    ) -> None:
        more = tracing_middlewares(source) if middlewares is None else middlewares
        broker, delivery = event_broker(EventBroker, settings, source, metrics, more)
        super().__init__(broker, delivery, source, clock, metrics, settings.consumer_options(), KafkaGroups(broker))
