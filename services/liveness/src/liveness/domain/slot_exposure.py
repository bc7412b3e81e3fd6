"""How much of each frame's exposure fell into each slot of the schedule, and which frames the schedule covers.

What the screen shows before the first and after the last slot is not known (a page may leave the last colour up), so
frames whose exposure is not wholly inside the light are left out, never taken as dark.
"""

import numpy as np
from jaxtyping import Bool, Float

_WHOLLY = 0.98


def slot_exposure(
    frame_time_ms: Float[np.ndarray, "frames"],
    start_ms: Float[np.ndarray, "slots"],
    duration_ms: Float[np.ndarray, "slots"],
    lag_ms: float | Float[np.ndarray, "lags"],
    exposure_ms: float = 33.0,
) -> Float[np.ndarray, "*lags frames slots"]:
    """Share of the exposure that ends at each frame time spent in each slot, display lagging by `lag_ms`.

    For one lag, or for several at once.
    """
    ends = frame_time_ms[:, None] - np.asarray(lag_ms)[..., None, None]
    light_by_end = np.clip(ends - start_ms, 0.0, duration_ms)
    light_by_begin = np.clip(ends - exposure_ms - start_ms, 0.0, duration_ms)
    return (light_by_end - light_by_begin) / exposure_ms


def lit_frames(exposure: Float[np.ndarray, "*lags frames slots"]) -> Bool[np.ndarray, "*lags frames"]:
    """Frames whose whole exposure lies within the light."""
    return exposure.sum(-1) > _WHOLLY


def settled_frames(
    frame_time_ms: Float[np.ndarray, "frames"],
    start_ms: Float[np.ndarray, "slots"],
    duration_ms: Float[np.ndarray, "slots"],
    lag_ms: float,
) -> Bool[np.ndarray, "frames"]:
    """Frames that saw one colour only in all their rows, whatever the sensor's readout (up to about 30 ms)."""
    before = slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms, 66.0).max(1) > _WHOLLY
    after = slot_exposure(frame_time_ms + 12.0, start_ms, duration_ms, lag_ms, 12.0).max(1) > _WHOLLY
    return before & after


def slow_drift(frame_time_ms: Float[np.ndarray, "frames"], degree: int = 2) -> Float[np.ndarray, "frames terms"]:
    """Polynomials in time that stand for slow exposure and white-balance drift; the first column is constant."""
    span = float(frame_time_ms[-1] - frame_time_ms[0]) or 1.0
    x = 2.0 * (frame_time_ms - frame_time_ms.mean()) / span
    return np.stack([x**power for power in range(degree + 1)], axis=1)


def without_drift(
    series: Float[np.ndarray, "frames columns"], drift: Float[np.ndarray, "frames terms"]
) -> Float[np.ndarray, "frames columns"]:
    """`series` with its least-squares projection on `drift` removed."""
    basis, _ = np.linalg.qr(drift)
    return series - basis @ (basis.T @ series)
