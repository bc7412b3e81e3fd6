"""How much of the relief that the mesh predicts is in the response map, beyond what else could have made the map.

log R/B of a live face rises where the room is shaded (beside the nose, under brow and lip) and falls where it is not.
With v the map log R/B, w_m the prediction for room m (eq. 8), both without structure wider than 10 % of the face, and Q
an orthonormal basis of the rival explanations,

    amplitude = max over m of <w_m - QQ'w_m, v - QQ'v> / <w_m - QQ'w_m, w_m - QQ'w_m>                    (eq. 9)

1 means as strong as the mesh and the room predict, 0 means none. The rivals:

- a flat picture: R/B is smooth, or depends on the picture's own brightness alone (a veil of gloss, a tone curve);
- a bent picture: R/B varies along one axis only;
- a picture re-lit by a program: R/B follows the screen's shading of the shape, but lacks the shadows of the room.

A fourth is no picture but an accident of measuring. Landmarks tremble, some of it with the light's colours, so that the
grid slips over the face in step with the light. To first order that adds to the map the picture's own gradient times
an affine function of place: six known maps, which are removed in the same way (`./dev measure-looks` shows what is left
of it).

v - QQ'v is clipped at twice its robust spread, so that a highlight or a strand of hair does not decide; noisier cells
count less.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.measure.face_geometry import COLUMNS, FaceGeometry
from liveness.domain.measure.response import ResponseMap
from liveness.domain.measure.smoothing import high_pass
from liveness.domain.regression import beyond, orthonormal_basis, robust_spread

_SIGMA_CELLS = 2.5
"""Structure wider than 10 % of the face is removed [cells]: any picture can have it."""
_MIN_CELLS = 100
_DARK = 0.12
"""Hair and nostrils: cells with a baseline below this are left out [share of the face mean]."""
_HIGHLIGHT = 2.4
"""A response beyond this many medians is a highlight, not geometry."""
_CLIP = 2.0
"""Robust spreads at which the map is clipped."""
_CELL_SPREAD = 0.15
"""What hair, motion and codec do to log R/B of a cell besides its noise: a cell counts by the inverse of both."""
_NOISE_INFLATION = 1.2
"""Neighbouring frames and cells of a coded video share their noise."""
_RATIO_BOUNDS = (0.15, 5.0)
_DARKEST_BRIGHTNESS = 0.05


@dataclass(frozen=True)
class ReliefFit:
    """amplitude: beyond flat, bent and re-lit pictures; flat_amplitude: beyond flat pictures alone; error: standard
    error of `amplitude` from the noise of the map; cells: number used."""

    amplitude: float
    flat_amplitude: float
    error: float
    cells: int


@dataclass(frozen=True)
class _Maps:
    """High-passed and weighted maps over the chosen cells; noise: standard error of log R/B; trust: weight of a cell.

    measured: v; predicted: w_m; flat, bent, screen, slips: the rivals.
    """

    measured: Float[np.ndarray, "cells"]
    predicted: Float[np.ndarray, "rooms cells"]
    flat: Float[np.ndarray, "2 cells"]
    bent: Float[np.ndarray, "columns cells"]
    screen: Float[np.ndarray, "1 cells"]
    slips: Float[np.ndarray, "6 cells"]
    noise: Float[np.ndarray, "cells"]
    trust: Float[np.ndarray, "cells"]


def _chosen(response: ResponseMap, geometry: FaceGeometry) -> Bool[np.ndarray, "rows columns"]:
    lit = response.usable & (response.brightness > _DARK)
    bright = lit & (response.brightness > np.median(response.brightness[response.usable]))
    typical = float(np.median(response.response[bright])) if bright.any() else 0.0
    return lit & geometry.inner() & (response.response < _HIGHLIGHT * typical)


def _slips(brightness: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "6 rows columns"]:
    """What a slip of the grid by one cell adds to the response, for shifts, stretches, turns and shears of it.

    brightness: log baseline.
    """
    rows, columns = brightness.shape
    y, x = np.mgrid[-1.0 : 1.0 : rows * 1j, -1.0 : 1.0 : columns * 1j]
    return np.stack([gradient * place for gradient in np.gradient(brightness) for place in (np.ones_like(x), x, y)])


def _maps(response: ResponseMap, geometry: FaceGeometry, chosen: Bool[np.ndarray, "rows columns"]) -> _Maps:
    brightness = np.log(np.maximum(response.brightness, _DARKEST_BRIGHTNESS))
    brightness = brightness - np.median(brightness[chosen])
    ratio = np.clip(response.ratio, *_RATIO_BOUNDS)
    columns = np.broadcast_to(np.eye(COLUMNS)[:, None, :], (COLUMNS, *chosen.shape))
    single = np.stack([np.log(ratio), brightness, brightness**2, geometry.screen])
    everything = np.concatenate([single, geometry.relief_templates(), columns, _slips(brightness) / ratio])
    noise = (response.error / ratio)[chosen]
    trust = _CELL_SPREAD / np.hypot(noise, _CELL_SPREAD)
    fast = high_pass(everything, chosen.astype(float), _SIGMA_CELLS)[:, chosen] * trust
    predicted, bent, slips = np.split(fast[4:], np.cumsum([len(geometry.rooms), COLUMNS]))
    return _Maps(fast[0], predicted, fast[1:3], bent, fast[3:4], slips, noise, trust)


def _amplitude(maps: _Maps, rivals: Float[np.ndarray, "terms cells"]) -> tuple[float, Float[np.ndarray, "cells"]]:
    """Eq. 9: (amplitude in the room that fits best, that room's prediction beyond the rivals)."""
    basis = orthonormal_basis(rivals)
    rest = beyond(basis, maps.measured)
    limit = _CLIP * robust_spread(rest)
    observed = np.clip(rest, -limit, limit)
    shapes = [beyond(basis, predicted) for predicted in maps.predicted]
    amplitudes = [float(shape @ observed / (shape @ shape + 1e-12)) for shape in shapes]
    best = int(np.argmax(amplitudes))
    return amplitudes[best], shapes[best]


def fit_relief(response: ResponseMap, geometry: FaceGeometry) -> ReliefFit | None:
    """The fit, or None when fewer than 100 cells can be used."""
    chosen = _chosen(response, geometry)
    if int(chosen.sum()) < _MIN_CELLS:
        return None
    maps = _maps(response, geometry, chosen)
    flat = np.concatenate([maps.flat, maps.slips])
    flat_amplitude, _ = _amplitude(maps, flat)
    amplitude, shape = _amplitude(maps, np.concatenate([flat, maps.bent, maps.screen]))
    noise = np.sqrt(((shape * maps.noise * maps.trust) ** 2).sum()) / (shape @ shape + 1e-12)
    return ReliefFit(amplitude, flat_amplitude, _NOISE_INFLATION * float(noise), int(chosen.sum()))
