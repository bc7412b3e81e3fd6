"""FastStream without Kafka: its test broker for what a handler gets, our in-memory client for what it commits."""

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from fakes.clock import StandingClock
from faststream.kafka import TestKafkaBroker

from borderlight.contracts.events import (
    CaptureNormalized,
    CaptureRejected,
    LivenessAssessed,
    LivenessOutcome,
    ObjectRef,
)
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.event_router import NotDeclared
from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.bus.memory_kafka import MemoryConsumer
from borderlight.runtime.bus.position import Partition, ReadAgain, RecordPosition, current_position
from borderlight.runtime.metrics import Metrics
from liveness.entrypoints.subscriber import PUBLISHES, subscribe_liveness

REF = ObjectRef(bucket="normalized", key="k", sha256="0" * 64, size=1, media_type="application/zip")
CAPTURE = CaptureNormalized(
    session_id="s", traveller_ref="t", normalized=REF, captured_at=StandingClock().now()
)  # fmt: skip
ANSWER = LivenessAssessed(session_id="s", traveller_ref="t", outcome=LivenessOutcome.BONA_FIDE, score=0.8)
TOPIC = CaptureNormalized.topic
TP = TopicPartition(TOPIC, 0)
GROUP = f"borderlight.liveness.{TOPIC}"


class Assess:
    """In place of the use case: raises what it is told to, then publishes an answer."""

    def __init__(self, publisher: Any, *errors: Exception) -> None:
        self.publisher = publisher
        self.errors = list(errors)
        self.raise_at: dict[int, Exception] = {}
        self.seen: list[tuple[Any, RecordPosition]] = []

    async def __call__(self, normalized: CaptureNormalized) -> None:
        self.seen.append((normalized, current_position()))
        if len(self.seen) in self.raise_at:
            raise self.raise_at[len(self.seen)]
        if self.errors:
            raise self.errors.pop(0)
        await self.publisher.publish(ANSWER, ("x",))


class Kit:
    """Liveness as it is wired, but for its use case."""

    def __init__(self, *errors: Exception) -> None:
        self.bus = MemoryBus("test", StandingClock(), Metrics())
        self.router = self.bus.router("liveness", PUBLISHES)
        self.assess: Any = Assess(self.router.events, *errors)
        subscribe_liveness(self.router, self.assess)
        for stage in self.bus.stages:
            stage.delivery.first_wait_s = stage.delivery.longest_wait_s = 0.0

    def committed(self) -> int:
        return self.bus.memory.committed[(GROUP, TP)].offset


async def send(kit: Kit, *values: bytes, headers: Any = ()) -> None:
    for value in values:
        await kit.bus.memory.append(TOPIC, b"s", value, headers)


async def test_on_faststreams_test_broker_a_handler_gets_the_event_and_its_answer_is_published() -> None:
    kit = Kit()
    async with TestKafkaBroker(kit.bus.broker) as broker:
        await broker.publish(CAPTURE.model_dump_json().encode(), topic=TOPIC, key=b"s")
        ((seen, _),) = kit.assess.seen
        assert seen == CAPTURE
        publishers: list[Any] = list(broker.publishers)
        (publisher,) = [p for p in publishers if p.topic == LivenessAssessed.topic]
        publisher.mock.assert_called_once()
        assert publisher.mock.call_args.args[0]["session_id"] == "s"


async def test_on_faststreams_test_broker_what_is_away_leaves_as_an_error() -> None:
    kit = Kit(*[Unavailable("away")] * 9)
    kit.bus.stages[0].delivery.retry_for_s = -1.0
    async with TestKafkaBroker(kit.bus.broker) as broker:
        with pytest.raises(Unavailable):
            await broker.publish(CAPTURE.model_dump_json().encode(), topic=TOPIC, key=b"s")


async def test_what_was_handled_is_acknowledged_and_nothing_more() -> None:
    kit = Kit()
    await kit.bus.start()
    await send(kit, CAPTURE.model_dump_json().encode())
    await kit.bus.drain()
    await kit.bus.stop()
    assert kit.committed() == 1 and len(kit.bus.log[LivenessAssessed.topic]) == 1
    assert kit.bus.log[LivenessAssessed.topic][0].headers["ce_source"] == "/borderlight/liveness"


async def test_what_could_not_be_handled_comes_again() -> None:
    kit = Kit(*[Unavailable("away")] * 3)
    kit.bus.stages[0].delivery.retry_for_s = -1.0
    await kit.bus.start()
    await send(kit, CAPTURE.model_dump_json().encode())
    await kit.bus.drain()
    await kit.bus.stop()
    assert [position.offset for _, position in kit.assess.seen] == [0, 0, 0, 0] and kit.committed() == 1


async def test_header_bytes_that_are_no_text_lose_nothing() -> None:
    kit = Kit()
    await kit.bus.start()
    await send(kit, CAPTURE.model_dump_json().encode(), headers=[("odd", b"\xff\xfe"), ("none", None)])
    await kit.bus.drain()
    await kit.bus.stop()
    assert len(kit.assess.seen) == 1 and not kit.bus.log.get(f"{TOPIC}.dlq")


async def test_what_is_no_event_is_set_aside_and_the_next_is_handled() -> None:
    kit = Kit()
    await kit.bus.start()
    await send(kit, b"\xff", b'{"session_id": 3}', b"", CAPTURE.model_dump_json().encode())
    await kit.bus.drain()
    await kit.bus.stop()
    assert len(kit.bus.log[f"{TOPIC}.dlq"]) == 3 and len(kit.assess.seen) == 1 and kit.committed() == 4


async def test_reading_again_goes_back_and_commits_no_further() -> None:
    gap = ReadAgain({Partition(TOPIC, 0): 1})
    kit = Kit()
    kit.assess.raise_at = {3: gap}
    await kit.bus.start()
    await send(kit, *[CAPTURE.model_dump_json().encode()] * 3)
    await kit.bus.drain()
    await kit.bus.stop()
    assert [position.offset for _, position in kit.assess.seen] == [0, 1, 2, 1, 2] and kit.committed() == 3


async def test_a_service_publishes_only_what_it_declares() -> None:
    kit = Kit()
    rejected = CaptureRejected(
        session_id="s", traveller_ref="t", reasons=("capture.no_face",), captured_at=StandingClock().now()
    )
    with pytest.raises(NotDeclared):
        await kit.router.events.publish(rejected, ())


def test_a_handler_of_something_else_is_refused_when_it_is_declared() -> None:
    router = MemoryBus("test", StandingClock(), Metrics()).router("liveness")

    async def wrong(event: CaptureRejected) -> None: ...

    with pytest.raises(TypeError, match="CaptureNormalized"):
        router.subscriber(TOPIC)(wrong)


async def test_a_retried_start_leaves_running_subscribers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = MemoryBus("test", StandingClock(), Metrics())
    starts: list[str] = []
    failures = [KafkaConnectionError("not there yet")]

    @bus.router("one").subscriber(TOPIC)
    async def one(event: CaptureNormalized) -> None: ...

    @bus.router("two").subscriber(TOPIC)
    async def two(event: CaptureNormalized) -> None: ...

    original = MemoryConsumer.start

    async def start(self: Any) -> None:
        starts.append(self._group)
        if len(starts) == 2 and failures:
            raise failures.pop()
        await original(self)

    monkeypatch.setattr(MemoryConsumer, "start", start)
    await bus.start()
    assert sorted(starts) == sorted([starts[0], starts[1], starts[1]]), "only what had failed is started again"
    await bus.stop()


async def test_a_stage_is_ready_when_it_has_its_assignment() -> None:
    kit = Kit()
    assert not kit.bus.is_ready()
    await kit.bus.start()
    assert kit.bus.is_ready()
    (stage,) = kit.bus.stages
    await stage.on_partitions_revoked({TP})
    assert not kit.bus.is_ready()
    await kit.bus.stop()


async def test_the_lag_of_a_partition_that_went_elsewhere_is_not_shown() -> None:
    kit = Kit(*[InvalidMessage("no")] * 2)
    await kit.bus.start()
    await send(kit, b"broken")
    await kit.bus.drain()
    labels = {"stage": f"liveness:{TOPIC}", "topic": TOPIC, "partition": "0"}
    await kit.bus.measure_lag()
    registry = kit.bus._metrics.registry  # pyright: ignore[reportPrivateUsage]
    assert registry.get_sample_value("borderlight_consumer_lag_records", labels) == 0.0
    consumer = kit.bus.stages[0].consumer
    consumer._positions.clear()
    await kit.bus.measure_lag()
    assert registry.get_sample_value("borderlight_consumer_lag_records", labels) is None
    await kit.bus.stop()
