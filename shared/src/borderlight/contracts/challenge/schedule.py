"""A colour schedule: which colour fills the screen when. Versioned data, so that old captures stay judgeable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from borderlight.errors import CaptureRejected

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of linear red, green and blue in relative luminance (ITU-R BT.709), as WCAG uses them."""
MAX_SLOTS = 64
MAX_LIGHT_MS = 10_000
Colour = tuple[int, int, int]
_CODE = np.arange(256) / 255.0
LINEAR = tuple(np.where(_CODE <= 0.04045, _CODE / 12.92, ((_CODE + 0.055) / 1.055) ** 2.4).tolist())
"""Linear light of each sRGB code value [share of full drive] (IEC 61966-2-1)."""


@dataclass(frozen=True)
class Slot:
    """srgb: displayed code values; start_ms, duration_ms: on the page's clock from the first slot [ms]."""

    srgb: tuple[int, int, int]
    start_ms: float
    duration_ms: float


@dataclass(frozen=True)
class ColourSchedule:
    """Slots in order; `generator` names the function that drew it (None when the bundle comes from elsewhere)."""

    slots: tuple[Slot, ...]
    generator: str | None = None

    def linear_colours(self) -> np.ndarray:
        """[S, 3] displayed colours as linear light [share of full drive] (IEC 61966-2-1)."""
        return np.array(LINEAR)[[slot.srgb for slot in self.slots]]

    def start_ms(self) -> np.ndarray:
        return np.array([slot.start_ms for slot in self.slots], dtype=float)

    def duration_ms(self) -> np.ndarray:
        return np.array([slot.duration_ms for slot in self.slots], dtype=float)

    def to_json(self) -> dict[str, Any]:
        steps = [
            {"srgb": list(slot.srgb), "start_ms": slot.start_ms, "duration_ms": slot.duration_ms} for slot in self.slots
        ]
        return {"steps": steps, **({"generator": self.generator} if self.generator else {})}

    @staticmethod
    def from_json(challenge: Mapping[str, Any]) -> "ColourSchedule":
        """Read `capture.json`'s challenge; raises CaptureRejected when it is no colour schedule."""
        try:
            slots = tuple(
                Slot(
                    (int(step["srgb"][0]), int(step["srgb"][1]), int(step["srgb"][2])),
                    float(step["start_ms"]),
                    float(step["duration_ms"]),
                )
                for step in challenge["steps"]
            )
            generator = challenge.get("generator")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise CaptureRejected("input.challenge_unreadable", f"the challenge cannot be read: {error!r}") from error
        _check(slots)
        return ColourSchedule(slots, None if generator is None else str(generator))


def slots_in_turn(colours: Sequence[Colour], durations_ms: Sequence[int]) -> tuple[Slot, ...]:
    """Slots that follow one another without a gap, the first at 0 ms."""
    starts = accumulate(durations_ms, initial=0)
    return tuple(
        Slot(colour, float(start), float(duration))
        for colour, start, duration in zip(colours, starts, durations_ms, strict=False)
    )


def _check(slots: tuple[Slot, ...]) -> None:
    if not 3 <= len(slots) <= MAX_SLOTS:
        raise CaptureRejected("input.challenge_unreadable", f"{len(slots)} slots; a challenge has 3 to {MAX_SLOTS}")
    end = 0.0
    for slot in slots:
        if not all(0 <= value <= 255 for value in slot.srgb):
            raise CaptureRejected("input.challenge_unreadable", f"colour {slot.srgb} is outside 0..255")
        if not (slot.duration_ms > 0 and slot.start_ms >= end - 1.0 and np.isfinite(slot.start_ms)):
            raise CaptureRejected("input.challenge_unreadable", "slots overlap or run backwards")
        end = slot.start_ms + slot.duration_ms
    if end > MAX_LIGHT_MS:
        raise CaptureRejected("input.challenge_unreadable", f"{end:.0f} ms of light; at most {MAX_LIGHT_MS}")
