"""What decision consumes: the four sides of the join, and its own verdicts as the log of what was already said."""

from typing import Any

from borderlight.contracts.events import EntryVerdict
from borderlight.runtime.bus.port import Bus, Subscription
from borderlight.runtime.bus.position import current_position
from decision.domain.session_join import Side
from decision.use_cases.join_session import SIDES, JoinSession


def subscribe_decision(bus: Bus, join: JoinSession) -> None:
    for side, contract in SIDES.items():

        async def on_event(event: Any, side: Side = side) -> None:
            await join.take(side, event, current_position())

        bus.subscribe(Subscription(contract.topic, "decision", contract, on_event))

    async def on_verdict(verdict: EntryVerdict) -> None:
        await join.hear(verdict, current_position())

    bus.subscribe(Subscription(EntryVerdict.topic, "decision", EntryVerdict, on_verdict))
