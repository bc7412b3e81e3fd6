"""Is the picture of the face its own reflectance, or light that something else throws or shows?

Displays and projections on a face-shaped form answer evenly where their picture has contrasts; `measure/reflectance.py`
measures which share of the contrasts the answer carries. A print carries all of it and is told by its missing relief.
"""

from dataclasses import dataclass, replace

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("own_reflectance", "of the picture's contrasts", necessary=True)


@dataclass(frozen=True)
class Limits:
    """min_carried, max_carried: share of the contrasts that skin carries; max_light_carried: that a picture made of
    light carries at most [1 = all]."""

    min_carried: float
    max_carried: float
    max_light_carried: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Share of the face's own contrasts in the answer [1 = all], with bounds of two standard errors."""
    fit, limit = measured.reflectance, limits.min_carried
    if fit is None:
        unread = Reading(0.0, -1.0, 2.0, limit, margin=-1.0)
        meaning = "Too little of the face could be measured."
        return _QUESTION.cannot_tell(unread, meaning, Advice.COVERED, Advice.TOO_BRIGHT)
    value, error = fit.carried
    details = {"colour": fit.colour, "brightness": fit.brightness, "error": error}
    margin = min((value - limit) / limit, 1.0)
    reading = Reading(value, value - 2.0 * error, value + 2.0 * error, limit, margin, details)
    advice = (Advice.TOO_BRIGHT, Advice.TOO_FAR)
    if value > limits.max_carried:
        meaning = "The answer has more contrast than a face under two lights can have."
        return _QUESTION.cannot_tell(replace(reading, margin=limits.max_carried - value), meaning, *advice)
    if value >= limit:
        return _QUESTION.supports(reading, "The light came back in the face's own colours.")
    if reading.upper < limits.max_light_carried:
        return _QUESTION.against(reading, "The light fell on something that does not look like this picture.", *advice)
    return _QUESTION.cannot_tell(reading, "The colours of the face could not be told from other light.", *advice)
