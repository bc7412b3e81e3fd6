"""Was the answer fixed so soon after each colour was released that there was little time to make it?

The server proves both moments by its own clock (`measure/commitment.py`); nothing here trusts the page. Without a
transcript there is nothing to say, and the policy knows that by the fact `freshness`. Late answers withhold support:
networks are slow. Frames that were fixed before the release and answer it nevertheless were made by someone who knew.
"""

from dataclasses import dataclass

import numpy as np

from liveness.domain.finding import Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("commitment", "ms", necessary=False)


@dataclass(frozen=True)
class Limits:
    """max_age_ms, max_median_age_ms: greatest response ages; min_age_ms: least that display, camera and encoder take;
    min_early_answers: answers to colours not yet released that cannot be luck."""

    max_age_ms: float
    max_median_age_ms: float
    min_age_ms: float
    min_early_answers: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Median response age, with the least and the greatest [ms]."""
    ages, limit = measured.ages, limits.max_median_age_ms
    if ages is None or len(ages.age_ms) == 0:
        unread = Reading(0.0, 0.0, limits.max_age_ms, limit)
        return _QUESTION.cannot_tell(unread, "There is no record of when the frames were fixed.")
    median, least, most = float(np.median(ages.age_ms)), float(ages.age_ms.min()), float(ages.age_ms.max())
    details = {"slots": float(len(ages.age_ms)), "early_answers": float(ages.early_answers)}
    reading = Reading(median, least, most, limit, (limit - median) / limit, details)
    if ages.early_answers >= limits.min_early_answers:
        return _QUESTION.against(reading, "Frames answer colours that had not been released when they were fixed.")
    if least < limits.min_age_ms:
        return _QUESTION.cannot_tell(reading, "Some frames were fixed before a phone could have answered.")
    if most > limits.max_age_ms or median > limit:
        return _QUESTION.cannot_tell(reading, "The frames were fixed late.")
    return _QUESTION.supports(reading, "Every colour was answered within moments of its release.")
