"""The face's light split into what drifts and what the challenge explains (eq. 5).

    f_c(t) = p_c(t) + Σ_k a_ck d_k(t)

p a parabola in time, d the displayed colour that the frame saw (eq. 3), a the crosstalk from displayed to recorded
channels, fitted together by least squares.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.display_timing import FrameLight
from liveness.domain.regression import least_squares

_DARKEST = 1e-5


@dataclass(frozen=True)
class ScreenLight:
    """frames: those that were fitted; baseline, screen: p and Σ a d in them [share of the face's mean light]; gain: a
    from displayed to recorded channels."""

    frames: Bool[np.ndarray, "frames"]
    baseline: Float[np.ndarray, "chosen 3"]
    screen: Float[np.ndarray, "chosen 3"]
    gain: Float[np.ndarray, "3 3"]

    @property
    def fitted(self) -> Float[np.ndarray, "chosen 3"]:
        """What drift and challenge explain of the face's light."""
        return self.baseline + self.screen

    @property
    def share(self) -> Float[np.ndarray, "chosen 3"]:
        """u(t): share of the face's light that comes from the screen."""
        base = np.maximum(self.baseline, _DARKEST)
        return self.screen / np.maximum(base + self.screen, _DARKEST)

    @property
    def depth(self) -> float:
        """Swing of the screen's light over the baseline, mean over channels."""
        return float((np.ptp(self.screen, axis=0) / np.maximum(self.baseline, _DARKEST).mean(0)).mean())


def split_light(
    relative: Float[np.ndarray, "frames 3"], light: FrameLight, frames: Bool[np.ndarray, "frames"]
) -> ScreenLight:
    """Fit eq. 5 to the chosen `frames` of the face's relative light."""
    drift, drive = light.drift[frames], light.drive[frames]
    fit = least_squares(np.concatenate([drift, drive], axis=1), relative[frames])
    on_drift, gain = np.split(fit.coefficients, [drift.shape[1]])
    return ScreenLight(frames, drift @ on_drift, drive @ gain, gain)
