"""What happens to one record: parse, handle, try again, set aside, or stop. The same for every bus.

Something away (`Unavailable`) is tried again for ever, in place: the partition waits, nothing is drained. A message
that can never be handled (`InvalidMessage`) becomes a dead letter at once; an unknown error is tried three times
first. When too many dead letters come in a row the stage pauses: a bad deploy must not empty a topic into them.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.port import Record, Subscription, parse_event
from borderlight.runtime.bus.position import ReadAgain, take_in_hand
from borderlight.runtime.clock import Clock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics

_UNKNOWN_TRIES = 3
DeadLetterSink = Callable[[Record, Subscription, BaseException], Awaitable[None]]


@dataclass
class DeadLetterLimit:
    """Trips after `consecutive` dead letters in a row, or `ratio` of the last `window` records."""

    consecutive: int = 20
    ratio: float = 0.5
    window: int = 200
    _row: int = 0
    _recent: deque[bool] = field(default_factory=deque[bool])

    def record(self, dead: bool) -> None:
        self._row = self._row + 1 if dead else 0
        self._recent.append(dead)
        if len(self._recent) > self.window:
            self._recent.popleft()

    def is_tripped(self) -> bool:
        full = len(self._recent) >= self.window
        return self._row >= self.consecutive or (full and sum(self._recent) > self.ratio * self.window)


@dataclass
class Delivery:
    """Handles the records of one subscription; `retry_for_s` bounds one stay in place (the bus redelivers after)."""

    subscription: Subscription
    dead_letter: DeadLetterSink
    metrics: Metrics
    clock: Clock
    retry_for_s: float = 60.0
    first_wait_s: float = 0.1
    longest_wait_s: float = 5.0
    limit: DeadLetterLimit = field(default_factory=DeadLetterLimit)
    started_ms: float | None = None

    @property
    def stage(self) -> str:
        return f"{self.subscription.service}:{self.subscription.topic}"

    def inflight_age_s(self) -> float:
        """How long the record in hand has been in hand [s]; 0 when there is none."""
        return 0.0 if self.started_ms is None else (self.clock.monotonic_ms() - self.started_ms) / 1000.0

    async def deliver(self, record: Record) -> None:
        """Returns when the record is done (handled or dead-lettered); raises when it must be delivered again,
        ReadAgain when others must be too."""
        self.started_ms = self.clock.monotonic_ms()
        take_in_hand(record.position)
        if record.timestamp_ms:
            wait_s = max(0.0, self.clock.now().timestamp() - record.timestamp_ms / 1000.0)
            self.metrics.stage_wait_seconds.labels(self.stage).observe(wait_s)
        try:
            await self._until_done(record)
        finally:
            self.metrics.stage_service_seconds.labels(self.stage).observe(self.inflight_age_s())
            self.started_ms = None

    async def _until_done(self, record: Record) -> None:
        begun_ms = self.clock.monotonic_ms()
        wait_s, unknown = self.first_wait_s, 0
        while True:
            try:
                event = parse_event(self.subscription.contract, record.value)
                await self.subscription.handler(event)
            except ReadAgain:
                self.metrics.stage_outcomes_total.labels(self.stage, "read_again").inc()
                raise
            except InvalidMessage as error:
                await self._set_aside(record, error)
                return
            except Unavailable as error:
                self.metrics.retries_total.labels(self.stage).inc()
                logger().warning("waiting", stage=self.stage, error=str(error))
                if self.clock.monotonic_ms() - begun_ms > self.retry_for_s * 1000.0:
                    raise
            except Exception as error:
                unknown += 1
                logger().error("handler failed", stage=self.stage, error=repr(error), attempt=unknown, exc_info=error)
                if unknown >= _UNKNOWN_TRIES:
                    await self._set_aside(record, error)
                    return
            else:
                self.limit.record(False)
                self.metrics.stage_outcomes_total.labels(self.stage, "handled").inc()
                return
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311
            wait_s = min(wait_s * 2, self.longest_wait_s)

    async def _set_aside(self, record: Record, error: BaseException) -> None:
        self.limit.record(True)
        if self.limit.is_tripped():
            self.metrics.consumer_paused.labels(self.stage).set(1)
            logger().error("paused: too many dead letters", stage=self.stage, error=str(error))
            await asyncio.sleep(min(self.retry_for_s, 30.0))
            raise Unavailable(f"{self.stage} is paused: too many dead letters") from error
        await self.dead_letter(record, self.subscription, error)
        self.metrics.dead_letters_total.labels(record.topic, type(error).__name__).inc()
        self.metrics.stage_outcomes_total.labels(self.stage, "dead_letter").inc()
        logger().error(
            "dead letter", stage=self.stage, error=str(error), error_class=type(error).__name__,
            partition=record.partition, offset=record.offset,
        )  # fmt: skip


def dead_letter_headers(record: Record, service: str, error: BaseException, failed_at: str) -> dict[str, str]:
    """`x-dlq-*` headers beside the record's own; the cause is named without the message's content."""
    return {
        **record.headers,
        "x-dlq-origin-topic": record.topic,
        "x-dlq-origin-partition": str(record.partition),
        "x-dlq-origin-offset": str(record.offset),
        "x-dlq-consumer": service,
        "x-dlq-error-class": type(error).__name__,
        "x-dlq-error": str(error)[:500],
        "x-dlq-failed-at": failed_at,
    }


def dead_letter_topic(topic: str) -> str:
    """`<topic>.dlq`."""
    return f"{topic}.dlq"
