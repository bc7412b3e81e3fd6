"""How much of the relief that the mesh predicts is in the response map, under what else could have made the map.

log R/B of a live face rises where the room is shaded (beside the nose, under brow and lip) and falls where it is not.
The map is held against other explanations, each removed by projection before the prediction is fitted:

- a flat picture: R/B is smooth, or depends on the picture's own brightness alone (a veil of gloss, a tone curve);
- a bent picture: R/B varies along one axis only;
- a picture re-lit by a program: R/B follows the screen's shading of the shape, but lacks the shadows of the room.

A fourth is no picture but an accident of measuring. Landmarks tremble, some of it with the light's colours, so that the
grid slips over the face in step with the light. To first order that adds to the map the picture's own gradient times
an affine function of place: six known maps, which are removed in the same way (`borderlight measure-looks` shows what
is left of it).

The amplitude is in units of the prediction: 1 means as strong as the mesh and the room predict, 0 means none. It is
linear in the map but for a clip at twice the robust spread, so that a highlight or a strand of hair does not decide;
in weak light the noisier cells count less.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.face_geometry import COLUMNS, FaceGeometry
from liveness.domain.response_map import ResponseMap
from liveness.domain.smoothing import high_pass

_SIGMA_CELLS = 2.5
"""Slower courses over the face are anybody's: 10 % of its width."""
_MIN_CELLS = 100
_DARK = 0.12
_HIGHLIGHT = 2.4
"""A response beyond this many medians is a highlight, not geometry."""
_CLIP = 2.0
_CELL_SPREAD = 0.15
"""What hair, motion and codec do to log R/B of a cell besides its noise: a cell counts by the inverse of both."""
_NOISE_INFLATION = 1.2
"""Neighbouring frames and cells of a coded video share their noise."""


@dataclass(frozen=True)
class ReliefFit:
    """amplitude: beyond flat, bent and re-lit pictures; flat_amplitude: beyond flat pictures alone; error: standard
    error of `amplitude` from the noise of the map; cells: number used."""

    amplitude: float
    flat_amplitude: float
    error: float
    cells: int


def _chosen(response: ResponseMap, geometry: FaceGeometry) -> Bool[np.ndarray, "rows columns"]:
    lit = response.usable & (response.brightness > _DARK)
    bright = lit & (response.brightness > np.median(response.brightness[response.usable]))
    typical = float(np.median(response.response[bright])) if bright.any() else 0.0
    return lit & geometry.inner() & (response.response < _HIGHLIGHT * typical)


def _basis(terms: Float[np.ndarray, "terms cells"]) -> Float[np.ndarray, "cells rank"]:
    """Orthonormal basis of the terms, without directions that are numerically empty."""
    left, scale, _ = np.linalg.svd(terms.T, full_matrices=False)
    return left[:, scale > 1e-3 * scale[0]]


def _slips(brightness: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "6 rows columns"]:
    """What a slip of the grid by one cell adds to the response, for shifts, stretches, turns and shears of it.

    brightness: log baseline.
    """
    rows, columns = brightness.shape
    y, x = np.mgrid[-1.0 : 1.0 : rows * 1j, -1.0 : 1.0 : columns * 1j]
    return np.stack([gradient * place for gradient in np.gradient(brightness) for place in (np.ones_like(x), x, y)])


def _clipped(values: Float[np.ndarray, "cells"]) -> Float[np.ndarray, "cells"]:
    spread = 1.4826 * float(np.median(np.abs(values))) + 1e-9
    return np.clip(values, -_CLIP * spread, _CLIP * spread)


def fit_relief(response: ResponseMap, geometry: FaceGeometry) -> ReliefFit | None:
    """The fit, or None when fewer than 100 cells can be used."""
    chosen = _chosen(response, geometry)
    if int(chosen.sum()) < _MIN_CELLS:
        return None
    weight = chosen.astype(float)

    brightness = np.log(np.maximum(response.brightness, 0.05))
    brightness = brightness - np.median(brightness[chosen])
    ratio = np.clip(response.ratio, 0.15, 5.0)
    columns = np.broadcast_to(np.eye(COLUMNS)[:, None, :], (COLUMNS, *chosen.shape))
    maps = [np.log(ratio), brightness, brightness**2, geometry.screen]
    everything = np.concatenate([np.stack(maps), geometry.relief_templates(), columns, _slips(brightness) / ratio])
    noise = (response.error / ratio)[chosen]
    trust = _CELL_SPREAD / np.hypot(noise, _CELL_SPREAD)
    fast = high_pass(everything, weight, _SIGMA_CELLS)[:, chosen] * trust
    values, flat, screen = fast[0], fast[1:3], fast[3:4]
    templates, bent, slips = np.split(fast[4:], np.cumsum([len(geometry.rooms), COLUMNS]))

    def amplitude(basis: Float[np.ndarray, "cells rank"]) -> tuple[float, Float[np.ndarray, "cells"]]:
        """(amplitude in the room that fits best, that room's template beyond `basis`)."""
        observed = _clipped(values - basis @ (basis.T @ values))
        shapes = [template - basis @ (basis.T @ template) for template in templates]
        found = [float(shape @ observed / (shape @ shape + 1e-12)) for shape in shapes]
        best = int(np.argmax(found))
        return found[best], shapes[best]

    flat_amplitude, _ = amplitude(_basis(np.concatenate([flat, slips])))
    value, shape = amplitude(_basis(np.concatenate([flat, bent, screen, slips])))
    error = _NOISE_INFLATION * float(np.sqrt(((shape * noise * trust) ** 2).sum()) / (shape @ shape + 1e-12))
    return ReliefFit(value, flat_amplitude, error, int(chosen.sum()))
