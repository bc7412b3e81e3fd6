"""Did the screen mirror itself in the eyes?

A wet cornea mirrors the phone as a small spot over the dark iris, far stronger than skin. Paper and a tint have none.
Support only: closed eyes, light irises, glasses and hair hide it, and a rigid mask may have glass eyes.
"""

from dataclasses import dataclass

from liveness.domain.finding import Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("corneal_glint", "face responses", necessary=False)


@dataclass(frozen=True)
class Limits:
    """min_strength: least response of the spot [responses of the face]."""

    min_strength: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Response of the strongest spot over the iris [responses of the face]."""
    strength, limit = measured.glint, limits.min_strength
    if strength is None:
        return _QUESTION.cannot_tell(Reading(0.0, 0.0, 0.0, limit), "The eyes could not be measured.")
    reading = Reading(strength, strength, strength, limit)
    if strength >= limit:
        return _QUESTION.supports(reading, "The screen was mirrored in an eye.")
    return _QUESTION.cannot_tell(reading, "No mirror image of the screen was seen in the eyes.")
