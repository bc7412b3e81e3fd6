"""What decision needs from the world."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from borderlight.errors import BorderlightError
from borderlight.runtime.bus.position import Partition, RecordPosition
from decision.domain.catching_up import Span
from decision.domain.session_join import JoinState, Side, Stored


class StateBehind(BorderlightError):
    """The state does not hold what came before: records must be read again first."""

    def __init__(self, partition: Partition, needed: int) -> None:
        super().__init__(f"{partition.topic}/{partition.partition} is not in the state up to {needed}")
        self.partition = partition
        self.needed = needed


@dataclass(frozen=True)
class Input:
    """One side of one session as it is stored; deadline_ms only with the captured side [ms since 1970]."""

    session_id: str
    side: Side
    stored: Stored
    deadline_ms: int | None = None


@dataclass(frozen=True)
class Replay:
    """Records of one partition from `start` up to `next`, both offsets; said: sessions whose verdict is published."""

    partition: Partition
    start: int
    next: int
    inputs: Sequence[Input] = ()
    said: Sequence[str] = ()


class JoinStore(Protocol):
    """The join: one record per undecided session, and per partition the position up to which its records are applied.

    State and position change together in one atomic step, so the state may lose its last changes (a failover, a
    crash) but never claims a record that it does not hold. All methods are atomic and raise Unavailable.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def put(self, given: Input, position: RecordPosition) -> JoinState:
        """Set the side unless it is set, open the deadline unless it is open, move the position; the state after.

        A record that was applied before changes nothing. Raises StateBehind when earlier ones are not in the state.
        """
        ...

    async def say(self, session_id: str, position: RecordPosition) -> None:
        """A record of the verdict topic: the session is decided for good. Raises StateBehind."""
        ...

    async def replay(self, batch: Replay) -> bool:
        """Apply many records at once; False, and nothing is changed, when the position is before `batch.start`."""
        ...

    async def positions(self) -> dict[Partition, int]:
        """Offset of the next record to apply in each partition; empty when everything is lost."""
        ...

    async def set_positions(self, positions: Mapping[Partition, int]) -> None:
        """Say where reading begins again."""
        ...

    async def find(self, session_ids: Sequence[str]) -> list[JoinState]:
        """The state of each, in order; one that nothing is known of is empty."""
        ...

    async def store_verdict(self, session_id: str, verdict: str) -> str | None:
        """Store unless there is one; the verdict that stands, None when it is published already."""
        ...

    async def mark_published(self, session_id: str) -> None:
        """The verdict is out: the deadline is closed, the events are dropped, a mark stays."""
        ...

    async def claim_due(
        self, until_ms: int, lease_until_ms: int, count: int, required: Mapping[Partition, int]
    ) -> list[JoinState]:
        """Sessions whose deadline is not after `until_ms`, leased to the caller; raises StateBehind unless every
        partition is applied up to its required offset."""
        ...

    async def set_aside(self, session_id: str) -> None:
        """A session that cannot be read: no sweep meets it again; kept for an operator."""
        ...

    async def forget(self, session_id: str) -> None:
        """Nothing is left to decide: its deadline is closed."""
        ...

    async def claim_catch_up(self, holder: str, lease_ms: int) -> bool:
        """Whether `holder` may catch up now, or goes on doing so: the lease is renewed."""
        ...

    async def end_catch_up(self, holder: str) -> None: ...

    async def pending(self) -> int:
        """How many sessions wait."""
        ...


@dataclass(frozen=True)
class PastRecord:
    """One record as it was published; value None where there is none."""

    offset: int
    timestamp_ms: int
    value: bytes | None


class History(Protocol):
    """The inputs of decision and its verdict topic, read beside the live consumers. All methods raise Unavailable."""

    async def spans(self) -> dict[Partition, Span]:
        """What the broker holds now of every partition of the inputs and of the verdict topic."""
        ...

    async def committed(self) -> dict[Partition, int]:
        """What decision's consumers have committed; partitions without a commit are left out."""
        ...

    async def last_handled_ms(self) -> int | None:
        """Timestamp of the newest input that was handled [ms since 1970]; None when none is left or none was."""
        ...

    async def offsets_since(self, at_ms: int) -> dict[Partition, int]:
        """First offset of each partition whose timestamp is not before `at_ms`; its end when there is none."""
        ...

    def read(
        self, ranges: Mapping[Partition, tuple[int, int]]
    ) -> AsyncGenerator[tuple[Partition, Sequence[PastRecord], int]]:
        """Batches in order, each with the offset that follows it, until every range (start, end) has been read."""
        ...
