"""The bus on Apache Kafka, through FastStream and aiokafka.

At-least-once: the offset is committed after the handler has returned, and a handler returns only after what it
publishes is acknowledged by all in-sync replicas. `NACK_ON_ERROR` seeks back when delivery raises. One consumer per
subscriber; scale by processes.
"""

import contextlib
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware

from borderlight.runtime.bus.bounded_publish import BoundedPublish
from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.kafka_groups import KafkaGroups
from borderlight.runtime.bus.kafka_settings import KafkaSettings, client_id
from borderlight.runtime.bus.stage import DeliveryMiddleware
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import LIBRARY_LOGGER
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.tracing import tracing_middlewares


async def tolerant_parser(record: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Replace header bytes that are not UTF-8: FastStream would lose such a record silently."""
    headers = tuple((name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers or ())
    return await original(dataclasses.replace(record, headers=headers))


class EventBroker(KafkaBroker):
    """FastStream's broker, with a start that can be tried again: 0.7.8 starts subscribers that run a second time."""

    async def _connect(self) -> Any:
        """As FastStream does it, but leaves no half-started client behind when it raises: 0.7.8 loses the producer."""
        config = self.config.broker_config
        producer = AIOKafkaProducer(**self._connection_kwargs)
        try:
            serializer = config.fd_config._serializer  # pyright: ignore[reportPrivateUsage]
            await config.producer.connect(producer, serializer=serializer)
            await config.admin.connect(**self._connection_kwargs)
        except BaseException:
            await producer.stop()
            with contextlib.suppress(KafkaError, OSError):
                await config.disconnect()
            config.admin.admin_client = None
            raise
        return config.builder

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
        security=settings.security_object(),
        sasl_oauth_token_provider=settings.token_provider(),
        logger=logging.getLogger(LIBRARY_LOGGER),
        log_level=logging.DEBUG,
    )
    return broker, delivery


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
        super().__init__(
            broker, delivery, source, clock, metrics, settings.consumer_options(), KafkaGroups(broker, settings)
        )


__all__ = ["EventBroker", "KafkaBus", "KafkaSettings", "event_broker"]
