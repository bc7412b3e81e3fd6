"""What a consumer group has committed, and what operators have asked of a stage."""

from typing import Any

from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from borderlight.contracts.events import ConsumerControl
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.bus.kafka_settings import KafkaSettings


class KafkaGroups:
    """The GroupRecords port: offsets on the broker's own connection, requests in consumer.control.v1."""

    def __init__(self, broker: KafkaBroker, settings: KafkaSettings) -> None:
        self._broker = broker
        self._settings = settings

    async def committed(self, group: str, partition: TopicPartition) -> tuple[int, str]:
        admin: Any = self._broker.config.broker_config.admin_client
        stored = await admin.list_consumer_group_offsets(group, partitions=[partition])
        kept = stored.get(partition)
        return (-1, "") if kept is None else (int(kept.offset), str(kept.metadata or ""))

    async def resumed_at_ms(self, stage: str) -> int:
        last = 0
        async for record in read_topic(self._settings, ConsumerControl.topic):
            if record.key == stage.encode():
                last = max(last, int(record.timestamp))
        return last
