"""Dead letters of a topic: read with what became of them, and sent again, each once.

That a letter was sent again is noted in the dead-letter topic itself, as a receipt that names it: the next run knows.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from borderlight.runtime.bus.dead_letters import dead_letter_topic
from borderlight.runtime.bus.kafka import KafkaBus
from borderlight.runtime.bus.kafka_reader import read_record, read_topic
from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics

MAX_REDRIVES = 3
_RECEIPT = "x-dlq-receipt"


@dataclass(frozen=True)
class DeadLetterSeen:
    """One dead letter; is_redriven: a receipt says that it was sent again."""

    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict[str, str]
    is_redriven: bool

    @property
    def error_class(self) -> str:
        return self.headers.get("x-dlq-error-class", "?")

    @property
    def redrives(self) -> int:
        return int(self.headers.get("x-redrive-count", "0"))

    @property
    def is_pointer(self) -> bool:
        return self.headers.get("x-dlq-value") == "pointer"


@dataclass
class Redriven:
    """sent: records sent again (or that would be); lost: letters whose record is gone from its topic."""

    sent: int = 0
    lost: int = 0


def _headers(record: Any) -> dict[str, str]:
    return {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}


async def read_dead_letters(topic: str, settings: KafkaSettings | None = None) -> list[DeadLetterSeen]:
    """Every dead letter of `topic`, oldest first; raises Unavailable."""
    raw: list[tuple[Any, dict[str, str]]] = []
    receipts: set[str] = set()
    async for record in read_topic(settings or KafkaSettings(), dead_letter_topic(topic)):
        headers = _headers(record)
        if _RECEIPT in headers:
            receipts.add(headers[_RECEIPT])
        else:
            raw.append((record, headers))
    return [
        DeadLetterSeen(
            record.partition, record.offset, record.key or b"-", record.value or b"", headers,
            f"{record.partition}:{record.offset}" in receipts,
        )
        for record, headers in raw
    ]  # fmt: skip


async def _original(letter: DeadLetterSeen, settings: KafkaSettings) -> tuple[bytes, bytes] | None:
    """(key, value) as they were; None when a pointer leads nowhere any more."""
    if not letter.is_pointer and "x-dlq-key" not in letter.headers:
        return letter.key, letter.value
    headers = letter.headers
    place = int(headers["x-dlq-origin-partition"]), int(headers["x-dlq-origin-offset"])
    record = await read_record(settings, headers["x-dlq-origin-topic"], *place)
    if record is None:
        return None
    value = record.value or b""
    if letter.is_pointer and hashlib.sha256(value).hexdigest() != json.loads(letter.value)["sha256"]:
        return None
    return record.key or b"-", value


async def redrive_topic(
    topic: str,
    error_class: str | None = None,
    limit: int = 100,
    rate: float = 5.0,
    dry_run: bool = False,
    settings: KafkaSettings | None = None,
) -> Redriven:
    """Send letters of `topic` again that were not yet, oldest first, each with a receipt; raises Unavailable."""
    kafka = settings or KafkaSettings()
    done = Redriven()
    bus = KafkaBus(kafka, "redrive", SystemClock(), Metrics())
    await bus.start()
    try:
        for letter in await read_dead_letters(topic, kafka):
            if done.sent >= limit:
                break
            if letter.is_redriven or letter.redrives >= MAX_REDRIVES:
                continue
            if error_class is not None and letter.error_class != error_class:
                continue
            if dry_run:
                done.sent += 1
                continue
            original = await _original(letter, kafka)
            if original is None:
                done.lost += 1
                continue
            kept = {name: value for name, value in letter.headers.items() if not name.startswith("x-dlq-")}
            kept["x-redrive-count"] = str(letter.redrives + 1)
            await bus.publish_raw(topic, *original, kept)
            receipt = {_RECEIPT: f"{letter.partition}:{letter.offset}"}
            await bus.publish_raw(dead_letter_topic(topic), letter.key, b"", receipt)
            done.sent += 1
            await asyncio.sleep(1.0 / rate)
    finally:
        await bus.stop()
    return done
