"""Whether the state still holds what was read, and from where to read again when it does not. Offsets only.

A position is the offset of the next record to apply: everything before it is in the state. A commit says that the
consumer has handled what lies before it, so a position behind the commit means that the state has lost something.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

P = TypeVar("P")


@dataclass(frozen=True)
class Span:
    """What the broker holds of a partition: the first offset, and the one that the next record will get."""

    begin: int
    end: int


def is_behind(stored: int | None, committed: int | None, span: Span) -> bool:
    """Whether the state of one partition lacks records that the live consumer will not read again."""
    if stored is None or stored > span.end:
        return True
    return stored < span.begin or stored < (committed or 0)


def partitions_behind(stored: Mapping[P, int], committed: Mapping[P, int], spans: Mapping[P, Span]) -> set[P]:
    """Every partition of `spans` that must be read again."""
    return {p for p, span in spans.items() if is_behind(stored.get(p), committed.get(p), span)}


def restart_offset(stored: int | None, committed: int | None, since: int | None, span: Span) -> int:
    """Where to read from.

    stored: what the state says; None when it knows nothing. since: the first offset of the window that may hold
    undecided sessions, for a state that knows nothing at all. A position beyond the end belongs to a topic that has
    been made anew: it starts over.
    """
    if stored is not None and stored <= span.end:
        return max(stored, span.begin)
    if stored is not None:
        return span.begin
    candidates = [span.begin if committed is None else committed]
    if since is not None:
        candidates.append(since)
    return max(span.begin, min(*candidates, span.end))


def required_positions(spans: Mapping[P, Span]) -> dict[P, int]:
    """The positions at which everything that lay in the topics has been applied; empty partitions ask for nothing."""
    return {p: span.end for p, span in spans.items() if span.end > span.begin}
