"""Events of a topic, read again from some time back."""

from collections.abc import AsyncIterator

from borderlight.contracts.events import Contract
from borderlight.errors import InvalidMessage
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.bus.port import parse_event


class KafkaHistory:
    """The History port."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def read(self, topic: str, contract: type[Contract], since_ms: int) -> AsyncIterator[Contract]:
        async for record in read_topic(self._settings, topic, since_ms):
            try:
                yield parse_event(contract, record.value)
            except InvalidMessage:
                continue  # its dead letter was made when it was first read
