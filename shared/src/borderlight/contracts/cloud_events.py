"""CloudEvents 1.0, binary mode over Kafka: attributes as `ce_*` headers, the event itself as the value.

`ce_id` is a UUIDv5 of what made the event, so that a redelivered message makes the same event again.
"""

import uuid
from datetime import datetime

from borderlight.contracts.events import AnyEvent, utc

_NAMESPACE = uuid.UUID("6f4a3a52-0d0e-5c1c-9a37-3d1f4b6c8e21")


def event_id(*parts: str) -> str:
    """Deterministic id of the event made from `parts` (session, stage, input digest, model version)."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def headers_of(event: AnyEvent, topic: str, source: str, identity: tuple[str, ...], now: datetime) -> dict[str, str]:
    """CloudEvents headers of `event` as published by `source` at `now`."""
    return {
        "ce_specversion": "1.0",
        "ce_id": event_id(topic, event.key, *identity),
        "ce_source": f"/borderlight/{source}",
        "ce_type": f"org.borderlight.{topic}",
        "ce_time": utc(now),
        "ce_subject": event.key,
        "content-type": "application/json",
    }
