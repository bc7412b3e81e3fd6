"""The past of decision's topics on Kafka, read beside the live consumers and without joining their groups."""

import contextlib
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from borderlight.errors import Unavailable
from borderlight.runtime.bus.event_router import group_of
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.bus.position import Partition
from decision.domain.catching_up import Span
from decision.ports import PastRecord

_BATCH = 1_000
"""Records that are handed on at once: one script in Redis."""


class KafkaHistory:
    """The History port; an async context manager. inputs, verdicts: topics as the registry names them."""

    def __init__(
        self, settings: KafkaSettings, inputs: Sequence[str], verdicts: str, service: str = "decision"
    ) -> None:
        self._settings = settings
        self._inputs = tuple(inputs)
        self._topics = (*inputs, verdicts)
        self._service = service
        self._observer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        """Let go of connections: the next call makes new ones."""
        observer, self._observer = self._observer, None
        admin, self._admin = self._admin, None
        with contextlib.suppress(KafkaError, OSError):
            if observer is not None:
                await observer.stop()
            if admin is not None:
                await admin.close()

    @contextlib.asynccontextmanager
    async def _reaching(self) -> AsyncGenerator[None, None]:
        try:
            yield
        except (KafkaError, OSError, TimeoutError) as error:
            await self._close()
            raise Unavailable(f"Kafka cannot be read: {type(error).__name__}") from error

    def _consumer(self, *topics: str) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            *topics,
            **self._settings.client(f"{self._service}-history"),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4_194_304,
        )

    async def _watching(self) -> AIOKafkaConsumer:
        """A consumer that knows every partition and fetches nothing."""
        if self._observer is None:
            observer = self._consumer(*(self._settings.topic_prefix + topic for topic in self._topics))
            await observer.start()
            self._observer = observer
        partitions = self._observer.assignment()
        self._observer.pause(*partitions)
        missing = {self._ours(tp).topic for tp in partitions} ^ set(self._topics)
        if missing:
            await self._close()
            raise Unavailable(f"no topic {', '.join(sorted(missing))}; run `borderlight topics apply`")
        assert self._observer is not None
        return self._observer

    def _ours(self, tp: TopicPartition) -> Partition:
        return Partition(tp.topic.removeprefix(self._settings.topic_prefix), tp.partition)

    def _theirs(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._settings.topic_prefix + partition.topic, partition.partition)

    async def spans(self) -> dict[Partition, Span]:
        async with self._reaching():
            observer = await self._watching()
            partitions = list(observer.assignment())
            begins, ends = await observer.beginning_offsets(partitions), await observer.end_offsets(partitions)
        return {self._ours(tp): Span(begins[tp], ends[tp]) for tp in partitions}

    async def committed(self) -> dict[Partition, int]:
        found: dict[Partition, int] = {}
        async with self._reaching():
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._settings.client(f"{self._service}-history"))
                await admin.start()
                self._admin = admin
            for topic in self._topics:
                group = self._settings.topic_prefix + group_of(self._service, topic)
                for tp, kept in (await self._admin.list_consumer_group_offsets(group)).items():
                    if kept.offset >= 0 and self._ours(tp).topic == topic:
                        found[self._ours(tp)] = int(kept.offset)
        return found

    async def last_handled_ms(self) -> int | None:
        committed = await self.committed()
        spans = await self.spans()
        ranges = {
            partition: (offset - 1, offset)
            for partition, offset in committed.items()
            if partition.topic in self._inputs and partition in spans and offset > spans[partition].begin
        }
        newest: int | None = None
        async with contextlib.aclosing(self.read(ranges)) as batches:
            async for _, records, _ in batches:
                newest = max(record.timestamp_ms for record in (*records, PastRecord(0, newest or 0, None)))
        return newest

    async def offsets_since(self, at_ms: int) -> dict[Partition, int]:
        spans = await self.spans()
        async with self._reaching():
            observer = await self._watching()
            asked = {self._theirs(partition): max(0, at_ms) for partition in spans}
            answers = await observer.offsets_for_times(asked)
        found = {self._ours(tp): answer for tp, answer in answers.items()}
        return {
            partition: span.end if found.get(partition) is None else found[partition].offset
            for partition, span in spans.items()
        }

    async def read(
        self, ranges: Mapping[Partition, tuple[int, int]]
    ) -> AsyncGenerator[tuple[Partition, Sequence[PastRecord], int], None]:
        """See the port. Offsets that the broker no longer has are passed over."""
        waiting = {self._theirs(p): end for p, (start, end) in ranges.items() if start < end}
        if not waiting:
            return
        consumer = self._consumer()
        async with self._reaching():
            await consumer.start()
            try:
                consumer.assign(list(waiting))
                for partition, (start, _) in ranges.items():
                    if self._theirs(partition) in waiting:
                        consumer.seek(self._theirs(partition), start)
                while waiting:
                    fetched = await consumer.getmany(*waiting, timeout_ms=500)
                    for tp, records in fetched.items():
                        for begin in range(0, len(records), _BATCH):
                            some = records[begin : begin + _BATCH]
                            wanted = [PastRecord(r.offset, r.timestamp, r.value) for r in _below(some, waiting[tp])]
                            yield self._ours(tp), wanted, min(some[-1].offset + 1, waiting[tp])
                    for tp in list(waiting):
                        position = await consumer.position(tp)
                        if position >= waiting[tp]:
                            end = waiting.pop(tp)
                            if tp not in fetched:  # nothing but what is no record of ours lay before the end
                                yield self._ours(tp), (), end
            finally:
                await consumer.stop()


def _below(records: Iterable[Any], end: int) -> list[Any]:
    return [record for record in records if record.offset < end]
