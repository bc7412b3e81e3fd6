"""Does skin scatter the light? Glass answers with a mirror image of the phone, not with the face's own brightness.

Skin answers everywhere on the face; a mirror image leaves most of it without answer. Measured as the lowest tenth of
the response over its median, away from the outline of the face and on its brighter seven tenths only, because hair,
brows and grazing edges answer little on honest faces too.
"""

from dataclasses import dataclass

import numpy as np

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("diffuse_reflection", "share", necessary=True)
_BRIGHTER = 0.3
"""The darker three tenths of the inner face are left out."""
_LOWEST = 0.1
_MIN_CELLS = 60


@dataclass(frozen=True)
class Limits:
    """min_evenness: of skin; max_glass_evenness: of mirror images; max_noise: beyond it nothing is said against a
    capture [all: share of the median response]."""

    min_evenness: float
    max_glass_evenness: float
    max_noise: float


def _evenness(measured: Measurement) -> tuple[float, float] | None:
    """(lowest tenth of the response on bright skin over its median, its noise); None: not measurable."""
    response = measured.response
    if response is None:
        return None
    inner = response.usable & measured.geometry.inner()
    if int(inner.sum()) < _MIN_CELLS:
        return None
    bright = inner & (response.brightness > np.quantile(response.brightness[inner], _BRIGHTER))
    values = (response.brightness * response.ratio)[bright]
    median = float(np.median(values))
    if median <= 0:
        return None
    noise = float(np.median((response.error * response.brightness)[bright])) / median
    return float(np.quantile(values, _LOWEST)) / median, noise


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Lowest tenth of the response on bright skin over its median [share]."""
    measurable = _evenness(measured)
    limit = limits.min_evenness
    if measurable is None:
        unread = Reading(0.0, -1.0, 1.0, limit, margin=-1.0)
        meaning = "Too little of the face could be measured."
        return _QUESTION.cannot_tell(unread, meaning, Advice.TOO_BRIGHT, Advice.COVERED)
    evenness, noise = measurable
    margin = (evenness - limit) / limit
    reading = Reading(evenness, evenness - noise, evenness + 2.0 * noise, limit, margin, {"noise": noise})
    advice = (Advice.TOO_BRIGHT, Advice.TOO_FAR)
    if evenness >= limit:
        return _QUESTION.supports(reading, "The whole face scattered the light, as skin does.")
    if reading.upper < limits.max_glass_evenness and noise < limits.max_noise:
        return _QUESTION.against(reading, "Only a spot answered, as a mirror image in glass does.", *advice)
    meaning = "Parts of the face answered too weakly to tell skin from glass."
    return _QUESTION.cannot_tell(reading, meaning, *advice)
