"""Sessions as JSON text."""

import json
from dataclasses import asdict, fields
from typing import Any

from capture_ingest.domain.session_life import Session, State

_KNOWN = {field.name for field in fields(Session)}


def encode(session: Session) -> str:
    return json.dumps(asdict(session), separators=(",", ":"))


def decode(text: str | bytes) -> Session:
    raw: dict[str, Any] = json.loads(text)
    # A newer process may have written what this one does not know yet.
    raw = {name: value for name, value in raw.items() if name in _KNOWN}
    raw |= {"state": State(raw["state"]), "advice": tuple(raw["advice"])}
    return Session(**raw)
