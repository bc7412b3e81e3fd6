"""Find the issued colours in the face's course of light, and how well other schedules would have done.

For every lag the face's relative radiance is correlated, channel by channel, with the displayed colour as each frame
saw it. The same is done for schedules that the server could have issued instead, with the same maximisation over lags;
their best correlations are the null distribution. Correlations are compared on Fisher's scale (artanh), where the
null is close to normal, so that z also speaks about chances that a count of the null cannot resolve.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from liveness.domain.slot_exposure import lit_frames, slot_exposure, slow_drift, without_drift

_MIN_FRAMES = 20
_FINE_LAGS_MS = np.arange(-18.0, 19.0, 6.0)


@dataclass(frozen=True)
class ChallengeFit:
    """correlation: mean over channels, in -1..1; p_value: share of the null at least as good (resolution 1/(N+1)).

    z: distance from the null on Fisher's scale [its standard deviations]; modulation: standard deviation of the
    drift-free relative radiance over the lit frames [share of the mean]; coherence: lag-one autocorrelation of it.
    """

    lag_ms: float
    correlation: float
    z: float
    p_value: float
    null_size: int
    modulation: float
    coherence: float


def _correlations(
    observed: Float[np.ndarray, "frames channels"],
    frame_time_ms: Float[np.ndarray, "frames"],
    exposure: Float[np.ndarray, "frames slots"],
    schedules: Float[np.ndarray, "schedules slots channels"],
) -> Float[np.ndarray, "schedules"]:
    """Mean own-channel correlation of every schedule with the drift-free lit frames; 0 when too few are lit."""
    lit = lit_frames(exposure)
    if int(lit.sum()) < _MIN_FRAMES:
        return np.zeros(len(schedules))
    drift = slow_drift(frame_time_ms[lit])
    series = without_drift(observed[lit], drift)
    slots = without_drift(exposure[lit], drift)
    projected = slots.T @ series
    gram = slots.T @ slots
    norms = np.sqrt((series**2).sum(0)) + 1e-12
    total = np.zeros(len(schedules))
    for channel in range(observed.shape[1]):
        colours = schedules[:, :, channel]
        energy = np.sqrt(np.maximum(((colours @ gram) * colours).sum(1), 0.0))
        fitted = colours @ projected[:, channel]
        total += np.where(energy > 1e-6, fitted / np.maximum(energy, 1e-6), 0.0) / norms[channel]
    return total / observed.shape[1]


def _fisher(correlation: Float[np.ndarray, "schedules"]) -> Float[np.ndarray, "schedules"]:
    return np.arctanh(np.clip(correlation, -0.999, 0.999))


def fit_challenge(
    relative_radiance: Float[np.ndarray, "frames channels"],
    frame_time_ms: Float[np.ndarray, "frames"],
    start_ms: Float[np.ndarray, "slots"],
    duration_ms: Float[np.ndarray, "slots"],
    schedules: Float[np.ndarray, "schedules slots channels"],
    lags_ms: Float[np.ndarray, "lags"],
) -> ChallengeFit:
    """Fit `relative_radiance` (time mean 1 per channel) with `schedules[0]`, the issued one, against all others.

    schedules: linear displayed colours per slot; all others are the null.
    """
    per_lag = np.stack(
        [
            _correlations(
                relative_radiance, frame_time_ms, slot_exposure(frame_time_ms, start_ms, duration_ms, lag), schedules
            )
            for lag in lags_ms.tolist()
        ]
    )
    best = int(np.argmax(per_lag[:, 0]))
    null = per_lag[:, 1:].max(0)
    fine = _FINE_LAGS_MS + lags_ms[best]
    refined = [
        float(
            _correlations(
                relative_radiance,
                frame_time_ms,
                slot_exposure(frame_time_ms, start_ms, duration_ms, lag),
                schedules[:1],
            )[0]
        )  # fmt: skip
        for lag in fine.tolist()
    ]
    lag_ms = float(fine[int(np.argmax(refined))])
    correlation = float(per_lag[best, 0])
    scaled = _fisher(null)
    z = float((_fisher(per_lag[best, :1])[0] - scaled.mean()) / (scaled.std() + 1e-9))
    lit = lit_frames(slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms))
    lit = lit if int(lit.sum()) >= _MIN_FRAMES else np.ones_like(lit)
    steady = without_drift(relative_radiance[lit], slow_drift(frame_time_ms[lit]))
    mean_course = steady.mean(1)
    energy = float((mean_course**2).sum()) + 1e-18
    return ChallengeFit(
        lag_ms=lag_ms,
        correlation=max(correlation, *refined),
        z=z,
        p_value=float((1 + (null >= correlation).sum()) / (len(null) + 1)),
        null_size=len(null),
        modulation=float(steady.std(0).mean()),
        coherence=float((mean_course[1:] * mean_course[:-1]).sum() / energy),
    )
