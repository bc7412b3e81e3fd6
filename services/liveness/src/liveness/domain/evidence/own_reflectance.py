"""Is the picture of the face its own reflectance, or light that something else throws or shows?

Displays and projections on a face-shaped form answer evenly where their picture has contrasts; `reflectance_fit.py`
measures which share of the contrasts the answer carries. A print carries all of it and is told by its missing relief.
"""

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "own_reflectance"
_UNIT = "of the picture's contrasts"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Share of the face's own contrasts in the answer [1 = all], with bounds of two standard errors."""
    limit, none = limits.get(NAME, "min_carried"), limits.get(NAME, "max_light_carried")
    fit = measured.reflectance
    if fit is None:
        return Evidence(
            NAME, Finding.CANNOT_TELL, 0.0, -1.0, 2.0, limit, _UNIT, True,
            "Too little of the face could be measured.", margin=-1.0, advice=(Advice.COVERED, Advice.TOO_BRIGHT),
        )  # fmt: skip
    value, error = fit.carried
    lower, upper = value - 2.0 * error, value + 2.0 * error
    answered = measured.challenge.z >= limits.get("challenge_match", "min_z")
    if value >= limit:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The light came back in the face's own colours."
    elif upper < none and answered:
        finding, meaning = Finding.SUPPORTS_ATTACK, "The light fell on something that does not look like this picture."
    else:
        finding, meaning = Finding.CANNOT_TELL, "The colours of the face could not be told from other light."
    return Evidence(
        NAME, finding, value, lower, upper, limit, _UNIT, True, meaning, margin=min((value - limit) / limit, 1.0),
        advice=() if finding is Finding.SUPPORTS_BONA_FIDE else (Advice.TOO_BRIGHT, Advice.TOO_FAR),
        details={"colour": fit.colour, "brightness": fit.brightness, "error": error},
    )  # fmt: skip
