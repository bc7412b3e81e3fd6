"""Read a topic without a consumer group: all of it, from a time on, or as it grows."""

from collections.abc import AsyncGenerator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from borderlight.errors import Unavailable
from borderlight.runtime.bus.kafka_settings import KafkaSettings


async def read_topic(
    settings: KafkaSettings, topic: str, since_ms: int | None = 0, follow: bool = False
) -> AsyncGenerator[Any, None]:
    """aiokafka records of `topic` from `since_ms` (None: from its end) up to its present end, or for ever.

    Raises Unavailable when Kafka is away or the topic does not exist.
    """
    name = settings.topic_prefix + topic
    consumer = AIOKafkaConsumer(
        name, **settings.client("reader"), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        try:
            await consumer.start()
            partitions = sorted(consumer.assignment())
            if not partitions:
                raise Unavailable(f"topic {name} does not exist; run `borderlight topics apply`")
            ends = await consumer.end_offsets(partitions)
            waiting = set(partitions)
            if since_ms is None:
                await consumer.seek_to_end(*partitions)
                for partition in partitions:
                    await consumer.position(partition)
            else:
                starts = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
                for partition in partitions:
                    found = starts.get(partition)
                    offset = ends[partition] if found is None else found.offset
                    consumer.seek(partition, offset)
                    if offset >= ends[partition]:
                        waiting.discard(partition)
            while waiting or follow:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        yield record
                for partition in list(waiting):
                    if await consumer.position(partition) >= ends[partition]:
                        waiting.discard(partition)
        finally:
            await consumer.stop()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka cannot be read: {type(error).__name__}") from error


async def read_record(settings: KafkaSettings, topic: str, partition: int, offset: int) -> Any:
    """One aiokafka record by its position; None when it is gone. Raises Unavailable."""
    tp = TopicPartition(settings.topic_prefix + topic, partition)
    consumer = AIOKafkaConsumer(**settings.client("reader"), enable_auto_commit=False, auto_offset_reset="none")
    try:
        try:
            await consumer.start()
            consumer.assign([tp])
            first, end = (await consumer.beginning_offsets([tp]))[tp], (await consumer.end_offsets([tp]))[tp]
            if not first <= offset < end:
                return None
            consumer.seek(tp, offset)
            record = await consumer.getone(tp)
            return record if record.offset == offset else None
        finally:
            await consumer.stop()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka cannot be read: {type(error).__name__}") from error
