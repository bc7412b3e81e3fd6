"""Dead letters: the record as it came where it fits, else its digest and a pointer to it. They always fit."""

import hashlib
import json
from dataclasses import dataclass

from borderlight.runtime.bus.port import Record

LARGEST_BYTES = 900_000
"""Below `max.message.bytes` of every topic by more than a batch's own overhead [bytes]."""
_LARGEST_KEY = 10_000
_LARGEST_HEADERS = 20_000


@dataclass(frozen=True)
class DeadLetterRecord:
    """What is published on `<topic>.dlq`."""

    key: bytes
    value: bytes
    headers: dict[str, str]


def dead_letter_topic(topic: str) -> str:
    """`<topic>.dlq`."""
    return f"{topic}.dlq"


def _size(headers: dict[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) + 12 for name, value in headers.items())


def dead_letter(record: Record, service: str, error: BaseException, failed_at: str) -> DeadLetterRecord:
    """`x-dlq-*` headers beside the record's own; the cause is named without the message's content.

    A record that would not fit is replaced by a pointer (`x-dlq-value: pointer`): where it lies in its own topic, its
    size and SHA-256. Headers that would not fit are left out and counted.
    """
    ours = {
        "x-dlq-origin-topic": record.topic,
        "x-dlq-origin-partition": str(record.partition),
        "x-dlq-origin-offset": str(record.offset),
        "x-dlq-consumer": service,
        "x-dlq-error-class": type(error).__name__,
        "x-dlq-error": str(error)[:500],
        "x-dlq-failed-at": failed_at,
    }
    kept = dict(record.headers)
    if _size(kept) > _LARGEST_HEADERS:
        ours["x-dlq-headers-left-out"] = str(len(kept))
        kept = {name: value for name, value in kept.items() if name == "x-redrive-count"}
    key = record.key or b"-"
    if len(key) > _LARGEST_KEY:
        key = hashlib.sha256(key).hexdigest().encode()
        ours["x-dlq-key"] = "sha256"
    value = record.value or b""
    headers = {**kept, **ours}
    if len(key) + len(value) + _size(headers) > LARGEST_BYTES:
        headers["x-dlq-value"] = "pointer"
        value = json.dumps(
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "size": len(value),
                "sha256": hashlib.sha256(value).hexdigest(),
            },
        ).encode()
    return DeadLetterRecord(key, value, headers)
