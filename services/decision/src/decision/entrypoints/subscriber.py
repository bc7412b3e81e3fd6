"""What decision consumes: the four sides of the join."""

from typing import Any

from borderlight.runtime.bus.port import Bus, Subscription
from decision.domain.session_join import Side
from decision.use_cases.join_session import SIDES, JoinSession


def subscribe_decision(bus: Bus, join: JoinSession) -> None:
    for side, contract in SIDES.items():

        async def on_event(event: Any, side: Side = side) -> None:
            await join.take(side, event)

        bus.subscribe(Subscription(contract.topic, "decision", contract, on_event))
