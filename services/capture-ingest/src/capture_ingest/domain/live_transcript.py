"""What the server saw of a live capture, sealed beside the session. Times are [ms] from the draw of the challenge."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SCHEMA = "borderlight.live/1"


@dataclass(frozen=True)
class ReleasedSlot:
    """One colour and the moment at which the server let it go."""

    srgb: tuple[int, int, int]
    duration_ms: float
    released_ms: float


@dataclass(frozen=True)
class CommittedSlice:
    """size: of the slice [bytes]; link: hex SHA-256; arrived_ms: at the server; made_client_ms: the page's clock when
    the recorder gave it; painted: (slot, page's clock) of every colour that the page says it painted since the last."""

    size: int
    link: str
    arrived_ms: float
    made_client_ms: float
    painted: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class LiveTranscript:
    """nonce: seeds the chain; held_ms: by how much the schedule was shifted in all; ended_ms: the seal."""

    session_id: str
    nonce: str
    mime: str
    round_trip_ms: tuple[float, ...]
    slots: tuple[ReleasedSlot, ...]
    slices: tuple[CommittedSlice, ...]
    held_ms: float
    ended_ms: float

    def links(self) -> list[tuple[int, str]]:
        """(size, link) of every slice, as `hash_chain.check_film` takes them."""
        return [(piece.size, piece.link) for piece in self.slices]

    def painted_client_ms(self) -> dict[int, float]:
        """Slot → page's clock of its paint, as the page says."""
        return {k: at for piece in self.slices for k, at in piece.painted}

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self)}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "LiveTranscript":
        """Raises ValueError when it is not a transcript of this version."""
        if raw.get("schema") != SCHEMA:
            raise ValueError(f"the transcript does not have schema {SCHEMA}")
        try:
            return LiveTranscript(
                session_id=str(raw["session_id"]),
                nonce=str(raw["nonce"]),
                mime=str(raw["mime"]),
                round_trip_ms=tuple(float(value) for value in raw["round_trip_ms"]),
                slots=tuple(
                    ReleasedSlot(_colour(slot["srgb"]), float(slot["duration_ms"]), float(slot["released_ms"]))
                    for slot in raw["slots"]
                ),
                slices=tuple(_slice(piece) for piece in raw["slices"]),
                held_ms=float(raw["held_ms"]),
                ended_ms=float(raw["ended_ms"]),
            )
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"the transcript cannot be read: {error!r}") from error


def _colour(raw: Any) -> tuple[int, int, int]:
    return (int(raw[0]), int(raw[1]), int(raw[2]))


def _slice(raw: Mapping[str, Any]) -> CommittedSlice:
    painted = tuple((int(k), float(at)) for k, at in raw["painted"])
    return CommittedSlice(
        int(raw["size"]), str(raw["link"]), float(raw["arrived_ms"]), float(raw["made_client_ms"]), painted
    )
