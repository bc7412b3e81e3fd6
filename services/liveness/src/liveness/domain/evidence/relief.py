"""Is the surface a face-shaped relief in a real room?

R/B leaves geometry: screen light over room light. On a face it carries the room's shadows, which a flat or bent
picture lacks, a tint lacks, and a video re-lit by the screen's shading alone lacks as well: there the screen's answer
inherits the shadows that were filmed. `measure/relief.py` measures how much of the predicted relief is left when those
explanations are taken away.

Limits of validity: light from a large window straight behind the phone falls like the screen's and flattens R/B of a
real face, so little relief means attack only when the map is also free of noise. A rigid mask has relief, and a program
that guesses the room's shadows as well makes some.
"""

from dataclasses import dataclass

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measure.relief import ReliefFit
from liveness.domain.measurement import Measurement

_QUESTION = Question("relief", "of the predicted relief", necessary=True)
_WELL_MEASURED = 0.25
"""With an error below this share of the limit more light would not help: the room is lit from where the screen is."""


@dataclass(frozen=True)
class Limits:
    """min_amplitude: least lower bound; min_flat_amplitude: least amplitude beyond flat pictures; max_flat_amplitude:
    upper bounds below it mean that there is no relief [all: 1 = as predicted]."""

    min_amplitude: float
    min_flat_amplitude: float
    max_flat_amplitude: float


def _reading(fit: ReliefFit, limits: Limits) -> Reading:
    lower, upper = fit.amplitude - 2.0 * fit.error, fit.amplitude + 2.0 * fit.error
    limit, flat = limits.min_amplitude, limits.min_flat_amplitude
    margin = min((lower - limit) / limit, (fit.flat_amplitude - flat) / flat)
    details = {"flat_amplitude": fit.flat_amplitude, "error": fit.error, "cells": float(fit.cells)}
    return Reading(fit.amplitude, lower, upper, limit, margin, details)


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Amplitude of the predicted relief [1 = as predicted], with bounds of two standard errors."""
    fit = measured.relief
    if fit is None:
        unread = Reading(0.0, -1.0, 1.0, limits.min_amplitude, margin=-1.0)
        meaning = "Too little of the face could be measured."
        return _QUESTION.cannot_tell(unread, meaning, Advice.COVERED, Advice.TOO_BRIGHT)
    reading = _reading(fit, limits)
    if reading.lower >= limits.min_amplitude and fit.flat_amplitude >= limits.min_flat_amplitude:
        return _QUESTION.supports(reading, "The light showed the hollows and ridges of this face.")
    well_measured = fit.error < _WELL_MEASURED * limits.min_amplitude
    advice = (Advice.LIGHT_AHEAD if well_measured else Advice.TOO_FAR, Advice.TOO_BRIGHT)
    none = limits.max_flat_amplitude
    if reading.upper < none and fit.flat_amplitude + 2.0 * fit.error < none:
        return _QUESTION.against(reading, "The light fell on a surface without the relief of a face.", *advice)
    if well_measured:
        meaning = "The relief is faint, as in a room that is lit from where the screen is."
        return _QUESTION.cannot_tell(reading, meaning, *advice)
    return _QUESTION.cannot_tell(reading, "The relief of the face could not be measured well enough.", *advice)
