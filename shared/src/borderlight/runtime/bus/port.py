"""The bus port: publish events and hand out routers, on which a service declares what it consumes and publishes.

Handlers see parsed events and raise the three kinds of errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from borderlight.contracts.events import AnyEvent, Contract
from borderlight.errors import InvalidMessage
from borderlight.runtime.bus.position import RecordPosition

if TYPE_CHECKING:
    from borderlight.runtime.bus.event_router import EventRouter


@dataclass(frozen=True)
class Record:
    """One message as the broker has it; `topic` is the name in the registry."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    timestamp_ms: int = 0

    @property
    def position(self) -> RecordPosition:
        return RecordPosition(self.topic, self.partition, self.offset, self.timestamp_ms)


class EventPublisher(Protocol):
    """Publishes and returns only when the broker has the event safely."""

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        """Publish under a deterministic id made of `identity`; raises Unavailable."""
        ...


class Bus(EventPublisher, Protocol):
    """A publisher that also delivers."""

    def router(self, service: str, publishes: Sequence[str] = ()) -> "EventRouter":
        """A router of `service`, included in the bus; `publishes` names the topics it may publish to."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Finish what is in hand, commit, leave."""
        ...

    def is_ready(self) -> bool: ...

    def is_alive(self) -> bool: ...


def parse_event(contract: type[Contract], value: bytes | None) -> Contract:
    """The event in `value`; raises InvalidMessage with the reason, without repeating the content."""
    if not value:
        raise InvalidMessage("the record is empty")
    try:
        return contract.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidMessage(f"not a valid {contract.__name__}: {place or 'value'}: {first['msg']}") from None
