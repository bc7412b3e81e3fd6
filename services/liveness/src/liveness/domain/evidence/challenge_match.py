"""This challenge, now: does the face answer the issued schedule better than schedules that were not issued?

A replay or a recording made beforehand answers another schedule or none. "None" is not an attack: in bright light an
honest face cannot be seen to answer either. Only light steps at other times speak against the capture.
"""

from liveness.domain.finding import Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "challenge_match"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Correlation over the challenge with a p-value against schedules that could have been issued."""
    fit = measured.challenge
    limit = limits.get(NAME, "min_correlation")
    matches = fit.correlation >= limit and fit.p_value <= 2 * limits.get(NAME, "max_p_value")
    foreign = (
        fit.p_value > limits.get(NAME, "foreign_p_value")
        and fit.modulation > limits.get(NAME, "foreign_modulation")
        and fit.coherence > 0.7
    )
    if matches:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The face answered the colours that were shown, when they were."
    elif foreign:
        finding, meaning = Finding.SUPPORTS_ATTACK, "The light on the face changed, but not as the shown colours did."
    else:
        finding, meaning = Finding.CANNOT_TELL, "The answer to the shown colours cannot be told from other changes."
    uncertainty = 2.0 * (1.0 - fit.correlation**2) / max(fit.null_size, 2) ** 0.25
    return Evidence(
        NAME, finding, fit.correlation, fit.correlation - uncertainty, fit.correlation + uncertainty, limit,
        "correlation", True, meaning, margin=(fit.correlation - limit) / limit,
        advice=("capture.too_bright", "capture.moved") if finding is Finding.CANNOT_TELL else (),
        details={"p_value": fit.p_value, "z": fit.z, "null_size": float(fit.null_size), "modulation": fit.modulation},
    )  # fmt: skip
