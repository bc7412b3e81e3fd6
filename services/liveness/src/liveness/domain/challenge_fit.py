"""Find the issued colours in the face's course of light, and how well other schedules would have done.

For every lag the face's relative radiance is correlated, channel by channel, with the displayed colour as each frame
saw it. The same is done for schedules that the server could have issued instead, with the same maximisation over lags;
their best correlations are the null distribution.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from liveness.domain.slot_exposure import slot_exposure, slow_drift, without_drift


@dataclass(frozen=True)
class ChallengeFit:
    """correlation: mean over channels, in -1..1; p_value: share of the null at least as good (resolution 1/(N+1)).

    z: distance from the null [its standard deviations]; modulation: standard deviation of the drift-free relative
    radiance over time [share of the mean]; coherence: lag-one autocorrelation of it.
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
    drift: Float[np.ndarray, "frames terms"],
    exposure: Float[np.ndarray, "frames slots"],
    schedules: Float[np.ndarray, "schedules slots channels"],
) -> Float[np.ndarray, "schedules"]:
    slots = without_drift(exposure, drift)
    projected = slots.T @ observed
    gram = slots.T @ slots
    total = np.zeros(len(schedules))
    norms = np.sqrt((observed**2).sum(0)) + 1e-12
    for channel in range(observed.shape[1]):
        colours = schedules[:, :, channel]
        energy = ((colours @ gram) * colours).sum(1)
        total += (colours @ projected[:, channel]) / (np.sqrt(np.maximum(energy, 0.0)) + 1e-9) / norms[channel]
    return total / observed.shape[1]


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
    drift = slow_drift(frame_time_ms)
    observed = without_drift(relative_radiance, drift)
    per_lag = np.stack(
        [
            _correlations(observed, drift, slot_exposure(frame_time_ms, start_ms, duration_ms, lag), schedules)
            for lag in lags_ms.tolist()
        ]
    )
    best = int(np.argmax(per_lag[:, 0]))
    null = per_lag[:, 1:].max(0)
    fine = np.arange(-18.0, 19.0, 6.0) + lags_ms[best]
    issued = schedules[:1]
    refined = [
        float(_correlations(observed, drift, slot_exposure(frame_time_ms, start_ms, duration_ms, lag), issued)[0])
        for lag in fine.tolist()
    ]
    lag = float(fine[int(np.argmax(refined))])
    correlation = float(per_lag[best, 0])
    mean_course = observed.mean(1)
    energy = float((mean_course**2).sum()) + 1e-18
    return ChallengeFit(
        lag_ms=lag,
        correlation=max(correlation, *refined),
        z=float((correlation - null.mean()) / (null.std() + 1e-9)),
        p_value=float((1 + (null >= correlation).sum()) / (len(null) + 1)),
        null_size=len(null),
        modulation=float(observed.std(0).mean()),
        coherence=float((mean_course[1:] * mean_course[:-1]).sum() / energy),
    )
