"""One subscriber at work: between FastStream's message and our delivery."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faststream import BaseMiddleware
from faststream.exceptions import NackMessage

from borderlight.errors import Unavailable
from borderlight.runtime.bus.delivery import Delivery, StagePaused
from borderlight.runtime.bus.event_router import Declared
from borderlight.runtime.bus.port import Record
from borderlight.runtime.bus.position import Partition, ReadAgain, RecordPosition
from borderlight.runtime.bus.progress import Progress
from borderlight.runtime.logs import logger

_COMMIT_WITHIN_S = 20.0


class ConsumerProgress:
    """The ProgressStore port on the committed offsets of a consumer's group."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.consumer: Any = None
        self.load_text: Any = None

    def partition(self, position: Partition | RecordPosition) -> TopicPartition:
        return TopicPartition(self._prefix + position.topic, position.partition)

    async def load(self, partition: Partition, next_offset: int) -> Progress:
        if self.load_text is None:
            return Progress()
        try:
            async with asyncio.timeout(_COMMIT_WITHIN_S):
                offset, text = await self.load_text(self.partition(partition))
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"the committed offset cannot be read: {type(error).__name__}") from error
        progress = Progress.from_text(text)
        if offset != next_offset:
            progress.tries = 0
        return progress

    async def mark(self, position: RecordPosition, progress: Progress) -> None:
        await self.commit(position, position.offset, progress)

    async def commit(self, position: RecordPosition, offset: int, progress: Progress) -> None:
        """The group goes on at `offset`; raises Unavailable."""
        if self.consumer is None:
            return
        offsets = {self.partition(position): OffsetAndMetadata(offset, progress.as_text())}
        try:
            async with asyncio.timeout(_COMMIT_WITHIN_S):
                await self.consumer.commit(offsets)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"the offset cannot be committed: {type(error).__name__}") from error


class _InHand:
    """What FastStream acknowledges through: this record's own partition only, with what is remembered of it."""

    def __init__(self, stage: "Stage", position: RecordPosition) -> None:
        self._stage = stage
        self._position = position
        self.back_to: Mapping[Partition, int] = {}

    async def commit(self) -> None:
        kept = self._stage.delivery.progress_of(self._position.in_partition)
        await self._stage.progress.commit(self._position, self._position.offset + 1, kept)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        own = self._position.in_partition
        self._stage.seek({own: offset, **self.back_to})


class Stage(ConsumerRebalanceListener):
    """Delivery of one subscriber, and its part in rebalances."""

    def __init__(self, declared: Declared, delivery: Delivery, progress: ConsumerProgress, prefix: str) -> None:
        self.declared = declared
        self.delivery = delivery
        self.progress = progress
        self.has_joined = False
        self._prefix = prefix
        self._placing: asyncio.Task[None] | None = None
        self.siblings: Iterable[Stage] = ()

    @property
    def consumer(self) -> Any:
        """aiokafka's consumer; None before the start and on FastStream's test broker."""
        return self.declared.subscriber.consumer

    def _ours(self, tp: TopicPartition) -> Partition:
        return Partition(tp.topic.removeprefix(self._prefix), tp.partition)

    def record_of(self, raw: Any, headers: Mapping[str, str]) -> Record:
        """The record in the words of the registry."""
        topic = raw.topic.removeprefix(self._prefix)
        return Record(topic, raw.partition, raw.offset, raw.key, raw.value, dict(headers), raw.timestamp or 0)

    async def deliver(self, message: Any, handle: Any) -> Any:
        """Handle FastStream's message; what must come again leaves as NackMessage or as the error it is."""
        record = self.record_of(message.raw_message, message.headers)
        self.progress.consumer = self.consumer
        in_hand = _InHand(self, record.position)
        if self.consumer is not None:
            message.consumer = in_hand
        try:
            return await self.delivery.deliver(record, partial(handle, message))
        except ReadAgain as again:
            logger().warning("reading again", stage=self.declared.stage, error=str(again))
            in_hand.back_to = again.offsets
            raise NackMessage from again
        except StagePaused as paused:
            if self.consumer is not None:
                self.consumer.pause(self.progress.partition(record.position))
            raise NackMessage from paused

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        """Go on from `offsets` in every partition that this process holds, of this stage or of another."""
        for partition, offset in offsets.items():
            tp = self.progress.partition(partition)
            for stage in (self, *self.siblings):
                if stage.consumer is not None and tp in stage.consumer.assignment():
                    stage.consumer.seek(tp, offset)
                    break

    def resume(self, partition: Partition) -> None:
        """A paused partition goes on."""
        self.delivery.resume(partition)
        tp = self.progress.partition(partition)
        if self.consumer is not None and tp in self.consumer.assignment():
            self.consumer.resume(tp)

    # FastStream 0.7.8 runs listeners that are not coroutines in another thread, where nothing of asyncio works.
    async def on_partitions_revoked(self, revoked: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.has_joined = False
        self.delivery.forget()
        if self._placing is not None:
            self._placing.cancel()

    async def on_partitions_assigned(self, assigned: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """aiokafka swallows what a listener raises and would go on at the committed offset: so where the stage keeps
        its own position the partitions are paused at once and stay so until it has answered."""
        self.delivery.forget()
        if self.declared.start_from is None or not assigned:
            self.has_joined = True
            return
        self.consumer.pause(*assigned)
        self._placing = asyncio.create_task(self._place(self.declared.start_from, set(assigned)))

    async def _place(self, start_from: Any, assigned: set[TopicPartition]) -> None:
        ours = {self._ours(tp): tp for tp in assigned}
        while True:
            try:
                offsets = await start_from(sorted(ours))
                break
            except Unavailable as error:
                logger().warning("where to read from is not known yet", stage=self.declared.stage, error=str(error))
                await asyncio.sleep(1.0)
        still = self.consumer.assignment()
        for partition, tp in ours.items():
            if tp in still:
                if partition in offsets:
                    self.consumer.seek(tp, offsets[partition])
                self.consumer.resume(tp)
        self.has_joined = True


class DeliveryMiddleware:
    """FastStream's broker middleware: hands every message to the stage of its subscriber."""

    def __init__(self) -> None:
        self.stages: dict[Any, Stage] = {}

    def __call__(self, msg: Any, /, *, context: Any) -> "_DeliveryScope":
        return _DeliveryScope(msg, context=context, stages=self.stages)


class _DeliveryScope(BaseMiddleware):
    def __init__(self, msg: Any, /, *, context: Any, stages: dict[Any, Stage]) -> None:
        super().__init__(msg, context=context)
        self._stages = stages

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        stage = self._stages.get(self.context.get_local("handler_"))
        return await call_next(msg) if stage is None else await stage.deliver(msg, call_next)
