"""Did the face answer the colours that were issued, when they were shown?

A replay or a recording made beforehand answers another schedule or none. "None" is not an attack: in bright light an
honest face cannot be seen to answer either. Only coloured light at other times speaks against the capture: exposure and
movement change all channels alike, so they are not taken for it.
"""

from dataclasses import dataclass

import numpy as np

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measure.challenge import ChallengeFit
from liveness.domain.measurement import Measurement

_QUESTION = Question("challenge_match", "standard deviations", necessary=True)


@dataclass(frozen=True)
class Limits:
    """min_z [standard deviations of the null]; min_correlation, p-values: shares; foreign_colour: swing of the colour
    of other light [share of the face's mean]; foreign_coherence: lag-one autocorrelation of it."""

    min_z: float
    min_correlation: float
    max_p_value: float
    foreign_p_value: float
    foreign_colour: float
    foreign_coherence: float


def _matches(fit: ChallengeFit, limits: Limits) -> bool:
    resolution = 2.0 / (fit.null_size + 1)
    return (
        fit.z >= limits.min_z
        and fit.correlation >= limits.min_correlation
        and fit.p_value <= max(limits.max_p_value, resolution)
    )


def _is_other_light(fit: ChallengeFit, limits: Limits) -> bool:
    return (
        fit.p_value > limits.foreign_p_value
        and fit.colour_modulation > limits.foreign_colour
        and fit.colour_coherence > limits.foreign_coherence
    )


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Distance from the null of schedules that were not issued [standard deviations on Fisher's scale]."""
    fit = measured.challenge
    spread = 1.0 + np.sqrt(2.0 / max(fit.null_size, 2)) * abs(fit.z)
    details = {
        "correlation": fit.correlation,
        "p_value": fit.p_value,
        "null_size": float(fit.null_size),
        "modulation": fit.modulation,
        "colour_modulation": fit.colour_modulation,
        "colour_coherence": fit.colour_coherence,
    }
    margin = (fit.z - limits.min_z) / limits.min_z
    reading = Reading(fit.z, fit.z - spread, fit.z + spread, limits.min_z, margin, details)
    if _matches(fit, limits):
        return _QUESTION.supports(reading, "The face answered the colours that were shown, when they were.")
    if _is_other_light(fit, limits):
        return _QUESTION.against(reading, "The light on the face changed, but not as the shown colours did.")
    meaning = "The answer to the shown colours cannot be told from other changes."
    return _QUESTION.cannot_tell(reading, meaning, Advice.TOO_BRIGHT, Advice.MOVED)
