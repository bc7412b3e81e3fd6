"""What happens to one record: handled, tried again, set aside, or paused."""

import asyncio
from typing import Any

import pytest
from fakes.clock import StandingClock

from borderlight.contracts.events import CaptureRejected
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.delivery import DeadLetterLimit, Delivery, dead_letter_headers
from borderlight.runtime.bus.port import Record, Subscription
from borderlight.runtime.metrics import Metrics

GOOD = b'{"session_id":"s","traveller_ref":"t","reasons":["capture.no_face"],"captured_at":"2026-11-24T09:00:00Z"}'


class Handler:
    """Raises what it is told to, in order, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.seen: list[Any] = []

    async def __call__(self, event: Any) -> None:
        self.seen.append(event)
        if self.errors:
            raise self.errors.pop(0)


class Kit:
    def __init__(self, handler: Handler, **changes: Any) -> None:
        self.dead: list[tuple[Record, BaseException]] = []
        self.metrics = Metrics()

        async def sink(record: Record, _: Subscription, error: BaseException) -> None:
            self.dead.append((record, error))

        subscription = Subscription(CaptureRejected.topic, "test", CaptureRejected, handler)
        self.delivery = Delivery(
            subscription, sink, self.metrics, StandingClock(), first_wait_s=0.0, longest_wait_s=0.0, **changes
        )

    async def deliver(self, value: bytes | None = GOOD, offset: int = 0) -> None:
        await self.delivery.deliver(Record(CaptureRejected.topic, 0, offset, b"s", value))


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


async def test_a_bad_deploy_pauses_instead_of_draining_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_sleep(_: float) -> None:
        return None

    monkeypatch.setattr(asyncio, "sleep", no_sleep)
    kit = Kit(Handler(), limit=DeadLetterLimit(consecutive=5))
    for offset in range(4):
        await kit.deliver(b"broken", offset)
    with pytest.raises(Unavailable, match="paused"):
        await kit.deliver(b"broken", 4)
    assert len(kit.dead) == 4
    paused = kit.metrics.consumer_paused.labels(kit.delivery.stage)
    assert paused._value.get() == 1  # pyright: ignore[reportPrivateUsage]


def test_good_records_between_keep_the_limit_from_tripping() -> None:
    limit = DeadLetterLimit(consecutive=3, ratio=0.5, window=10)
    for _ in range(40):
        limit.record(True)
        limit.record(False)
    assert not limit.is_tripped()
    for _ in range(3):
        limit.record(True)
    assert limit.is_tripped()


def test_a_dead_letter_says_where_it_came_from_and_why_without_its_content() -> None:
    record = Record("t", 3, 9, b"k", b"secret", {"ce_id": "x"})
    headers = dead_letter_headers(record, "liveness", InvalidMessage("not valid"), "2026-11-24T09:00:00Z")
    assert headers["x-dlq-origin-offset"] == "9" and headers["ce_id"] == "x"
    assert headers["x-dlq-error-class"] == "InvalidMessage"
    assert "secret" not in "".join(headers.values())
