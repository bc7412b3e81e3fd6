"""Is the surface a face-shaped relief in a real room?

R/B leaves geometry: screen light over room light. On a face it carries the room's shadows, which a flat or bent
picture lacks, a tint lacks, and a re-lit video lacks as well: there the screen's answer inherits the shadows that were
filmed. `relief_fit.py` measures how much of the predicted relief is left when those explanations are taken away.

Limits of validity: light from a large window straight behind the phone falls like the screen's and flattens R/B of a
real face, so little relief means attack only when the map is also free of noise; a rigid mask has relief.
"""

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "relief"
_WELL_MEASURED = 0.25
"""With an error below this share of the limit more light would not help: the room is lit from where the screen is."""


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Amplitude of the predicted relief [1 = as predicted], with bounds of two standard errors."""
    limit = limits.get(NAME, "min_amplitude")
    fit = measured.relief
    if fit is None:
        return Evidence(
            NAME, Finding.CANNOT_TELL, 0.0, -1.0, 1.0, limit, "of the predicted relief", True,
            "Too little of the face could be measured.", margin=-1.0, advice=(Advice.COVERED, Advice.TOO_BRIGHT),
        )  # fmt: skip
    lower, upper = fit.amplitude - 2.0 * fit.error, fit.amplitude + 2.0 * fit.error
    flat_limit = limits.get(NAME, "min_flat_amplitude")
    none = limits.get(NAME, "max_flat_amplitude")
    well_measured = fit.error < _WELL_MEASURED * limit
    if lower >= limit and fit.flat_amplitude >= flat_limit:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The light showed the hollows and ridges of this face."
    elif upper < none and fit.flat_amplitude + 2.0 * fit.error < none:
        finding, meaning = Finding.SUPPORTS_ATTACK, "The light fell on a surface without the relief of a face."
    elif well_measured:
        finding, meaning = (
            Finding.CANNOT_TELL,
            "The relief is faint, as in a room that is lit from where the screen is.",
        )
    else:
        finding, meaning = Finding.CANNOT_TELL, "The relief of the face could not be measured well enough."
    advice = (Advice.LIGHT_AHEAD if well_measured else Advice.TOO_FAR, Advice.TOO_BRIGHT)
    margin = min((lower - limit) / limit, (fit.flat_amplitude - flat_limit) / flat_limit)
    return Evidence(
        NAME, finding, fit.amplitude, lower, upper, limit, "of the predicted relief", True, meaning, margin=margin,
        advice=() if finding is Finding.SUPPORTS_BONA_FIDE else advice,
        details={"flat_amplitude": fit.flat_amplitude, "error": fit.error, "cells": float(fit.cells)},
    )  # fmt: skip
