"""The bus port: publish events, subscribe handlers. Handlers see parsed events and raise the three kinds of errors."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from borderlight.contracts.events import AnyEvent, Contract
from borderlight.errors import InvalidMessage
from borderlight.runtime.bus.position import RecordPosition, StartFrom

Handler = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """`handler` gets every event of `topic` at least once; `service` names the consumer group.

    start_from: where to read from in partitions that are newly assigned, for a consumer that keeps its own position.
    """

    topic: str
    service: str
    contract: type[Contract]
    handler: Handler
    start_from: StartFrom | None = None

    @property
    def group(self) -> str:
        """One group per service and topic: groups are namespace-wide on some brokers."""
        return f"borderlight.{self.service}.{self.topic}"


@dataclass(frozen=True)
class Record:
    """One message as the broker has it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    timestamp_ms: int = 0

    @property
    def position(self) -> RecordPosition:
        return RecordPosition(self.topic, self.partition, self.offset)


class EventPublisher(Protocol):
    """Publishes and returns only when the broker has the event safely."""

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        """Publish under a deterministic id made of `identity`; raises Unavailable."""
        ...


class Bus(EventPublisher, Protocol):
    """A publisher that also delivers."""

    def subscribe(self, subscription: Subscription) -> None:
        """Register before `start`."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Finish what is in hand, commit, leave."""
        ...

    def is_ready(self) -> bool: ...

    def is_alive(self) -> bool: ...


def parse_event(contract: type[Contract], value: bytes | None) -> Contract:
    """The event in `value`; raises InvalidMessage with the reason, without repeating the content."""
    if value is None:
        raise InvalidMessage("the record is empty")
    try:
        return contract.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidMessage(f"not a valid {contract.__name__}: {place or 'value'}: {first['msg']}") from None
