"""Response over baseline, cell by cell: R/B cancels albedo and leaves geometry (eq. 6, 7).

Every cell is divided by the face mean, which cancels exposure, flicker and white balance. With baseline b_i and
response r_i relative to the face's own, and u(t) the share of the face's light that comes from the screen,

    L_i(t) / F(t) = b_i + (r_i - b_i) u(t)                                                              (eq. 6)
    R/B of cell i = 1 + slope_i / intercept_i                                                           (eq. 7)

for every channel. Channels are combined by inverse variance.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.display_timing import FrameLight
from liveness.domain.measure.face_light import DARKEST, MIN_USABLE_SHARE
from liveness.domain.measure.screen_light import split_light
from liveness.domain.regression import LeastSquares, least_squares
from liveness.domain.series import CaptureSeries

_MIN_FRAMES = 20
"""Settled frames below which slopes are not fitted."""
_MIN_CELLS = 120
"""A sixth of the grid: with less the face is hidden or clipped."""
_MIN_USABLE_SHARE_EVER = 0.3
"""A cell that clips further than this in any frame would answer too little."""
_DARKEST_BASELINE = 0.02
"""Baseline of a cell below which it is not divided by [share of the face mean]."""
_RATIO_BOUNDS = (0.1, 10.0)
"""R/B of a single channel beyond these is noise; bounds before its logarithm."""


@dataclass(frozen=True)
class HalfMap:
    """R/B from half of the slots, and its standard error."""

    ratio: Float[np.ndarray, "rows columns"]
    error: Float[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class ResponseMap:
    """usable: cells that were neither clipped nor black; ratio, error: R/B relative to the face and its standard error.

    halves: R/B and its standard error from even and from odd slots alone; brightness: baseline [share of the face
    mean]; redness: log ratio of red over blue baseline; answer_redness, its error: log ratio of red over blue R/B,
    how much redder the answer is than the baseline; screen_share: share of the face's light that the screen gives at
    its brightest.
    """

    usable: Bool[np.ndarray, "rows columns"]
    ratio: Float[np.ndarray, "rows columns"]
    error: Float[np.ndarray, "rows columns"]
    halves: tuple[HalfMap, HalfMap]
    brightness: Float[np.ndarray, "rows columns"]
    redness: Float[np.ndarray, "rows columns"]
    answer_redness: Float[np.ndarray, "rows columns"]
    answer_redness_error: Float[np.ndarray, "rows columns"]
    screen_share: float

    @property
    def response(self) -> Float[np.ndarray, "rows columns"]:
        """R [share of the face's mean response]."""
        return np.maximum(self.brightness, 0.0) * self.ratio


@dataclass(frozen=True)
class _CellFit:
    """Eq. 6 per cell and channel: intercept, slope and the slope's standard error."""

    intercept: Float[np.ndarray, "cells 3"]
    slope: Float[np.ndarray, "cells 3"]
    error: Float[np.ndarray, "cells 3"]

    @property
    def floor(self) -> Float[np.ndarray, "cells 3"]:
        """Intercept that can be divided by."""
        return np.maximum(self.intercept, _DARKEST_BASELINE)

    @property
    def weight(self) -> Float[np.ndarray, "cells 3"]:
        """Inverse variance of R/B."""
        return (self.floor / np.maximum(self.error, 1e-6)) ** 2

    def ratio(self, slope: Float[np.ndarray, "cells 3"]) -> Float[np.ndarray, "cells"]:
        """Eq. 7 for slopes of these or of fewer frames."""
        return 1.0 + (slope / self.floor * self.weight).sum(1) / self.weight.sum(1)

    def ratio_error(self, error: Float[np.ndarray, "cells 3"]) -> Float[np.ndarray, "cells"]:
        """Standard error of `ratio` for slopes of that error."""
        return np.sqrt(((error / self.floor * self.weight) ** 2).sum(1)) / self.weight.sum(1)

    @classmethod
    def of(cls, fit: LeastSquares) -> "_CellFit":
        return cls(fit.coefficients[:, 0].T, fit.coefficients[:, 1].T, fit.error[:, 1].T)


def _fit_cells(
    relative: Float[np.ndarray, "3 frames cells"],
    design: Float[np.ndarray, "3 frames 3"],
    frames: Bool[np.ndarray, "frames"],
) -> _CellFit:
    return _CellFit.of(least_squares(design[:, frames], relative[:, frames]))


def _half_of(cells: _CellFit, half: _CellFit, shape: tuple[int, ...]) -> HalfMap:
    return HalfMap(cells.ratio(half.slope).reshape(shape), cells.ratio_error(half.error).reshape(shape))


def _map_of(
    cells: _CellFit, halves: list[_CellFit], usable: Bool[np.ndarray, "rows columns"], depth: float
) -> ResponseMap:
    rows, columns = usable.shape
    grid = cells.intercept.reshape(rows, columns, 3)
    by_channel = np.clip(1.0 + cells.slope / cells.floor, *_RATIO_BOUNDS)
    error = cells.error / cells.floor / by_channel
    dark = _DARKEST_BASELINE
    return ResponseMap(
        usable=usable,
        ratio=cells.ratio(cells.slope).reshape(rows, columns),
        error=(1.0 / np.sqrt(cells.weight.sum(1))).reshape(rows, columns),
        halves=(_half_of(cells, halves[0], usable.shape), _half_of(cells, halves[1], usable.shape)),
        brightness=grid.mean(-1),
        redness=np.log(np.maximum(grid[..., 0], dark) / np.maximum(grid[..., 2], dark)),
        answer_redness=np.log(by_channel[:, 0] / by_channel[:, 2]).reshape(rows, columns),
        answer_redness_error=np.hypot(error[:, 0], error[:, 2]).reshape(rows, columns),
        screen_share=depth,
    )


def measure_response(
    series: CaptureSeries,
    face_light: Float[np.ndarray, "frames 3"],
    inside: Bool[np.ndarray, "rows columns"],
    light: FrameLight,
) -> ResponseMap | None:
    """The map from frames that saw one colour only; None when fewer than 120 cells or 20 frames are usable.

    face_light: the face's light up to a factor per channel, freed of exposure where that could be done; only the share
    of the screen's light in it is taken from there.
    """
    share = series.usable_share
    usable = inside & (share.mean(0) > MIN_USABLE_SHARE) & (share.min(0) > _MIN_USABLE_SHARE_EVER)
    frames = light.settled
    if int(usable.sum()) < _MIN_CELLS or int(frames.sum()) < _MIN_FRAMES:
        return None
    screen = split_light(face_light, light, frames)
    radiance = series.radiance[frames]
    face = np.maximum(radiance[:, usable].mean(1), DARKEST)
    relative = (radiance / face[:, None, None, :]).reshape(len(face), -1, 3).transpose(2, 0, 1)
    time_s = series.timing.frame_time_ms[frames] / 1000.0
    time = np.broadcast_to(time_s - time_s.mean(), (3, len(face)))
    design = np.stack([np.ones_like(time), screen.share.T, time], axis=-1)
    slot = light.slot[frames]
    relative = np.ascontiguousarray(relative)
    cells = _fit_cells(relative, design, np.ones_like(slot, dtype=bool))
    halves = [_fit_cells(relative, design, slot % 2 == parity) for parity in (0, 1)]
    return _map_of(cells, halves, usable, screen.depth)
