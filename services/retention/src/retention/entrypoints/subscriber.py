"""What retention consumes: verdicts, which start clocks; and publishes: tombstones of verdicts."""

from borderlight.contracts.events import EntryVerdict
from borderlight.runtime.bus.event_router import EventRouter
from retention.use_cases.start_clock import StartClock

PUBLISHES = ("entry.verdict.latest.v1",)


def subscribe_retention(router: EventRouter, start: StartClock) -> None:
    @router.subscriber(EntryVerdict.topic)
    async def start_clock(event: EntryVerdict) -> None:
        """What the session left is erased so many hours after its verdict."""
        await start(event)
