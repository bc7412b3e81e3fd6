"""The delay between the rows of a picture: a sensor reads them one after another, a program tints them all at once.

With the light f(t) known at every time, a band of rows read δ later than the first shows

    f(t + δ) ≈ f(t) + δ f'(t)                                                                          (eq. 12)

The slope of the bands on f' gives δ for each band, and the slope of δ over the rows the readout of the whole frame. The
same is asked across the columns: a phone held upright may read that way.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.display_timing import DisplayTiming, FrameLight
from liveness.domain.regression import least_squares
from liveness.domain.series import CaptureSeries

_STEP_MS = 6.0
"""Half of the interval over which f' is taken [ms]."""
_MIN_BANDS = 4
_MIN_BAND_CELLS = 6
"""A band of fewer cells is too noisy to count."""
_MIN_LIT_FRAMES = 24
_MAX_BAND_ERROR_MS = 40.0
"""Bands whose delay is known no better than a readout is long tell nothing [ms]."""
_SMALLEST_GAIN = 1e-6
_SMALLEST_ERROR_MS = 1e-3
_DARKEST = 1e-5


@dataclass(frozen=True)
class RowDelay:
    """readout_ms: delay over the whole frame along one axis, either sign; error: its standard error [ms]."""

    readout_ms: float
    error: float


def _band_delays(
    bands: Float[np.ndarray, "frames bands 3"], timing: DisplayTiming, light: FrameLight
) -> tuple[Float[np.ndarray, "3 bands"], Float[np.ndarray, "3 bands"]]:
    """(delay, standard error) of each band in each channel [ms]."""
    lit = light.lit
    rise = (timing.drive(light.lag_ms - _STEP_MS) - timing.drive(light.lag_ms + _STEP_MS)) / (2.0 * _STEP_MS)
    drift = np.broadcast_to(light.drift[lit], (3, int(lit.sum()), light.drift.shape[1]))
    design = np.concatenate([drift, light.drive[lit].T[..., None], rise[lit].T[..., None]], axis=-1)
    fit = least_squares(design, bands[lit].transpose(2, 0, 1))
    gain = np.where(np.abs(fit.coefficients[:, -2]) > _SMALLEST_GAIN, fit.coefficients[:, -2], np.inf)
    return fit.coefficients[:, -1] / gain, fit.error[:, -1] / np.abs(gain) + _SMALLEST_ERROR_MS


def measure_row_delay(
    bands: Float[np.ndarray, "frames bands 3"],
    place: Float[np.ndarray, "bands"],
    timing: DisplayTiming,
    light: FrameLight,
) -> RowDelay | None:
    """bands: relative radiance of bands of rows (or columns); place: their middle, 0 and 1 are the frame's borders.

    None when there are too few bands or lit frames.
    """
    if bands.shape[1] < _MIN_BANDS or int(light.lit.sum()) < _MIN_LIT_FRAMES:
        return None
    delays, errors = _band_delays(bands, timing, light)
    usable = np.isfinite(delays) & (errors < _MAX_BAND_ERROR_MS)
    if int(usable.sum()) < 2 * _MIN_BANDS:
        return None
    weight = np.where(usable, 1.0 / errors**2, 0.0)
    rows = np.broadcast_to(place, delays.shape)
    mean = float((weight * rows).sum() / weight.sum())
    spread = max(float((weight * (rows - mean) ** 2).sum()), 1e-12)
    readout = float((weight * (rows - mean) * np.where(usable, delays, 0.0)).sum()) / spread
    return RowDelay(readout, float(1.0 / np.sqrt(spread)))


def measure_rows(series: CaptureSeries, cells: Bool[np.ndarray, "rows columns"], light: FrameLight) -> RowDelay | None:
    """Along rows and along columns of the frame; whichever stands out more from its error. cells: of the face."""
    member = cells.astype(float)
    delays: list[RowDelay] = []
    for axis, sums in ((0, "tyxc,yx->tyc"), (1, "tyxc,yx->txc")):
        count = member.sum(1 - axis)
        bands = np.nonzero(count >= _MIN_BAND_CELLS)[0]
        if len(bands) == 0:
            continue
        mean = np.einsum(sums, series.radiance, member)[:, bands] / count[bands, None]
        place = (series.cell_place[..., 1 - axis] * member).sum(1 - axis)[bands] / count[bands]
        delay = measure_row_delay(mean / np.maximum(mean.mean(0), _DARKEST), place, series.timing, light)
        if delay is not None:
            delays.append(delay)
    return max(delays, key=lambda delay: abs(delay.readout_ms) / delay.error) if delays else None
