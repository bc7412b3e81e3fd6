"""The bus inside one process, for the embedded mode and tests of the flow: the same broker, routers and delivery as
on Kafka, over an in-memory client. Nothing survives the process."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from faststream.kafka.publisher.state import RealProducer

from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.kafka import EventBroker, event_broker
from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight.runtime.bus.memory_kafka import MemoryConsumer, MemoryKafka, MemoryProducer
from borderlight.runtime.bus.port import Record
from borderlight.runtime.clock import Clock
from borderlight.runtime.metrics import Metrics


class _MemoryBroker(EventBroker):
    """FastStream's broker with in-memory clients in place of aiokafka's."""

    memory: MemoryKafka

    def use(self, memory: MemoryKafka) -> None:
        """Publishing works from now on; what is published waits for the start."""
        producer: Any = MemoryProducer(memory)
        self.memory = memory
        self.config.broker_config.producer._producer = RealProducer(producer)  # pyright: ignore

    async def _connect(self) -> Callable[..., Any]:
        self.use(self.memory)
        builder: Any = partial(MemoryConsumer, self.memory)
        self.config.broker_config.builder = builder
        return builder


class _MemoryGroups:
    """The GroupRecords port."""

    def __init__(self, memory: MemoryKafka) -> None:
        self._memory = memory
        self.resumed: dict[str, int] = {}

    async def committed(self, group: str, partition: TopicPartition) -> tuple[int, str]:
        kept = self._memory.committed.get((group, partition))
        return (-1, "") if kept is None else (kept.offset, kept.metadata)

    async def resumed_at_ms(self, stage: str) -> int:
        return self.resumed.get(stage, 0)


class MemoryBus(BrokerBus):
    """One partition per topic; every subscriber works its records off in order."""

    resume_poll_s = 0.05

    def __init__(
        self,
        source: str,
        clock: Clock,
        metrics: Metrics,
        middlewares: Sequence[Any] = (),
        memory: MemoryKafka | None = None,
    ) -> None:
        settings = KafkaSettings.model_construct()  # nothing of the environment: there is no Kafka
        broker, delivery = event_broker(_MemoryBroker, settings, source, metrics, middlewares)
        assert isinstance(broker, _MemoryBroker)
        self.memory = MemoryKafka(clock) if memory is None else memory
        broker.use(self.memory)
        self.groups = _MemoryGroups(self.memory)
        super().__init__(broker, delivery, source, clock, metrics, settings.consumer_options(), self.groups)

    @property
    def log(self) -> dict[str, list[Record]]:
        """Topic → its records, oldest first."""

        def record(raw: Any) -> Record:
            headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
            return Record(raw.topic, 0, raw.offset, raw.key, raw.value, headers, raw.timestamp)

        return {topic: [record(raw) for raw in records] for topic, records in self.memory.topics.items() if records}

    def _is_idle(self) -> bool:
        for stage in self.stages:
            tp = TopicPartition(stage.declared.topic, 0)
            kept = self.memory.committed.get((stage.declared.subscriber.group_id, tp))
            if (0 if kept is None else kept.offset) < len(self.memory.topics[tp.topic]):
                return False
        return True

    async def drain(self) -> None:
        """Wait until every published record was handled by every subscriber."""
        while not self._is_idle():
            await self.memory.change()
