"""The bus port over a FastStream broker. KafkaBus and MemoryBus are this, over Kafka and over this process's memory."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from borderlight.contracts.cloud_events import headers_of
from borderlight.contracts.events import AnyEvent, to_json_bytes, utc
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.dead_letters import dead_letter, dead_letter_topic
from borderlight.runtime.bus.delivery import Delivery
from borderlight.runtime.bus.event_router import ConsumerOptions, Declared, EventRouter
from borderlight.runtime.bus.port import Record
from borderlight.runtime.bus.stage import ConsumerProgress, DeliveryMiddleware, Stage
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics

STUCK_AFTER_S = 180.0


class GroupRecords(Protocol):
    """What a group has committed and what operators have asked for, beside the consumers."""

    async def committed(self, group: str, partition: Any) -> tuple[int, str]:
        """(offset, text) that `group` committed in a TopicPartition; (-1, "") when nothing. Raises KafkaError."""
        ...

    async def resumed_at_ms(self, stage: str) -> int:
        """When an operator last resumed the stage [epoch ms], 0 for never; raises Unavailable."""
        ...


class BrokerBus:
    """Publisher and subscribers on one broker."""

    resume_poll_s = 5.0
    leave_within_s = 45.0

    def __init__(
        self,
        broker: KafkaBroker,
        delivery: DeliveryMiddleware,
        source: str,
        clock: Clock,
        metrics: Metrics,
        options: ConsumerOptions,
        groups: GroupRecords,
    ) -> None:
        self.broker = broker
        self.stages: list[Stage] = []
        self._middleware = delivery
        self._source = source
        self._clock = clock
        self._metrics = metrics
        self._options = options
        self._groups = groups
        self._watch: asyncio.Task[None] | None = None
        self._lag_shown: set[tuple[str, str, str]] = set()

    def topic(self, name: str) -> str:
        return self._options.prefix + name

    def router(self, service: str, publishes: Sequence[str] = ()) -> EventRouter:
        """A router of `service`, included in the broker; `publishes` names the topics it may publish to."""
        router = EventRouter(service, publishes, self._options, self._clock, self._declare)
        self.broker.include_router(router)
        return router

    def _declare(self, declared: Declared) -> Stage:
        group = declared.subscriber.group_id
        progress = ConsumerProgress(self._options.prefix)

        async def load_text(partition: Any) -> tuple[int, str]:
            return (-1, "") if declared.subscriber.consumer is None else await self._groups.committed(group, partition)

        async def set_aside(record: Record, error: BaseException) -> None:
            dead = dead_letter(record, declared.service, error, utc(self._clock.now()))
            await self.publish_raw(dead_letter_topic(record.topic), dead.key, dead.value, dead.headers)

        progress.load_text = load_text
        delivery = Delivery(declared.stage, set_aside, self._metrics, self._clock, progress)
        stage = Stage(declared, delivery, progress, self._options.prefix)
        stage.siblings = self.stages
        self.stages.append(stage)
        self._middleware.stages[declared.subscriber] = stage
        return stage

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        """For commands, which declare nothing; services publish through their router's `events`."""
        name = topic or event.topic
        headers = headers_of(event, name, self._source, identity, self._clock.now())
        await self.publish_raw(name, event.key.encode(), to_json_bytes(event), headers)

    async def publish_raw(self, topic: str, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> None:
        """Publish a record as it is; raises Unavailable, or InvalidMessage without a key."""
        if not key:
            raise InvalidMessage("a record needs a key: compacted topics refuse others")
        await self.broker.publish(value, topic=self.topic(topic), key=key, headers=headers)

    async def start(self) -> None:
        """Connect and subscribe; waits for a broker that is not there yet."""
        while True:
            try:
                await self.broker.start()
                break
            except KafkaError as error:
                logger().warning("cannot start on Kafka yet", error=repr(error))
                await asyncio.sleep(1.0)
        if self._watch is None:
            self._watch = asyncio.create_task(self._resume_when_asked())

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        try:
            async with asyncio.timeout(self.leave_within_s):
                await self.broker.stop()
        except TimeoutError:
            logger().warning("left without goodbye: Kafka does not answer")

    async def _resume_when_asked(self) -> None:
        while True:
            await asyncio.sleep(self.resume_poll_s)
            for stage in self.stages:
                paused = stage.delivery.paused()
                if not paused:
                    continue
                try:
                    asked_ms = await self._groups.resumed_at_ms(stage.declared.stage)
                except Unavailable as error:
                    logger().warning("cannot see whether a stage is to resume", error=str(error))
                    continue
                for partition, since_ms in paused.items():
                    if asked_ms > since_ms:
                        stage.resume(partition)

    def is_ready(self) -> bool:
        """Started, and every subscriber has got its assignment (which may be empty: more replicas than partitions)."""
        return self.broker.running and all(stage.has_joined for stage in self.stages)

    def is_alive(self) -> bool:
        """No handler has been running for too long. Says nothing of Kafka, nor of what a handler waits for."""
        return all(stage.delivery.attempt_age_s() < STUCK_AFTER_S for stage in self.stages)

    async def measure_lag(self) -> None:
        """Set the lag gauge of the partitions held now; those of partitions that went elsewhere disappear."""
        shown: set[tuple[str, str, str]] = set()
        for stage in self.stages:
            consumer = stage.consumer
            if consumer is None:
                continue
            for partition in consumer.assignment():
                high = consumer.highwater(partition)
                if high is None:
                    continue
                try:
                    async with asyncio.timeout(1.0):
                        position = await consumer.position(partition)
                except (KafkaError, TimeoutError):
                    continue
                labels = (stage.declared.stage, partition.topic, str(partition.partition))
                self._metrics.consumer_lag_records.labels(*labels).set(max(0, high - position))
                shown.add(labels)
        for gone in self._lag_shown - shown:
            self._metrics.consumer_lag_records.remove(*gone)
        self._lag_shown = shown
