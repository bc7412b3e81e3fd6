"""What the screen showed while each frame was exposed, for an assumed lag between display and capture (eq. 2, 3).

With the exposure of frame t lasting T and ending at t, slot k fills the share

    x_k(t) = | [t - lag - T, t - lag] ∩ [start_k, start_k + duration_k] | / T                           (eq. 2)

of it, and the frame saw the colour d(t) = Σ_k x_k(t) s_k (eq. 3), s_k being the linear displayed colour of slot k.

What the screen shows before the first and after the last slot is not known (a page may leave the last colour up), so
frames whose exposure is not wholly inside the light are left out, never taken as dark.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

EXPOSURE_MS = 33.0
"""Assumed exposure [ms]: the longest that 30 frames a second allow. A shorter one only softens the steps less."""
_WHOLLY = 0.98
"""Share of an exposure, 0..1, from which it counts as wholly inside the light or inside one slot."""
_SETTLED_BEFORE_MS = 66.0
"""An exposure and the longest readout of a sensor before it [ms]: all rows have seen the same colour since."""
_SETTLED_AFTER_MS = 12.0
"""Error of the lag [ms] that a settled frame tolerates: half the step of the search."""
_HALF_EXPOSURE_MS = 16.0
"""From the end of an exposure back to its middle [ms]."""
_DRIFT_DEGREE = 2
"""Exposure and white balance of a camera wander slowly: a parabola over the capture follows them."""


@dataclass(frozen=True)
class FrameLight:
    """What every frame saw of the challenge at one lag.

    exposure: share of the exposure in each slot (eq. 2); lit: frames wholly inside the light; settled: frames that saw
    one colour in all their rows, whatever the readout up to about 30 ms; drift: polynomials in time, the first
    constant; drive: mean linear displayed colour (eq. 3); slot: index of the slot at the middle of the exposure.
    """

    lag_ms: float
    exposure: Float[np.ndarray, "frames slots"]
    lit: Bool[np.ndarray, "frames"]
    settled: Bool[np.ndarray, "frames"]
    drift: Float[np.ndarray, "frames terms"]
    drive: Float[np.ndarray, "frames 3"]
    slot: Int[np.ndarray, "frames"]

    def lit_or_all(self, at_least: int) -> Bool[np.ndarray, "frames"]:
        """The lit frames, or every frame where fewer than `at_least` are lit."""
        return self.lit if int(self.lit.sum()) >= at_least else np.ones_like(self.lit)


def lit_frames(exposure: Float[np.ndarray, "*lags frames slots"]) -> Bool[np.ndarray, "*lags frames"]:
    """Frames whose whole exposure lies within the light."""
    return exposure.sum(-1) > _WHOLLY


def slow_drift(frame_time_ms: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames terms"]:
    """Polynomials in time that stand for slow exposure and white-balance drift; the first column is constant."""
    span = float(frame_time_ms[-1] - frame_time_ms[0]) or 1.0
    x = 2.0 * (frame_time_ms - frame_time_ms.mean()) / span
    return np.stack([x**power for power in range(_DRIFT_DEGREE + 1)], axis=1)


@dataclass(frozen=True)
class DisplayTiming:
    """When frames were taken and colours shown, both from the start of the light by the client's clock [ms].

    frame_time_ms: end of each exposure; start_ms, duration_ms: of each slot; colours: linear displayed colour [share of
    full drive].
    """

    frame_time_ms: Float[np.ndarray, "frames"]
    start_ms: Float[np.ndarray, "slots"]
    duration_ms: Float[np.ndarray, "slots"]
    colours: Float[np.ndarray, "slots 3"]

    def exposure(
        self, lag_ms: float | Float[np.ndarray, "lags"], exposure_ms: float = EXPOSURE_MS, shift_ms: float = 0.0
    ) -> Float[np.ndarray, "*lags frames slots"]:
        """Share of each exposure spent in each slot (eq. 2), for one lag or for several; shift_ms: added to the times
        of the frames."""
        ends = self.frame_time_ms[:, None] + shift_ms - np.asarray(lag_ms)[..., None, None]
        light_by_end = np.clip(ends - self.start_ms, 0.0, self.duration_ms)
        light_by_begin = np.clip(ends - exposure_ms - self.start_ms, 0.0, self.duration_ms)
        return (light_by_end - light_by_begin) / exposure_ms

    def drive(self, lag_ms: float) -> Float[np.ndarray, "frames 3"]:
        """Mean linear displayed colour that each frame saw (eq. 3)."""
        return self.exposure(lag_ms) @ self.colours

    def at(self, lag_ms: float) -> FrameLight:
        """Everything about one lag, computed once."""
        exposure = self.exposure(lag_ms)
        before = self.exposure(lag_ms, _SETTLED_BEFORE_MS).max(1) > _WHOLLY
        after = self.exposure(lag_ms, _SETTLED_AFTER_MS, _SETTLED_AFTER_MS).max(1) > _WHOLLY
        middle = self.frame_time_ms - lag_ms - _HALF_EXPOSURE_MS
        slot = np.searchsorted(self.start_ms, middle, side="right") - 1
        return FrameLight(
            lag_ms=lag_ms,
            exposure=exposure,
            lit=lit_frames(exposure),
            settled=before & after,
            drift=slow_drift(self.frame_time_ms),
            drive=exposure @ self.colours,
            slot=np.clip(slot, 0, len(self.start_ms) - 1),
        )
