"""Where the record in hand stands in its topic, and going back to an earlier one.

A consumer whose state can be lost (a join in Redis) keeps the position beside the state and not only at the broker:
`StartFrom` says where to read from when a partition is assigned, `ReadAgain` goes back when a gap shows later.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from borderlight.errors import BorderlightError


@dataclass(frozen=True, order=True)
class Partition:
    """One partition of a topic; `topic` is the name in the registry, without the prefix of tests."""

    topic: str
    partition: int


@dataclass(frozen=True, order=True)
class RecordPosition:
    """One record of a topic. Offsets of a partition grow, but need not be without holes.

    timestamp_ms: as the broker has it [ms since 1970]; the same whenever the record is read again.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int = field(default=0, compare=False)

    @property
    def in_partition(self) -> Partition:
        return Partition(self.topic, self.partition)


StartFrom = Callable[[Sequence[Partition]], Awaitable[Mapping[Partition, int]]]
"""Partitions newly assigned → offset of the next record to read, for those that the state knows; the others go on
where the group last committed. Raises Unavailable: nothing is read from them until it answers."""

_in_hand: ContextVar[RecordPosition] = ContextVar("record_in_hand")


def current_position() -> RecordPosition:
    """Position of the record that is being handled; raises LookupError outside of a handler."""
    return _in_hand.get()


def take_in_hand(position: RecordPosition) -> None:
    """Called by the bus before a handler runs, in the task that runs it."""
    _in_hand.set(position)


class ReadAgain(BorderlightError):
    """The consumer has to go back: records that were committed are not in the state.

    A handler raises it with the offset to go on from in each partition. The record in hand is not acknowledged and
    comes again. Nothing is counted as a failure.
    """

    def __init__(self, offsets: Mapping[Partition, int]) -> None:
        super().__init__(f"reading again from {sorted((p.topic, p.partition, at) for p, at in offsets.items())}")
        self.offsets = dict(offsets)
