"""Does the answer carry the face's own reflectance, or is the picture light on something else?

Skin, lips and brows send back both lights by the same reflectance, so R/B knows nothing of it. On a display, or on a
pale form on which a face is projected, the picture is light: the screen's answer is even where the picture has
contrasts, and R/B is the picture's negative. Two slopes measure this over the face, each 0 for the one and -1 for the
other:

    log (R_red/B_red) - log (R_blue/B_blue) = q_colour [log B_red - log B_blue]                        (eq. 10a)
    log R/B = q_brightness log B + shading that the mesh predicts                                      (eq. 10b)

In the first shading cancels, whatever casts it; gloss of dark skin and rooms with lamps of two colours do not. In the
second gloss weighs less; shadows that the mesh does not know weigh more. Nothing honest bends both as far, so the one
nearer to 0 counts.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.measure.face_geometry import FaceGeometry
from liveness.domain.measure.response import ResponseMap
from liveness.domain.measure.smoothing import high_pass
from liveness.domain.regression import robust_slope

_SIGMA_CELLS = 4.0
"""Structure wider than a sixth of the face is removed [cells]: shading of the room."""
_MIN_CELLS = 100
_DARK = 0.08
"""Cells with a baseline below this are left out [share of the face mean]."""
_CLIP = 3.0
"""Robust spreads at which residuals are pulled in."""
_COLOUR_FLOOR, _BRIGHTNESS_FLOOR = 0.03, 0.05
"""Errors of a cell that no noise estimate knows of: codec and motion."""
_NOISE_INFLATION = 1.5
"""Neighbouring frames and cells of a coded video share their noise."""
_RATIO_BOUNDS = (0.1, 8.0)
_RATIO_BOUNDS_OF_ERROR = (0.3, 5.0)


@dataclass(frozen=True)
class ReflectanceFit:
    """Slopes q and their standard errors: 0 when the answer carries all of the reflectance, -1 when it carries none."""

    colour: float
    colour_error: float
    brightness: float
    brightness_error: float

    @property
    def carried(self) -> tuple[float, float]:
        """(share of the reflectance that the answer carries, its standard error), by the slope nearer to 0."""
        if self.colour >= self.brightness:
            return 1.0 + self.colour, self.colour_error
        return 1.0 + self.brightness, self.brightness_error


def _chosen(response: ResponseMap, geometry: FaceGeometry) -> Bool[np.ndarray, "rows columns"]:
    return response.usable & geometry.inner() & (response.brightness > _DARK)


def _slope(
    values: Float[np.ndarray, "cells"],
    terms: Float[np.ndarray, "terms cells"],
    error: Float[np.ndarray, "cells"],
    floor: float,
) -> tuple[float, float]:
    """Slope of `values` on the first of `terms` beside the others, and its standard error."""
    slope, slope_error = robust_slope(values, terms, 1.0 / np.hypot(error, floor), error, _CLIP)
    return slope, _NOISE_INFLATION * slope_error


def fit_reflectance(response: ResponseMap, geometry: FaceGeometry) -> ReflectanceFit | None:
    """The fit, or None when fewer than 100 cells can be used."""
    chosen = _chosen(response, geometry)
    if int(chosen.sum()) < _MIN_CELLS:
        return None
    brightness = np.log(np.maximum(response.brightness, _DARK))
    ratio = np.log(np.clip(response.ratio, *_RATIO_BOUNDS))
    single = np.stack([response.redness, response.answer_redness, brightness, ratio, geometry.screen])
    everything = np.concatenate([single, geometry.relief_templates()])
    fast = high_pass(everything, chosen.astype(float), _SIGMA_CELLS)[:, chosen]
    redness, answer_redness, brightness, ratio = fast[:4]
    colour, colour_error = _slope(answer_redness, redness[None], response.answer_redness_error[chosen], _COLOUR_FLOOR)
    error = response.error[chosen] / np.clip(response.ratio[chosen], *_RATIO_BOUNDS_OF_ERROR)
    slope, slope_error = _slope(ratio, np.concatenate([brightness[None], fast[4:]]), error, _BRIGHTNESS_FLOOR)
    return ReflectanceFit(colour, colour_error, slope, slope_error)
