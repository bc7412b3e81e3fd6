"""Response over baseline, cell by cell: R/B cancels albedo and leaves geometry.

Every cell is divided by the face mean, which cancels exposure, flicker and white balance. With baseline b_i and
response r_i relative to the face's own, and u(t) the share of the face's light that comes from the screen,

    L_i(t) / F(t) = b_i + (r_i - b_i) u(t)

so the slope over the intercept is r_i/b_i - 1 for every channel. Channels are combined by inverse variance.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.slot_exposure import settled_frames, slot_exposure, slow_drift

_MIN_FRAMES = 20


@dataclass(frozen=True)
class ResponseMap:
    """usable: cells that were neither clipped nor black; ratio, error: R/B relative to the face and its standard error.

    first_half, second_half: R/B from even and from odd slots alone; brightness: baseline [share of the face mean];
    redness: log ratio of red over blue baseline; answer_redness, its error: log ratio of red over blue R/B, how much
    redder the answer is than the baseline; screen_share: share of the face's light that the screen gives at
    its brightest.
    """

    usable: Bool[np.ndarray, "rows columns"]
    ratio: Float[np.ndarray, "rows columns"]
    error: Float[np.ndarray, "rows columns"]
    first_half: Float[np.ndarray, "rows columns"]
    second_half: Float[np.ndarray, "rows columns"]
    brightness: Float[np.ndarray, "rows columns"]
    redness: Float[np.ndarray, "rows columns"]
    answer_redness: Float[np.ndarray, "rows columns"]
    answer_redness_error: Float[np.ndarray, "rows columns"]
    screen_share: float

    @property
    def response(self) -> Float[np.ndarray, "rows columns"]:
        """R [share of the face's mean response]."""
        return np.maximum(self.brightness, 0.0) * self.ratio


def _solve(
    series: Float[np.ndarray, "3 frames cells"],
    share: Float[np.ndarray, "frames 3"],
    time: Float[np.ndarray, "frames"],
    chosen: Bool[np.ndarray, "frames"],
) -> tuple[Float[np.ndarray, "cells 3"], Float[np.ndarray, "cells 3"], Float[np.ndarray, "cells 3"]]:
    """Intercept, slope and its standard error from the `chosen` frames."""
    share = share[chosen].T
    design = np.stack([np.ones_like(share), share, np.broadcast_to(time[chosen], share.shape)], axis=1)
    values = series[:, chosen]
    inverse = np.linalg.pinv(design @ design.transpose(0, 2, 1))
    fitted = inverse @ (design @ values)
    residual = values - design.transpose(0, 2, 1) @ fitted
    error = np.sqrt((residual**2).mean(1) * np.maximum(inverse[:, 1, 1], 0.0)[:, None])
    return fitted[:, 0].T, fitted[:, 1].T, error.T


def measure_response(
    radiance: Float[np.ndarray, "frames rows columns 3"],
    usable_share: Float[np.ndarray, "frames rows columns"],
    course: Float[np.ndarray, "frames 3"],
    inside: Bool[np.ndarray, "rows columns"],
    frame_time_ms: Float[np.ndarray, "frames"],
    start_ms: Float[np.ndarray, "slots"],
    duration_ms: Float[np.ndarray, "slots"],
    colours: Float[np.ndarray, "slots 3"],
    lag_ms: float,
) -> ResponseMap | None:
    """The map from frames that saw one colour only; None when fewer than 120 cells or 20 frames are usable.

    course: the face's light up to a factor per channel, freed of exposure where that could be done; only the share of
    the screen's light in it is taken from there.
    """
    rows, columns = radiance.shape[1:3]
    usable = inside & (usable_share.mean(0) > 0.8) & (usable_share.min(0) > 0.3)
    if int(usable.sum()) < 120:
        return None
    settled = settled_frames(frame_time_ms, start_ms, duration_ms, lag_ms)
    if int(settled.sum()) < _MIN_FRAMES:
        return None
    radiance, frame_time_ms, course = radiance[settled], frame_time_ms[settled], course[settled]
    frames = len(frame_time_ms)
    face = np.maximum(radiance[:, usable].mean(1), 1e-5)
    drift = slow_drift(frame_time_ms)
    exposure = slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms)
    drive = exposure @ colours
    design = np.concatenate([drift, drive], axis=1)
    share = np.zeros_like(course)
    depth: list[float] = []
    for channel in range(3):
        fitted = np.linalg.lstsq(design, course[:, channel], rcond=None)[0]
        base = np.maximum(drift @ fitted[: drift.shape[1]], 1e-5)
        light = drive @ fitted[drift.shape[1] :]
        share[:, channel] = light / np.maximum(base + light, 1e-5)
        depth.append(float(np.ptp(light) / base.mean()))
    time = (frame_time_ms - frame_time_ms.mean()) / 1000.0
    series = np.ascontiguousarray((radiance / face[:, None, None, :]).reshape(frames, -1, 3).transpose(2, 0, 1))
    everything = np.ones(frames, dtype=bool)
    intercept, slope, error = _solve(series, share, time, everything)
    weight = (np.maximum(intercept, 0.02) / np.maximum(error, 1e-6)) ** 2
    floor = np.maximum(intercept, 0.02)

    def combine(slopes: np.ndarray) -> np.ndarray:
        return (1.0 + (slopes / floor * weight).sum(1) / weight.sum(1)).reshape(rows, columns)

    middle = frame_time_ms - lag_ms - 16.0
    slot = np.clip(np.searchsorted(start_ms, middle, side="right") - 1, 0, len(start_ms) - 1)
    halves = [combine(_solve(series, share, time, slot % 2 == parity)[1]) for parity in (0, 1)]
    grid = intercept.reshape(rows, columns, 3)
    by_channel = np.clip(1.0 + slope / floor, 0.1, 10.0)
    relative_error = error / floor / by_channel
    return ResponseMap(
        usable=usable,
        ratio=combine(slope),
        error=(1.0 / np.sqrt(weight.sum(1))).reshape(rows, columns),
        first_half=halves[0],
        second_half=halves[1],
        brightness=grid.mean(-1),
        redness=np.log(np.maximum(grid[..., 0], 0.02) / np.maximum(grid[..., 2], 0.02)),
        answer_redness=np.log(by_channel[:, 0] / by_channel[:, 2]).reshape(rows, columns),
        answer_redness_error=np.hypot(relative_error[:, 0], relative_error[:, 2]).reshape(rows, columns),
        screen_share=float(np.mean(depth)),
    )
