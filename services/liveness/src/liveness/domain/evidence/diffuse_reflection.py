"""Does skin scatter the light? Glass answers with a mirror image of the phone, not with the face's own brightness.

Skin answers everywhere on the face; a mirror image leaves most of it without answer. Measured as the lowest tenth of
the response over its median, away from the outline of the face and on its brighter seven tenths only, because hair,
brows and grazing edges answer little on honest faces too.
"""

import numpy as np

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "diffuse_reflection"
_BRIGHTER = 0.3
_MIN_CELLS = 60


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Lowest tenth of the response on bright skin over its median [share]."""
    limit = limits.get(NAME, "min_evenness")
    glass = limits.get(NAME, "max_glass_evenness")
    response = measured.response
    if response is None:
        return _unmeasurable(limit)
    inner = response.usable & measured.geometry.inner()
    if int(inner.sum()) < _MIN_CELLS:
        return _unmeasurable(limit)
    bright = inner & (response.brightness > np.quantile(response.brightness[inner], _BRIGHTER))
    values = (response.brightness * response.ratio)[bright]
    median = float(np.median(values))
    if median <= 0:
        return _unmeasurable(limit)
    evenness = float(np.quantile(values, 0.1)) / median
    noise = float(np.median((response.error * response.brightness)[bright])) / median
    lower, upper = evenness - noise, evenness + 2.0 * noise
    answered = measured.challenge.z >= limits.get("challenge_match", "min_z")
    if evenness >= limit:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The whole face scattered the light, as skin does."
    elif upper < glass and noise < limits.get(NAME, "max_noise") and answered:
        finding, meaning = Finding.SUPPORTS_ATTACK, "Only a spot answered, as a mirror image in glass does."
    else:
        finding, meaning = Finding.CANNOT_TELL, "Parts of the face answered too weakly to tell skin from glass."
    return Evidence(
        NAME, finding, evenness, lower, upper, limit, "share", True, meaning, margin=(evenness - limit) / limit,
        advice=() if finding is Finding.SUPPORTS_BONA_FIDE else (Advice.TOO_BRIGHT, Advice.TOO_FAR),
        details={"noise": noise},
    )  # fmt: skip


def _unmeasurable(limit: float) -> Evidence:
    return Evidence(
        NAME, Finding.CANNOT_TELL, 0.0, -1.0, 1.0, limit, "share", True,
        "Too little of the face could be measured.", margin=-1.0, advice=(Advice.TOO_BRIGHT, Advice.COVERED),
    )  # fmt: skip
