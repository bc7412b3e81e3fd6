"""The delay between the rows of a picture: a sensor reads them one after another, a program tints them all at once.

With a course f(t) known at every time, a band of rows read d later than the first shows f(t + d), which is
f(t) + d f'(t). The slope of the bands' residuals on f' gives d for each band, and the slope of d over the rows the
readout of the whole frame. The same is asked across the columns: a phone held upright may read that way.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from liveness.domain.slot_exposure import lit_frames, slot_exposure, slow_drift

_STEP_MS = 6.0
_MIN_BANDS = 4


@dataclass(frozen=True)
class RowDelay:
    """readout_ms: delay over the whole frame along one axis, either sign; error: its standard error [ms]."""

    readout_ms: float
    error: float


def measure_row_delay(
    bands: Float[np.ndarray, "frames bands 3"],
    place: Float[np.ndarray, "bands"],
    frame_time_ms: Float[np.ndarray, "frames"],
    start_ms: Float[np.ndarray, "slots"],
    duration_ms: Float[np.ndarray, "slots"],
    colours: Float[np.ndarray, "slots 3"],
    lag_ms: float,
) -> RowDelay | None:
    """bands: relative radiance of bands of rows (or columns); place: their middle, 0 and 1 are the frame's borders.

    None when there are too few bands or lit frames.
    """
    exposure = slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms)
    lit = lit_frames(exposure)
    if bands.shape[1] < _MIN_BANDS or int(lit.sum()) < 24:
        return None
    later = slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms + _STEP_MS)
    earlier = slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms - _STEP_MS)
    drift = slow_drift(frame_time_ms[lit])
    delays = np.zeros((3, bands.shape[1]))
    errors = np.zeros((3, bands.shape[1]))
    for channel in range(3):
        drive = (exposure[lit] @ colours)[:, channel : channel + 1]
        slope = ((earlier - later)[lit] @ colours)[:, channel : channel + 1] / (2.0 * _STEP_MS)
        design = np.concatenate([drift, drive, slope], axis=1)
        inverse = np.linalg.pinv(design.T @ design)
        fitted = inverse @ (design.T @ bands[lit, :, channel])
        residual = bands[lit, :, channel] - design @ fitted
        gain = np.where(np.abs(fitted[-2]) > 1e-6, fitted[-2], np.inf)
        delays[channel] = fitted[-1] / gain
        errors[channel] = np.sqrt((residual**2).mean(0) * max(float(inverse[-1, -1]), 0.0)) / np.abs(gain) + 1e-3
    usable = np.isfinite(delays) & (errors < 40.0)
    if int(usable.sum()) < 2 * _MIN_BANDS:
        return None
    weight = np.where(usable, 1.0 / errors**2, 0.0)
    rows = np.broadcast_to(place, delays.shape)
    mean = float((weight * rows).sum() / weight.sum())
    spread = float((weight * (rows - mean) ** 2).sum())
    readout = float((weight * (rows - mean) * np.where(usable, delays, 0.0)).sum()) / max(spread, 1e-12)
    return RowDelay(readout, float(1.0 / np.sqrt(max(spread, 1e-12))))
