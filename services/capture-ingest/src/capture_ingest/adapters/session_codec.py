"""Sessions as JSON text."""

import json
from dataclasses import asdict
from typing import Any

from capture_ingest.domain.session_life import Session, State


def encode(session: Session) -> str:
    return json.dumps(asdict(session), separators=(",", ":"))


def decode(text: str | bytes) -> Session:
    raw: dict[str, Any] = json.loads(text)
    raw |= {"state": State(raw["state"]), "advice": tuple(raw["advice"])}
    return Session(**raw)
