"""Does the answer carry the face's own reflectance, or is the picture light on something else?

Skin, lips and brows send back both lights by the same reflectance, so R/B knows nothing of it. On a display, or on a
pale form on which a face is projected, the picture is light: the screen's answer is even where the picture has
contrasts, and R/B is the picture's negative. Two slopes measure this over the face, each 0 for the one and -1 for the
other:

- *colour*: log red over blue of R/B on that of the baseline. Shading cancels in it, whoever casts it; gloss of dark
  skin and rooms with lamps of two colours do not.
- *brightness*: log R/B on log baseline beside the shading that the mesh predicts. Gloss weighs less in it; shadows that
  the mesh does not know weigh more.

Nothing honest bends both as far, so the one nearer to 0 counts.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.face_geometry import FaceGeometry
from liveness.domain.response_map import ResponseMap
from liveness.domain.smoothing import high_pass

_SIGMA_CELLS = 4.0
_MIN_CELLS = 100
_DARK = 0.08
_CLIP = 3.0
_COLOUR_FLOOR, _BRIGHTNESS_FLOOR = 0.03, 0.05
"""Errors of a cell that no noise estimate knows of: codec and motion."""
_NOISE_INFLATION = 1.5


@dataclass(frozen=True)
class ReflectanceFit:
    """Slopes and their standard errors: 0 when the answer carries all of the reflectance, -1 when it carries none."""

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
    """Weighted slope of `values` on the first of `terms` beside the others, and its standard error.

    Residuals beyond three robust spreads are pulled in twice: a highlight or a strand of hair does not decide.
    """
    weight = 1.0 / np.hypot(error, floor)
    inverse = np.linalg.pinv(terms.T * weight[:, None], rcond=1e-3)
    fitted = inverse @ (values * weight)
    for _ in range(2):
        explained = fitted @ terms
        residual = values - explained
        spread = 1.4826 * float(np.median(np.abs(residual))) + 1e-9
        fitted = inverse @ ((explained + np.clip(residual, -_CLIP * spread, _CLIP * spread)) * weight)
    noise = float(np.sqrt(((inverse[0] * weight * error) ** 2).sum()))
    return float(fitted[0]), _NOISE_INFLATION * noise


def fit_reflectance(response: ResponseMap, geometry: FaceGeometry) -> ReflectanceFit | None:
    """The fit, or None when fewer than 100 cells can be used."""
    chosen = _chosen(response, geometry)
    if int(chosen.sum()) < _MIN_CELLS:
        return None
    maps = [
        response.redness, response.answer_redness, np.log(np.maximum(response.brightness, _DARK)),
        np.log(np.clip(response.ratio, 0.1, 8.0)), geometry.screen,
    ]  # fmt: skip
    everything = np.concatenate([np.stack(maps), geometry.relief_templates()])
    fast = high_pass(everything, chosen.astype(float), _SIGMA_CELLS)[:, chosen]
    redness, answer_redness, brightness, ratio = fast[:4]
    colour, colour_error = _slope(answer_redness, redness[None], response.answer_redness_error[chosen], _COLOUR_FLOOR)
    error = response.error[chosen] / np.clip(response.ratio[chosen], 0.3, 5.0)
    slope, slope_error = _slope(ratio, np.concatenate([brightness[None], fast[4:]]), error, _BRIGHTNESS_FLOOR)
    return ReflectanceFit(colour, colour_error, slope, slope_error)
