"""The compacted verdict topic: tombstones, and what is left of it."""

from collections.abc import AsyncGenerator
from datetime import datetime

from borderlight.contracts.events import EntryVerdict
from borderlight.errors import InvalidMessage
from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.bus.port import parse_event

LATEST_TOPIC = "entry.verdict.latest.v1"


class BusVerdictForgetter:
    """Tombstones through the bus."""

    def __init__(self, bus: BrokerBus) -> None:
        self._bus = bus

    async def forget(self, session_id: str) -> None:
        await self._bus.publish_raw(LATEST_TOPIC, session_id.encode(), None, {})


class KafkaLatestVerdicts:
    """Reads the topic from its beginning to its present end."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def remaining(self) -> AsyncGenerator[tuple[str, datetime]]:
        """A record that cannot be read counts as one that was never decided: it must not stay unseen."""
        left: dict[str, datetime] = {}
        async for record in read_topic(self._settings, LATEST_TOPIC):
            session_id = (record.key or b"").decode("utf-8", "replace")
            if record.value is None:
                left.pop(session_id, None)
                continue
            try:
                verdict = parse_event(EntryVerdict, record.value)
                left[session_id] = verdict.decided_at  # pyright: ignore[reportAttributeAccessIssue]
            except InvalidMessage:
                left[session_id] = datetime.fromtimestamp(record.timestamp / 1000.0).astimezone()
        for entry in left.items():
            yield entry
