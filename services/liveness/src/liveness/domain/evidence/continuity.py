"""Does the film go on over the changes of colour?

A splice of earlier recordings answers every colour and jumps at every border (`measure/continuity.py`). Honest people
move when they like, so the jumps are held against movement within the slots, and a jump withholds support only: it
never means attack. A splice whose pieces are warped into one another is not told by this.
"""

from dataclasses import dataclass

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("continuity", "log ratio of jumps", necessary=True)
_UNKNOWN = 3.0
"""Bounds of a ratio that could not be measured."""


@dataclass(frozen=True)
class Limits:
    """max_jump: log ratio of jumps over borders and within slots; max_z: of the test that they are greater [standard
    deviations]. Both must be exceeded."""

    max_jump: float
    max_z: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Log ratio of what changes over the borders of slots and within them [natural logarithm]."""
    continuity, limit = measured.continuity, limits.max_jump
    if continuity is None:
        unread = Reading(0.0, -_UNKNOWN, _UNKNOWN, limit, margin=-1.0)
        meaning = "Too few frames lie before and after changes of colour."
        return _QUESTION.cannot_tell(unread, meaning, Advice.SLOW_CAMERA, Advice.COVERED)
    error = abs(continuity.jump / continuity.z) if continuity.z else _UNKNOWN
    details = {"z": continuity.z, "borders": float(continuity.borders), "pairs": float(continuity.pairs)}
    margin = max(1.0 - continuity.jump / limit, 1.0 - continuity.z / limits.max_z)
    reading = Reading(
        continuity.jump, continuity.jump - error, continuity.jump + error, limit, min(margin, 1.0), details
    )
    if continuity.jump > limit and continuity.z > limits.max_z:
        return _QUESTION.cannot_tell(reading, "The face jumps whenever the colour changes.", Advice.MOVED)
    return _QUESTION.supports(reading, "The face goes on over the changes of colour.")
