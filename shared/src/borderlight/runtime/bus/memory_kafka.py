"""Kafka's clients over lists in this process: what aiokafka's producer and consumer do for FastStream, no more.

One partition per topic, one member per group. Positions, commits with their text, seeks and pauses behave as a
broker's do, so that acknowledgement, redelivery and pauses run here as they do there. Nothing survives the process.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from aiokafka.structs import OffsetAndMetadata, RecordMetadata

from borderlight.runtime.clock import Clock


class MemoryKafka:
    """Topics and the offsets of groups."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.topics: dict[str, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
        self.committed: dict[tuple[str, TopicPartition], OffsetAndMetadata] = {}
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Wake whoever waits for a record, a commit or a resume."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def change(self) -> None:
        """Until something has changed."""
        await self._changed.wait()

    async def append(self, topic: str, key: bytes | None, value: bytes | None, headers: Any) -> RecordMetadata:
        """Add a record to the end of a topic."""
        stamp = int(self.clock.now().timestamp() * 1000)
        offset = len(self.topics[topic])
        record = ConsumerRecord(
            topic, 0, offset, stamp, 0, key, value, None, len(key or b""), len(value or b""), tuple(headers or ())
        )
        self.topics[topic].append(record)
        self.notify()
        return RecordMetadata(topic, 0, TopicPartition(topic, 0), offset, stamp, 0, 0)


class MemoryProducer:
    """What FastStream's producer needs of AIOKafkaProducer."""

    _closed = False

    def __init__(self, kafka: MemoryKafka) -> None:
        self._kafka = kafka

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def flush(self) -> None: ...

    async def send(self, topic: str, value: Any, key: Any, headers: Any, **_: Any) -> "asyncio.Future[RecordMetadata]":
        """A confirmed record; partition and timestamp are the topic's."""
        done: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        done.set_result(await self._kafka.append(topic, key, value, headers))
        return done


class MemoryConsumer:
    """What FastStream's subscriber and our stages need of AIOKafkaConsumer."""

    def __init__(self, kafka: MemoryKafka, group_id: str, **_: Any) -> None:
        self._kafka = kafka
        self._group = group_id
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._topics: tuple[str, ...] = ()
        self._listener: Any = None
        self._stopped = False
        self._coordinator = SimpleNamespace(member_id="memory")  # FastStream's rebalance log names it

    def subscribe(self, topics: Any = (), pattern: Any = None, listener: Any = None) -> None:
        self._topics, self._listener = tuple(topics), listener

    async def start(self) -> None:
        """Take every partition, from the committed offset or the beginning."""
        for topic in self._topics:
            tp = TopicPartition(topic, 0)
            kept = self._kafka.committed.get((self._group, tp))
            self._positions[tp] = 0 if kept is None else kept.offset
        if self._listener is not None:
            answer = self._listener.on_partitions_assigned(self.assignment())
            if asyncio.iscoroutine(answer):
                await answer

    async def stop(self) -> None:
        self._stopped = True
        self._kafka.notify()

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self._positions)

    def _next(self) -> "ConsumerRecord[bytes, bytes] | None":
        for tp, position in self._positions.items():
            if tp not in self._paused and position < len(self._kafka.topics[tp.topic]):
                self._positions[tp] = position + 1
                return self._kafka.topics[tp.topic][position]
        return None

    async def getone(self) -> "ConsumerRecord[bytes, bytes]":
        """The next record of a partition that is not paused; raises ConsumerStoppedError."""
        while not self._stopped:
            record = self._next()
            if record is not None:
                return record
            await self._kafka.change()
        raise ConsumerStoppedError()

    async def commit(self, offsets: "Mapping[TopicPartition, OffsetAndMetadata] | None" = None) -> None:
        wanted = offsets or {tp: OffsetAndMetadata(at, "") for tp, at in self._positions.items()}
        for tp, kept in wanted.items():
            self._kafka.committed[(self._group, tp)] = kept
        self._kafka.notify()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition not in self._positions:
            raise IllegalStateError(f"{partition} is not assigned")
        self._positions[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused -= set(partitions)
        self._kafka.notify()

    def paused(self) -> set[TopicPartition]:
        return set(self._paused)

    def highwater(self, partition: TopicPartition) -> int:
        return len(self._kafka.topics[partition.topic])

    async def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]
