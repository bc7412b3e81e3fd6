"""This challenge, now: does the face answer the issued schedule better than schedules that were not issued?

A replay or a recording made beforehand answers another schedule or none. "None" is not an attack: in bright light an
honest face cannot be seen to answer either. Only light steps at other times speak against the capture.
"""

import numpy as np

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "challenge_match"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Distance from the null of schedules that were not issued [standard deviations on Fisher's scale]."""
    fit = measured.challenge
    limit = limits.get(NAME, "min_z")
    resolution = 2.0 / (fit.null_size + 1)
    matches = (
        fit.z >= limit
        and fit.correlation >= limits.get(NAME, "min_correlation")
        and fit.p_value <= max(limits.get(NAME, "max_p_value"), resolution)
    )
    foreign = (
        fit.p_value > limits.get(NAME, "foreign_p_value")
        and fit.modulation > limits.get(NAME, "foreign_modulation")
        and fit.coherence > limits.get(NAME, "foreign_coherence")
    )
    if matches:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The face answered the colours that were shown, when they were."
    elif foreign:
        finding, meaning = Finding.SUPPORTS_ATTACK, "The light on the face changed, but not as the shown colours did."
    else:
        finding, meaning = Finding.CANNOT_TELL, "The answer to the shown colours cannot be told from other changes."
    spread = 1.0 + np.sqrt(2.0 / max(fit.null_size, 2)) * abs(fit.z)
    return Evidence(
        NAME, finding, fit.z, fit.z - spread, fit.z + spread, limit, "standard deviations", True, meaning,
        margin=(fit.z - limit) / limit,
        advice=(Advice.TOO_BRIGHT, Advice.MOVED) if finding is Finding.CANNOT_TELL else (),
        details={
            "correlation": fit.correlation, "p_value": fit.p_value, "null_size": float(fit.null_size),
            "modulation": fit.modulation, "coherence": fit.coherence,
        },
    )  # fmt: skip
