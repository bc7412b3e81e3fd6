"""What happens to one record: handle, try again, set aside, or pause. The same for every bus.

Something away (`Unavailable`) is tried again for ever, in place: the partition waits, nothing is drained. A message
that can never be handled (`InvalidMessage`) becomes a dead letter at once; an unknown error is tried three times
first; a record that was in hand when the process died, three times, is set aside without another try. When too many
records in a row would become dead letters the partition pauses until `borderlight consumer resume`: a bad deploy must
not empty a topic into them. Records are counted, not tries, and the count survives restarts (`progress`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from borderlight.errors import BorderlightError, InvalidMessage, TooLate, Unavailable
from borderlight.runtime.bus.port import Record
from borderlight.runtime.bus.position import Partition, ReadAgain, take_in_hand
from borderlight.runtime.bus.progress import DeadLetterLimit, ForgetfulProgress, Progress, ProgressStore
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics

_UNKNOWN_TRIES = 3
_DEADLY_TRIES = 3
DeadLetterSink = Callable[[Record, BaseException], Awaitable[None]]
Handle = Callable[[], Awaitable[Any]]


class StagePaused(BorderlightError):
    """Too many dead letters: the partition waits for `borderlight consumer resume`."""


class KillsTheProcess(InvalidMessage):
    """The process died three times with this record in hand."""


@dataclass
class Delivery:
    """Handles the records of one stage (service and topic); `retry_for_s` bounds one stay in place (the bus
    redelivers after)."""

    stage: str
    dead_letter: DeadLetterSink
    metrics: Metrics
    clock: Clock
    progress: ProgressStore = field(default_factory=ForgetfulProgress)
    retry_for_s: float = 60.0
    first_wait_s: float = 0.1
    longest_wait_s: float = 5.0
    limit: DeadLetterLimit = field(default_factory=DeadLetterLimit)
    _begun_ms: float | None = None
    _attempt_ms: float | None = None
    _known: dict[Partition, Progress] = field(default_factory=dict[Partition, Progress])

    def __post_init__(self) -> None:
        self.metrics.inflight_age_seconds.labels(self.stage).set_function(self.inflight_age_s)
        self.metrics.consumer_paused.labels(self.stage).set(0)

    def inflight_age_s(self) -> float:
        """How long the record in hand has been in hand [s]; 0 when there is none."""
        return 0.0 if self._begun_ms is None else (self.clock.monotonic_ms() - self._begun_ms) / 1000.0

    def attempt_age_s(self) -> float:
        """How long the handler has been running this time [s]: waiting for something that is away does not count."""
        return 0.0 if self._attempt_ms is None else (self.clock.monotonic_ms() - self._attempt_ms) / 1000.0

    def progress_of(self, partition: Partition) -> Progress:
        """What is remembered of a partition that records came from."""
        return self._known.setdefault(partition, Progress())

    def paused(self) -> dict[Partition, int]:
        """Partitions that wait, and since when [epoch ms]."""
        return {p: kept.paused_at_ms for p, kept in self._known.items() if kept.paused_at_ms is not None}

    def resume(self, partition: Partition) -> None:
        """Let a paused partition go on, counting anew."""
        self.progress_of(partition).resume()
        self._show_paused()
        logger().warning("resumed", stage=self.stage, partition=partition.partition)

    def forget(self) -> None:
        """The partitions may belong to another process now: what is remembered is read again when records come."""
        self._known.clear()
        self._show_paused()

    def _show_paused(self) -> None:
        self.metrics.consumer_paused.labels(self.stage).set(1 if self.paused() else 0)

    async def deliver(self, record: Record, handle: Handle) -> Any:
        """Returns when the record is done (handled or dead-lettered); raises when it must be delivered again,
        ReadAgain when others must be too, StagePaused when its partition has to wait."""
        self._begun_ms = self.clock.monotonic_ms()
        take_in_hand(record.position)
        if record.timestamp_ms:
            wait_s = max(0.0, self.clock.now().timestamp() - record.timestamp_ms / 1000.0)
            self.metrics.stage_wait_seconds.labels(self.stage).observe(wait_s)
        try:
            return await self._until_done(record, handle)
        finally:
            self.metrics.stage_service_seconds.labels(self.stage).observe(self.inflight_age_s())
            self._begun_ms = None

    async def _load(self, record: Record) -> Progress:
        partition = record.position.in_partition
        if partition not in self._known:
            self._known[partition] = await self.progress.load(partition, record.offset)
            self._show_paused()
        return self._known[partition]

    async def _until_done(self, record: Record, handle: Handle) -> Any:
        begun_ms = self.clock.monotonic_ms()
        wait_s, unknown = self.first_wait_s, 0
        kept = await self._load(record)
        if kept.paused_at_ms is not None:
            raise StagePaused()
        while True:
            try:
                if kept.tries >= _DEADLY_TRIES:
                    raise KillsTheProcess()
                return await self._attempt(record, handle, kept)
            except ReadAgain:
                self.metrics.stage_outcomes_total.labels(self.stage, "read_again").inc()
                raise
            except InvalidMessage as error:
                return await self._set_aside(record, error, kept)
            except Unavailable as error:
                self.metrics.retries_total.labels(self.stage).inc()
                logger().warning("waiting", stage=self.stage, error=str(error))
                if self.clock.monotonic_ms() - begun_ms > self.retry_for_s * 1000.0:
                    raise
            except Exception as error:
                unknown += 1
                logger().error("handler failed", stage=self.stage, error=repr(error), attempt=unknown, exc_info=error)
                if unknown >= _UNKNOWN_TRIES:
                    return await self._set_aside(record, error, kept)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
            wait_s = min(wait_s * 2, self.longest_wait_s)

    async def _attempt(self, record: Record, handle: Handle, kept: Progress) -> Any:
        """One call of the handler between two marks: what never comes back leaves the first one standing."""
        kept.tries += 1
        await self._mark(record, kept)
        self._attempt_ms = self.clock.monotonic_ms()
        try:
            answer = await handle()
        except TooLate:
            kept.count(dead=False)
            self.metrics.stage_outcomes_total.labels(self.stage, "too_late").inc()
            return None
        except Exception:
            kept.tries = 0
            await self._mark(record, kept)
            raise
        finally:
            self._attempt_ms = None
        kept.count(dead=False)
        self.metrics.stage_outcomes_total.labels(self.stage, "handled").inc()
        return answer

    async def _mark(self, record: Record, kept: Progress) -> None:
        await self.progress.mark(record.position, kept)

    async def _set_aside(self, record: Record, error: BaseException, kept: Progress) -> None:
        if self.limit.trips(kept):
            kept.paused_at_ms = int(self.clock.now().timestamp() * 1000)
            kept.tries = 0
            self._show_paused()
            await self._mark(record, kept)
            logger().error("paused: too many dead letters", stage=self.stage, error=str(error))
            raise StagePaused() from error
        await self.dead_letter(record, error)
        kept.count(dead=True)
        self.metrics.dead_letters_total.labels(record.topic, type(error).__name__).inc()
        self.metrics.stage_outcomes_total.labels(self.stage, "dead_letter").inc()
        logger().error(
            "dead letter", stage=self.stage, error=str(error), error_class=type(error).__name__,
            partition=record.partition, offset=record.offset,
        )  # fmt: skip
