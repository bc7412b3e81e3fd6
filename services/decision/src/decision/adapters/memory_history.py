"""The past of an in-memory bus. Its consumers commit nowhere: what was handled is what the state holds."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from borderlight.runtime.bus.port import Record
from borderlight.runtime.bus.position import Partition
from decision.domain.catching_up import Span
from decision.ports import PastRecord


class MemoryHistory:
    """The History port over the log of a MemoryBus, which `log` gives: one partition per topic."""

    def __init__(self, log: Callable[[], Mapping[str, Sequence[Record]]], topics: Sequence[str]) -> None:
        self._log = log
        self._topics = topics

    def _records(self, topic: str) -> Sequence[Record]:
        return self._log().get(topic, ())

    async def spans(self) -> dict[Partition, Span]:
        return {Partition(topic, 0): Span(0, len(self._records(topic))) for topic in self._topics}

    async def committed(self) -> dict[Partition, int]:
        return {}

    async def last_handled_ms(self) -> int | None:
        return None

    async def offsets_since(self, at_ms: int) -> dict[Partition, int]:
        found: dict[Partition, int] = {}
        for topic in self._topics:
            records = self._records(topic)
            later = (record.offset for record in records if record.timestamp_ms >= at_ms)
            found[Partition(topic, 0)] = next(later, len(records))
        return found

    async def read(
        self, ranges: Mapping[Partition, tuple[int, int]]
    ) -> AsyncGenerator[tuple[Partition, Sequence[PastRecord], int], None]:
        for partition, (start, end) in ranges.items():
            records = [PastRecord(r.offset, r.timestamp_ms, r.value) for r in self._records(partition.topic)[start:end]]
            if records:
                yield partition, records, end
