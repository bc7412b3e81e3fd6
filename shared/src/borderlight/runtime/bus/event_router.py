"""A FastStream router of one service: typed subscribers by topic, declared publishers, our delivery around both."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from faststream import AckPolicy
from faststream.kafka import KafkaRouter

from borderlight.contracts.cloud_events import headers_of
from borderlight.contracts.events import CONTRACTS, AnyEvent, Contract, to_json_bytes
from borderlight.errors import TooLate
from borderlight.runtime.bus.port import parse_event
from borderlight.runtime.bus.position import StartFrom
from borderlight.runtime.clock import Clock


@dataclass(frozen=True)
class ConsumerOptions:
    """How subscribers of a router consume; `prefix` isolates tests that share a broker."""

    prefix: str = ""
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000


@dataclass(frozen=True)
class Declared:
    """One subscriber as it was declared."""

    service: str
    topic: str
    subscriber: Any
    start_from: StartFrom | None

    @property
    def stage(self) -> str:
        """Name of the stage in metrics, logs and `borderlight consumer resume`."""
        return f"{self.service}:{self.topic}"


def group_of(service: str, topic: str) -> str:
    """One group per service and topic: groups are namespace-wide on some brokers."""
    return f"borderlight.{service}.{topic}"


class NotDeclared(LookupError):
    """A service may only publish what its router declares."""


class DeclaredPublishers:
    """The EventPublisher port over the publishers that a router declares."""

    def __init__(self, publishers: dict[str, Any], source: str, clock: Clock) -> None:
        self._publishers = publishers
        self._source = source
        self._clock = clock

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        """Publish with CloudEvents headers; raises NotDeclared, Unavailable."""
        name = topic or event.topic
        if name not in self._publishers:
            raise NotDeclared(f"{self._source} does not declare that it publishes {name}")
        headers = headers_of(event, name, self._source, identity, self._clock.now())
        await self._publishers[name].publish(to_json_bytes(event), key=event.key.encode(), headers=headers)


def _decoder(contract: type[Contract], clock: Clock | None) -> Callable[[Any], Awaitable[Contract]]:
    """Decode, and with `clock` refuse what cannot be answered in time any more."""

    async def decode(message: Any) -> Contract:
        event = parse_event(contract, message.body)
        decide_by = getattr(event, "decide_by", None)
        if clock is not None and decide_by is not None and decide_by < clock.now():
            raise TooLate()
        return event

    return decode


class EventRouter(KafkaRouter):
    """`@router.subscriber("capture.normalized.v1")` over a handler whose parameter is the topic's contract.

    events: publishes to the declared topics. The consumer group, the ack policy and the contract follow from the topic.
    """

    def __init__(
        self,
        service: str,
        publishes: Sequence[str],
        options: ConsumerOptions,
        clock: Clock,
        declared: Callable[[Declared], Any],
    ) -> None:
        super().__init__(prefix=options.prefix)
        self.service = service
        self.publishes = tuple(publishes)
        self._options = options
        self._clock = clock
        self._declared = declared
        publishers = {topic: self.publisher(topic, schema=CONTRACTS[topic]) for topic in publishes}
        self.events = DeclaredPublishers(publishers, service, clock)

    def subscriber(  # pyright: ignore[reportIncompatibleMethodOverride] - narrower on purpose
        self, topic: str, *, start_from: StartFrom | None = None, skips_late: bool = False
    ) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
        """Declare a handler of every event of `topic`. Raises TypeError when its parameter is not the contract.

        start_from: where to read from in partitions newly assigned, for a consumer that keeps its own position.
        skips_late: work past the event's `decide_by` is not begun; it is counted with the outcome `too_late`.
        """
        contract = CONTRACTS[topic]
        subscriber: Any = super().subscriber(
            topic,
            group_id=self._options.prefix + group_of(self.service, topic),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            session_timeout_ms=self._options.session_timeout_ms,
            heartbeat_interval_ms=self._options.heartbeat_interval_ms,
            rebalance_timeout_ms=60_000,
            fetch_max_wait_ms=100,
            decoder=_decoder(contract, self._clock if skips_late else None),
            no_reply=True,
        )
        subscriber._listener = self._declared(Declared(self.service, topic, subscriber, start_from))

        def declare(handler: Callable[..., Awaitable[Any]]) -> Any:
            if contract not in get_type_hints(handler).values():
                raise TypeError(f"the handler of {topic} has to take a {contract.__name__}")
            return subscriber(handler)

        return declare
