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

Three more figures say whether such an amplitude may be believed. With a_m = screen's shading - w_m the room's shading:

    closeness = max over m of corr(v, w_m)                                                             (eq. 15)
    shading = corr(log B, a_m) for the room m that the answer implies                                  (eq. 16)
    repeats = min over halves h of [amplitude from the slots of h + two standard errors] / amplitude   (eq. 17)

No face answers exactly as the mesh predicts; a program that computes the answer from a mesh does. The film itself must
show the shadows of the room that the answer implies. And what movement makes in one half of the slots is not there in
the other.
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
    error of `amplitude` from the noise of the map; noise: median standard error of log R/B; closeness, shading,
    repeats: eq. 15 to 17; cells: number used."""

    amplitude: float
    flat_amplitude: float
    error: float
    noise: float
    closeness: float
    shading: float
    repeats: float
    cells: int


@dataclass(frozen=True)
class _Maps:
    """High-passed and weighted maps over the chosen cells; noise: standard error of log R/B; trust: weight of a cell.

    measured: v; halves: v and its standard error from half of the slots; predicted: w_m; flat, bent, screen, slips: the
    rivals.
    """

    measured: Float[np.ndarray, "cells"]
    halves: list[tuple[Float[np.ndarray, "cells"], Float[np.ndarray, "cells"]]]
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
    halves = [np.clip(half.ratio, *_RATIO_BOUNDS) for half in response.halves]
    single = np.stack([np.log(ratio), *np.log(halves), brightness, brightness**2, geometry.screen])
    everything = np.concatenate([single, geometry.relief_templates(), columns, _slips(brightness) / ratio])
    noise = (response.error / ratio)[chosen]
    trust = _CELL_SPREAD / np.hypot(noise, _CELL_SPREAD)
    fast = high_pass(everything, chosen.astype(float), _SIGMA_CELLS)[:, chosen] * trust
    predicted, bent, slips = np.split(fast[6:], np.cumsum([len(geometry.rooms), COLUMNS]))
    errors = [(half.error / ratio)[chosen] for half, ratio in zip(response.halves, halves, strict=True)]
    by_half = list(zip(fast[1:3], errors, strict=True))
    return _Maps(fast[0], by_half, predicted, fast[3:5], bent, fast[5:6], slips, noise, trust)


def _clipped(values: Float[np.ndarray, "cells"]) -> Float[np.ndarray, "cells"]:
    limit = _CLIP * robust_spread(values)
    return np.clip(values, -limit, limit)


def _correlation(one: Float[np.ndarray, "cells"], other: Float[np.ndarray, "cells"]) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / np.sqrt((one @ one) * (other @ other) + 1e-18))


@dataclass(frozen=True)
class _Projected:
    """Eq. 9 for one set of rivals. shape: the best room's prediction beyond them; room: its index."""

    amplitude: float
    room: int
    shape: Float[np.ndarray, "cells"]
    basis: Float[np.ndarray, "cells rank"]

    def amplitude_of(self, values: Float[np.ndarray, "cells"]) -> float:
        """Of other values in the same room."""
        return float(self.shape @ _clipped(beyond(self.basis, values)) / (self.shape @ self.shape + 1e-12))

    def error_of(self, noise: Float[np.ndarray, "cells"], trust: Float[np.ndarray, "cells"]) -> float:
        """Standard error of an amplitude; noise: of each cell before it was weighted."""
        shape = self.shape
        variance = ((shape * noise * trust) ** 2).sum()
        return _NOISE_INFLATION * float(np.sqrt(variance) / (shape @ shape + 1e-12))


def _project(maps: _Maps, rivals: Float[np.ndarray, "terms cells"]) -> _Projected:
    basis = orthonormal_basis(rivals)
    observed = _clipped(beyond(basis, maps.measured))
    shapes = [beyond(basis, predicted) for predicted in maps.predicted]
    amplitudes = [float(shape @ observed / (shape @ shape + 1e-12)) for shape in shapes]
    room = int(np.argmax(amplitudes))
    return _Projected(amplitudes[room], room, shapes[room], basis)


def _repeats(maps: _Maps, fit: _Projected) -> float:
    """Eq. 17; 0 without an amplitude to repeat."""
    if fit.amplitude <= 0.0:
        return 0.0
    upper = [fit.amplitude_of(half) + 2.0 * fit.error_of(error, maps.trust) for half, error in maps.halves]
    return min(upper) / fit.amplitude


def fit_relief(response: ResponseMap, geometry: FaceGeometry) -> ReliefFit | None:
    """The fit, or None when fewer than 100 cells can be used."""
    chosen = _chosen(response, geometry)
    if int(chosen.sum()) < _MIN_CELLS:
        return None
    maps = _maps(response, geometry, chosen)
    flat = np.concatenate([maps.flat, maps.slips])
    fit = _project(maps, np.concatenate([flat, maps.bent, maps.screen]))
    return ReliefFit(
        amplitude=fit.amplitude,
        flat_amplitude=_project(maps, flat).amplitude,
        error=fit.error_of(maps.noise, maps.trust),
        noise=float(np.median(maps.noise)),
        closeness=max(_correlation(_clipped(maps.measured), predicted) for predicted in maps.predicted),
        shading=_correlation(_clipped(maps.flat[0]), maps.screen[0] - maps.predicted[fit.room]),
        repeats=_repeats(maps, fit),
        cells=int(chosen.sum()),
    )
