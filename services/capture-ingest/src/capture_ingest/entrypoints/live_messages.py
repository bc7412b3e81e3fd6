"""Messages of `borderlight.live.v1` as JSON text, one object each; `type` says which."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from capture_ingest.domain.live_capture import Accepted, HoldColour, Outgoing, Ping, Ready, ShowSlot

PROTOCOL = "borderlight.live.v1"
_Slot = Annotated[int, Field(ge=0, le=63)]
_Milliseconds = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Hello(_Message):
    """token: acts on the session; mime: what the recorder gives; calm: the traveller's choice of light."""

    type: Literal["hello"]
    protocol: Literal["borderlight.live.v1"]
    token: str = Field(min_length=1, max_length=200)
    mime: str = Field(max_length=100)
    calm: bool | None = None


class Pong(_Message):
    type: Literal["pong"]
    n: int


class Begin(_Message):
    type: Literal["begin"]


class Link(_Message):
    """One slice of the recorder. made: the page's clock [ms]; painted: [slot, page's clock] since the last link."""

    type: Literal["link"]
    i: int = Field(ge=0)
    bytes: int = Field(ge=0)
    link: str = Field(pattern=r"^[0-9a-f]{64}$")
    made: _Milliseconds
    painted: list[tuple[_Slot, _Milliseconds]] = Field(default_factory=list[tuple[int, float]], max_length=64)


class Painted(_Message):
    """The first colour is on the screen; sent at once, so that the schedule can follow."""

    type: Literal["painted"]
    k: _Slot


class End(_Message):
    """links: how many were sent; link: the last of them."""

    type: Literal["end"]
    links: int = Field(ge=0)
    link: str = Field(pattern=r"^[0-9a-f]{64}$")


Incoming = Annotated[Hello | Pong | Begin | Link | Painted | End, Field(discriminator="type")]
_INCOMING: TypeAdapter[Hello | Pong | Begin | Link | Painted | End] = TypeAdapter(Incoming)


def parse(text: str) -> Hello | Pong | Begin | Link | Painted | End:
    """Raises ValueError when it is not a message of the protocol."""
    return _INCOMING.validate_json(text)


def _body(message: Outgoing) -> dict[str, Any]:
    match message:
        case Accepted(nonce):
            return {"type": "accepted", "protocol": PROTOCOL, "nonce": nonce}
        case Ping(n):
            return {"type": "ping", "n": n}
        case Ready(round_trip_ms):
            return {"type": "ready", "round_trip_ms": round(round_trip_ms, 1)}
        case ShowSlot(k, colour, last):
            slot = {"srgb": list(colour.srgb), "duration_ms": colour.duration_ms}
            return {"type": "slot", "k": k, **slot, "last": last}
        case HoldColour():
            return {"type": "hold"}


def to_text(message: Outgoing) -> str:
    return json.dumps(_body(message), separators=(",", ":"))


SEALED = '{"type":"sealed"}'


def closing(kind: str, retry_after_s: float | None = None) -> str:
    """The last message of a capture that goes no further. kind: a problem's short name, or "interrupted"."""
    retry = {} if retry_after_s is None else {"retry_after_s": round(retry_after_s)}
    return json.dumps({"type": "closed", "kind": kind, **retry}, separators=(",", ":"))
