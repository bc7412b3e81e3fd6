"""Is the surface a face-shaped relief in a real room?

R/B leaves geometry: screen light over room light. On a face it carries the room's shadows, which a flat or bent
picture lacks, a tint lacks, and a video re-lit by the screen's shading alone lacks as well: there the screen's answer
inherits the shadows that were filmed. `measure/relief.py` measures how much of the predicted relief is left when those
explanations are taken away.

Limits of validity: light from a large window straight behind the phone falls like the screen's and flattens R/B of a
real face, so little relief means attack only when the map is also free of noise. A rigid mask has relief, and a program
that guesses the room's shadows as well makes some. What is too noisy, too close to the prediction, at odds with the
shadows in the film, or absent from half of the slots, is not believed; that never means attack.
"""

from dataclasses import dataclass, replace

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measure.relief import ReliefFit
from liveness.domain.measurement import Measurement

_QUESTION = Question("relief", "of the predicted relief", necessary=True)
_WELL_MEASURED = 0.25
"""With an error below this share of the limit more light would not help: the room is lit from where the screen is."""

_DOUBTED = 0.1
"""How far below the limit a relief counts that is not believed [limits]."""


@dataclass(frozen=True)
class Limits:
    """min_amplitude: least lower bound; min_flat_amplitude: least amplitude beyond flat pictures; max_flat_amplitude:
    upper bounds below it mean that there is no relief; most_amplitude, most_flat_amplitude: what faces show at most
    [all: 1 = as predicted]; max_noise: of log R/B in a cell;
    max_closeness, min_shading: correlations; min_repeats: share of the amplitude that each half of the slots must reach
    with its upper bound."""

    min_amplitude: float
    min_flat_amplitude: float
    max_flat_amplitude: float
    most_amplitude: float
    most_flat_amplitude: float
    max_noise: float
    max_closeness: float
    min_shading: float
    min_repeats: float


def _reading(fit: ReliefFit, limits: Limits) -> Reading:
    lower, upper = fit.amplitude - 2.0 * fit.error, fit.amplitude + 2.0 * fit.error
    limit, flat = limits.min_amplitude, limits.min_flat_amplitude
    margin = min((lower - limit) / limit, (fit.flat_amplitude - flat) / flat)
    details = {
        "flat_amplitude": fit.flat_amplitude,
        "error": fit.error,
        "noise": fit.noise,
        "closeness": fit.closeness,
        "shading": fit.shading,
        "repeats": fit.repeats,
        "cells": float(fit.cells),
    }
    return Reading(fit.amplitude, lower, upper, limit, margin, details)


def _doubt(fit: ReliefFit, limits: Limits) -> str | None:
    """Why a relief that is there may not be believed; None when it may."""
    if fit.noise > limits.max_noise:
        return "The answer is too noisy for its relief to be believed."
    if fit.amplitude > limits.most_amplitude or fit.flat_amplitude > limits.most_flat_amplitude:
        return "The relief is stronger than that of faces."
    if fit.closeness > limits.max_closeness:
        return "The relief is as predicted to a degree that faces are not."
    if fit.shading < limits.min_shading:
        return "The shadows in the film are not those of the room that the relief implies."
    if fit.repeats < limits.min_repeats:
        return "The relief is not there in both halves of the colours."
    return None


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Amplitude of the predicted relief [1 = as predicted], with bounds of two standard errors."""
    fit = measured.relief
    if fit is None:
        unread = Reading(0.0, -1.0, 1.0, limits.min_amplitude, margin=-1.0)
        meaning = "Too little of the face could be measured."
        return _QUESTION.cannot_tell(unread, meaning, Advice.COVERED, Advice.TOO_BRIGHT)
    reading = _reading(fit, limits)
    if reading.lower >= limits.min_amplitude and fit.flat_amplitude >= limits.min_flat_amplitude:
        doubt = _doubt(fit, limits)
        if doubt is not None:
            return _QUESTION.cannot_tell(replace(reading, margin=-_DOUBTED), doubt, Advice.TOO_BRIGHT, Advice.MOVED)
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
