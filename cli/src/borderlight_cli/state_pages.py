"""Pages under docs/ that draw a life cycle from its table: one diagram, one table, nothing written by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from capture_ingest.domain import live_states, session_life


@dataclass(frozen=True)
class LifeCycle:
    """transitions: (state, step) → state; meanings: what each state says, one sentence."""

    title: str
    source: str
    first: StrEnum
    transitions: Mapping[Any, StrEnum]
    meanings: Mapping[Any, str]


LIFE_CYCLES: dict[str, LifeCycle] = {
    "session-life.md": LifeCycle(
        "The life of a session",
        "services/capture-ingest/src/capture_ingest/domain/session_life.py",
        session_life.State.OPENED,
        session_life.TRANSITIONS,
        session_life.MEANINGS,
    ),
    "live-capture-states.md": LifeCycle(
        "The states of a live capture",
        "services/capture-ingest/src/capture_ingest/domain/live_states.py",
        live_states.State.OPEN,
        live_states.TRANSITIONS,
        live_states.MEANINGS,
    ),
}


def diagram(cycle: LifeCycle) -> str:
    """The table as a Mermaid state diagram; steps between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, step), following in cycle.transitions.items():
        arrows.setdefault((state.value, following.value), []).append(step.value)
    lines = ["stateDiagram-v2", f"    [*] --> {cycle.first.value}"]
    lines += [f"    {state} --> {following}: {', '.join(steps)}" for (state, following), steps in arrows.items()]
    leads_on = {state for state, following in arrows if state != following}
    ends = sorted({following for _, following in arrows} - leads_on)
    return "\n".join([*lines, *(f"    {end} --> [*]" for end in ends)])


def page(cycle: LifeCycle) -> str:
    """The whole page; raises ValueError when a state of the table has no meaning or a meaning no state."""
    named = {cycle.first, *(state for state, _ in cycle.transitions), *cycle.transitions.values()}
    if named != set(cycle.meanings):
        raise ValueError(f"{cycle.title}: states and meanings differ: {sorted(named ^ set(cycle.meanings))}")
    rows = [f"| `{state.value}` | {cycle.meanings[state]} |" for state in cycle.meanings]
    return "\n".join(
        [
            f"# {cycle.title}",
            "",
            f"Generated from `{cycle.source}` by `./dev schemas`; `./dev lint` fails when the two differ.",
            "",
            "```mermaid",
            diagram(cycle),
            "```",
            "",
            "| state | meaning |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def state_pages() -> dict[str, str]:
    """File below docs/ → text."""
    return {name: page(cycle) for name, cycle in LIFE_CYCLES.items()}
