"""The light of what surrounds the face, and how much of the face's answer it gives (eq. 11).

A cell j of the scene that answers with the share s_j of the face's answer follows

    L_j(t) / mean L_j = p(t) + s_j [f(t) - mean f]                                                     (eq. 11)

f being the screen's part of the face's relative light (eq. 5). By the inverse square law a room one to three metres
away has an s of a few per cent, whatever is as near as the face an s of 1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.display_timing import FrameLight
from liveness.domain.measure.screen_light import ScreenLight
from liveness.domain.regression import least_squares
from liveness.domain.series import CaptureSeries

_BESIDE, _ABOVE, _BELOW = 0.18, 0.45, 0.15
"""Clear of hair beside the face, of hair above it, of neck and shoulders below [shares of its width and height]."""
_MIN_CELLS = 4
_TOP_ROWS = 2
"""Where nothing is clear of the face, the top rows of the frame stand for the surroundings."""
_DARKEST = 1e-5
_SMALLEST_ERROR = 1e-6


@dataclass(frozen=True)
class SurroundingsAnswer:
    """share: s_j of each cell around the face; error: its standard error."""

    share: Float[np.ndarray, "cells"]
    error: Float[np.ndarray, "cells"]


def around_the_face(
    low: Float[np.ndarray, "2"], high: Float[np.ndarray, "2"], frame_size: tuple[float, float], rows: int, columns: int
) -> Bool[np.ndarray, "rows columns"]:
    """Cells beside and above the face; low, high: bounds of the mesh [px]; frame_size: width, height [px]."""
    width, height = frame_size
    x = (np.arange(columns) + 0.5) * width / columns
    y = (np.arange(rows) + 0.5) * height / rows
    face_width, face_height = (high - low).tolist()
    beside = (x < low[0] - _BESIDE * face_width) | (x > high[0] + _BESIDE * face_width)
    above = y < low[1] - _ABOVE * face_height
    return (y < high[1] - _BELOW * face_height)[:, None] & (beside[None, :] | above[:, None])


def surrounding_radiance(series: CaptureSeries) -> Float[np.ndarray, "frames cells 3"]:
    """Linear radiance of the cells around the face."""
    rows, columns = series.scene.shape[1:3]
    cells = around_the_face(series.face_low, series.face_high, series.frame_size, rows, columns)
    if int(cells.sum()) < _MIN_CELLS:
        cells = np.zeros_like(cells)
        cells[:_TOP_ROWS] = True
    return series.scene[:, cells]


def relative_light(surroundings: Float[np.ndarray, "frames cells 3"]) -> Float[np.ndarray, "frames 3"]:
    """Median over the cells, over its mean in time."""
    median = np.maximum(np.median(surroundings, axis=1), _DARKEST)
    return median / median.mean(0)


def measure_surroundings(
    surroundings: Float[np.ndarray, "frames cells 3"], screen: ScreenLight, light: FrameLight
) -> SurroundingsAnswer:
    """Eq. 11 per cell, channels combined by inverse variance, over the frames that `screen` was fitted to."""
    values = surroundings[screen.frames].transpose(2, 0, 1)
    values = values / np.maximum(values.mean(1, keepdims=True), _DARKEST)
    face = screen.screen - screen.screen.mean(0)
    drift = np.broadcast_to(light.drift[screen.frames], (3, *light.drift[screen.frames].shape))
    fit = least_squares(np.concatenate([drift, face.T[..., None]], axis=-1), values)
    weight = 1.0 / (fit.error[:, -1] + _SMALLEST_ERROR) ** 2
    return SurroundingsAnswer((fit.coefficients[:, -1] * weight).sum(0) / weight.sum(0), 1.0 / np.sqrt(weight.sum(0)))
