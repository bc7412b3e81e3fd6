"""A publisher that keeps what it was given, and can be away."""

from borderlight.contracts.events import AnyEvent
from borderlight.errors import Unavailable


class KeepingPublisher:
    def __init__(self) -> None:
        self.published: list[tuple[str, AnyEvent, tuple[str, ...]]] = []
        self.is_away = False

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        if self.is_away:
            raise Unavailable("the bus is away")
        self.published.append((topic or event.topic, event, identity))

    def on(self, topic: str) -> list[AnyEvent]:
        return [event for name, event, _ in self.published if name == topic]
