"""What happens to one record: handled, tried again, set aside, or paused."""

from typing import Any

import pytest
from fakes.clock import StandingClock

from borderlight.contracts.events import CaptureRejected
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.delivery import Delivery, KillsTheProcess, StagePaused
from borderlight.runtime.bus.port import Record, parse_event
from borderlight.runtime.bus.position import Partition, RecordPosition
from borderlight.runtime.bus.progress import DeadLetterLimit, Progress
from borderlight.runtime.metrics import Metrics

GOOD = b'{"session_id":"s","traveller_ref":"t","reasons":["capture.no_face"],"captured_at":"2026-11-24T09:00:00Z"}'
TOPIC = CaptureRejected.topic


class Died(BaseException):
    """Nothing of ours runs any more."""


class Handler:
    """Raises what it is told to, in order, then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.seen: list[Any] = []

    async def __call__(self, event: Any) -> None:
        self.seen.append(event)
        if self.errors:
            raise self.errors.pop(0)


class Offsets:
    """Committed offsets with their texts, as a broker keeps them for a group that comes and goes."""

    def __init__(self) -> None:
        self.kept: dict[Partition, tuple[int, str]] = {}

    async def load(self, partition: Partition, next_offset: int) -> Progress:
        offset, text = self.kept.get(partition, (-1, ""))
        progress = Progress.from_text(text)
        if offset != next_offset:
            progress.tries = 0
        return progress

    async def mark(self, position: RecordPosition, progress: Progress) -> None:
        self.kept[position.in_partition] = (position.offset, progress.as_text())


class Kit:
    """One process at a time over the same offsets."""

    def __init__(self, handler: Handler, **changes: Any) -> None:
        self.dead: list[tuple[Record, BaseException]] = []
        self.metrics = Metrics()
        self.offsets = Offsets()
        self.handler = handler
        self.changes = changes
        self.restart()

    def restart(self) -> None:
        async def sink(record: Record, error: BaseException) -> None:
            self.dead.append((record, error))

        self.delivery = Delivery(
            f"test:{TOPIC}", sink, self.metrics, StandingClock(), self.offsets,
            first_wait_s=0.0, longest_wait_s=0.0, **self.changes,
        )  # fmt: skip

    async def deliver(self, value: bytes | None = GOOD, offset: int = 0) -> None:
        record = Record(TOPIC, 0, offset, b"s", value)

        async def handle() -> None:
            await self.handler(parse_event(CaptureRejected, value))

        await self.delivery.deliver(record, handle)
        partition = record.position.in_partition
        self.offsets.kept[partition] = (offset + 1, self.delivery.progress_of(partition).as_text())

    def paused_gauge(self) -> float:
        return self.metrics.registry.get_sample_value("borderlight_consumer_paused", {"stage": f"test:{TOPIC}"}) or 0.0


async def test_a_good_record_is_handled_once() -> None:
    handler = Handler()
    kit = Kit(handler)
    await kit.deliver()
    assert len(handler.seen) == 1 and handler.seen[0].session_id == "s" and not kit.dead


async def test_what_is_away_is_tried_until_it_is_back() -> None:
    handler = Handler(*[Unavailable("away")] * 7)
    kit = Kit(handler)
    await kit.deliver()
    assert len(handler.seen) == 8 and not kit.dead


async def test_away_for_long_the_record_goes_back_to_the_broker() -> None:
    kit = Kit(Handler(*[Unavailable("away")] * 50), retry_for_s=-1.0)
    with pytest.raises(Unavailable):
        await kit.deliver()
    assert not kit.dead


@pytest.mark.parametrize("value", [None, b"", b"not json", b"{}", b'{"session_id":"a/b"}', b"[1]"])
async def test_what_is_no_event_becomes_a_dead_letter_at_once(value: bytes | None) -> None:
    handler = Handler()
    kit = Kit(handler)
    await kit.deliver(value)
    assert not handler.seen and len(kit.dead) == 1
    assert isinstance(kit.dead[0][1], InvalidMessage)


async def test_a_future_field_is_ignored() -> None:
    handler = Handler()
    await Kit(handler).deliver(GOOD[:-1] + b',"lane":"express"}')
    assert len(handler.seen) == 1


async def test_an_unknown_error_is_tried_three_times() -> None:
    handler = Handler(*[RuntimeError("boom")] * 3)
    kit = Kit(handler)
    await kit.deliver()
    assert len(handler.seen) == 3 and len(kit.dead) == 1


async def test_a_bad_deploy_pauses_instead_of_draining_the_topic() -> None:
    kit = Kit(Handler(), limit=DeadLetterLimit(consecutive=5))
    for offset in range(4):
        await kit.deliver(b"broken", offset)
    with pytest.raises(StagePaused):
        await kit.deliver(b"broken", 4)
    assert len(kit.dead) == 4 and kit.paused_gauge() == 1


async def test_a_record_counts_once_however_often_it_comes() -> None:
    """The dead-letter topic refuses for a while: the record is delivered again and again, and is still one."""
    kit = Kit(Handler(), limit=DeadLetterLimit(consecutive=3))
    refusals = [Unavailable("the dead-letter topic is away")] * 5

    async def refusing(record: Record, error: BaseException) -> None:
        if refusals:
            raise refusals.pop()
        kit.dead.append((record, error))

    kit.delivery.dead_letter = refusing
    for _ in range(5):
        with pytest.raises(Unavailable):
            await kit.deliver(b"broken")
    await kit.deliver(b"broken")
    await kit.deliver(GOOD, 1)
    assert len(kit.dead) == 1 and kit.paused_gauge() == 0


async def test_a_restart_drains_no_more_dead_letters() -> None:
    kit = Kit(Handler(), limit=DeadLetterLimit(consecutive=5))
    offset = 0
    for _ in range(6):
        try:
            while True:
                await kit.deliver(b"broken", offset)
                offset += 1
        except StagePaused:
            kit.restart()
    assert len(kit.dead) == 4


async def test_a_resumed_partition_goes_on_and_counts_anew() -> None:
    kit = Kit(Handler(), limit=DeadLetterLimit(consecutive=2))
    await kit.deliver(b"broken", 0)
    with pytest.raises(StagePaused):
        await kit.deliver(b"broken", 1)
    kit.delivery.resume(Partition(TOPIC, 0))
    assert kit.paused_gauge() == 0
    await kit.deliver(b"broken", 1)
    await kit.deliver(GOOD, 2)
    assert len(kit.dead) == 2 and len(kit.handler.seen) == 1


async def test_the_gauge_falls_when_the_paused_partition_goes_to_another_process() -> None:
    kit = Kit(Handler(), limit=DeadLetterLimit(consecutive=1))
    with pytest.raises(StagePaused):
        await kit.deliver(b"broken")
    assert kit.paused_gauge() == 1
    kit.delivery.forget()
    assert kit.paused_gauge() == 0
    with pytest.raises(StagePaused):  # it comes back: what the offset remembers still holds
        await kit.deliver(b"broken")
    assert kit.paused_gauge() == 1


async def test_a_record_that_kills_the_process_three_times_is_set_aside() -> None:
    kit = Kit(Handler(*[Died()] * 9))
    for _ in range(3):
        with pytest.raises(Died):
            await kit.deliver()
        kit.restart()
    await kit.deliver()
    ((_, error),) = kit.dead
    assert isinstance(error, KillsTheProcess) and len(kit.handler.seen) == 3


async def test_a_restart_while_something_is_away_is_no_such_death() -> None:
    kit = Kit(Handler(*[Unavailable("away")] * 8), retry_for_s=-1.0)
    for _ in range(8):
        with pytest.raises(Unavailable):
            await kit.deliver()
        kit.restart()
    await kit.deliver()
    assert not kit.dead and len(kit.handler.seen) == 9


async def test_waiting_for_what_is_away_does_not_count_as_stuck() -> None:
    clock = StandingClock()
    seen: list[float] = []

    class Slow(Handler):
        async def __call__(self, event: Any) -> None:
            clock.advance(100.0)
            seen.append(delivery.attempt_age_s())
            await super().__call__(event)

    kit = Kit(Slow(*[Unavailable("away")] * 3))
    kit.delivery.clock = clock
    kit.delivery.retry_for_s = 1_000.0
    delivery = kit.delivery
    await kit.deliver()
    assert seen == [100.0] * 4 and delivery.attempt_age_s() == 0.0


async def test_the_age_of_the_record_in_hand_is_shown_while_it_is_in_hand() -> None:
    clock, kit = StandingClock(), Kit(Handler())
    ages: list[float | None] = []

    def age() -> float | None:
        return kit.metrics.registry.get_sample_value("borderlight_inflight_age_seconds", {"stage": f"test:{TOPIC}"})

    class Slow(Handler):
        async def __call__(self, event: Any) -> None:
            clock.advance(121.0)
            ages.append(age())

    kit.handler, kit.delivery.clock = Slow(), clock
    await kit.deliver()
    assert ages == [121.0] and age() == 0.0


def test_good_records_between_keep_the_limit_from_tripping() -> None:
    limit, progress = DeadLetterLimit(consecutive=3, ratio=0.5), Progress()
    for _ in range(400):
        progress.count(dead=False)
        progress.count(dead=False)
        progress.count(dead=True)
    progress.count(dead=False)
    assert not limit.trips(progress)
    progress.count(dead=True)
    progress.count(dead=True)
    assert limit.trips(progress)


def test_progress_comes_back_from_its_text() -> None:
    progress = Progress(tries=2, paused_at_ms=123)
    for dead in (True, False, True, True):
        progress.count(dead)
    progress.tries = 2
    assert Progress.from_text(progress.as_text()) == progress
    assert Progress().as_text() == "" and Progress.from_text("somebody else's") == Progress()
    assert len(progress.as_text()) < 4_000, "a broker keeps 4,096 bytes"
