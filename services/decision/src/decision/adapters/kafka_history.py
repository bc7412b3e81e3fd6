"""Read topics again from some time back, without a consumer group."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from borderlight.contracts.events import Contract
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.plumbing.bus import parse_event
from borderlight.plumbing.kafka_bus import KafkaSettings


class KafkaHistory:
    """The History port."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def read(self, topic: str, contract: type[Contract], since_ms: int) -> AsyncIterator[Contract]:
        name = self._settings.topic_prefix + topic
        consumer = AIOKafkaConsumer(bootstrap_servers=self._settings.servers(), enable_auto_commit=False)
        try:
            await consumer.start()
            try:
                partitions = [TopicPartition(name, p) for p in await self._partitions(consumer, name)]
                consumer.assign(partitions)
                ends = await consumer.end_offsets(partitions)
                starts = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
                waiting: set[TopicPartition] = set()
                for partition in partitions:
                    found = starts.get(partition)
                    offset = ends[partition] if found is None else found.offset
                    consumer.seek(partition, offset)
                    if offset < ends[partition]:
                        waiting.add(partition)
                while waiting:
                    batches = await consumer.getmany(timeout_ms=500)
                    for partition, records in batches.items():
                        for record in records:
                            try:
                                yield parse_event(contract, record.value)
                            except InvalidMessage:
                                continue
                    for partition in list(waiting):
                        if await consumer.position(partition) >= ends[partition]:
                            waiting.discard(partition)
            finally:
                await consumer.stop()
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka cannot be read: {type(error).__name__}") from error

    async def _partitions(self, consumer: AIOKafkaConsumer, name: str) -> list[int]:
        await consumer.topics()
        found = consumer.partitions_for_topic(name)
        if not found:
            raise Unavailable(f"topic {name} does not exist; run `borderlight topics apply`")
        return sorted(found)
