"""Find the issued colours in the face's course of light, and how well other schedules would have done.

For every lag the face's relative radiance is correlated, channel by channel, with the displayed colour as each frame
saw it. The same is done for schedules that the server could have issued instead, with the same maximisation over lags;
their best correlations are the null distribution. Correlations are compared on Fisher's scale (artanh), where the
null is close to normal, so that z also speaks about chances that a count of the null cannot resolve.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

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
    courses: Float[np.ndarray, "courses frames 3"],
    frame_time_ms: Float[np.ndarray, "frames"],
    exposure: Float[np.ndarray, "frames slots"],
    schedules: Float[np.ndarray, "3 schedules slots"],
) -> Float[np.ndarray, "courses schedules"]:
    """Mean own-channel correlation of every course with every schedule over the lit frames; 0 when too few are lit."""
    lit = lit_frames(exposure)
    if int(lit.sum()) < _MIN_FRAMES:
        return np.zeros((len(courses), schedules.shape[1]))
    basis, _ = np.linalg.qr(slow_drift(frame_time_ms[lit]))
    slots = exposure[lit] - basis @ (basis.T @ exposure[lit])
    observed = courses[:, lit].transpose(2, 1, 0)
    observed = observed - basis @ (basis.T @ observed)
    # The energies of course and schedule divide the products at last: schedules are many, products few.
    energy = np.sqrt(np.maximum(np.einsum("kns,kns->kn", schedules @ (slots.T @ slots), schedules), 0.0))
    length = np.sqrt((observed**2).sum(1)) + 1e-12
    product = schedules @ (slots.T @ observed)
    varies = np.where(energy > 1e-6, 1.0 / np.maximum(energy, 1e-6), 0.0)
    return ((product * varies[..., None]) / length[:, None]).sum(0).T / 3.0


def _fisher(correlation: Float[np.ndarray, "schedules"]) -> Float[np.ndarray, "schedules"]:
    return np.arctanh(np.clip(correlation, -0.999, 0.999))


def fit_challenge(
    courses: Float[np.ndarray, "courses frames 3"],
    frame_time_ms: Float[np.ndarray, "frames"],
    start_ms: Float[np.ndarray, "slots"],
    duration_ms: Float[np.ndarray, "slots"],
    schedules: Float[np.ndarray, "schedules slots 3"],
    lags_ms: Float[np.ndarray, "lags"],
) -> list[ChallengeFit]:
    """Fit each of several courses of one capture (time mean 1 per channel) with `schedules[0]`, the issued one.

    schedules: linear displayed colours per slot; all but the first are the null.
    """
    turned = np.ascontiguousarray(schedules.transpose(2, 0, 1))

    def at(lag_ms: float, several: Float[np.ndarray, "3 schedules slots"]) -> Float[np.ndarray, "courses schedules"]:
        exposure = slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms)
        return _correlations(courses, frame_time_ms, exposure, several)

    per_lag = np.stack([at(lag, turned) for lag in lags_ms.tolist()])
    issued = turned[:, :1]
    found: list[ChallengeFit] = []
    for number, course in enumerate(courses):
        best = int(np.argmax(per_lag[:, number, 0]))
        correlation = float(per_lag[best, number, 0])
        null = per_lag[:, number, 1:].max(0)
        fine = _FINE_LAGS_MS + lags_ms[best]
        refined = [float(at(lag, issued)[number, 0]) for lag in fine.tolist()]
        lag_ms = float(fine[int(np.argmax(refined))])
        scaled = _fisher(null)
        z = float((_fisher(per_lag[best, number, :1])[0] - scaled.mean()) / (scaled.std() + 1e-9))
        modulation, coherence = _changes(
            course, frame_time_ms, lit_frames(slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms))
        )
        found.append(
            ChallengeFit(
                lag_ms=lag_ms,
                correlation=max(correlation, *refined),
                z=z,
                p_value=float((1 + (null >= correlation).sum()) / (len(null) + 1)),
                null_size=len(null),
                modulation=modulation,
                coherence=coherence,
            )
        )
    return found


def _changes(
    course: Float[np.ndarray, "frames 3"], frame_time_ms: Float[np.ndarray, "frames"], lit: Bool[np.ndarray, "frames"]
) -> tuple[float, float]:
    """(modulation, coherence) of a course over its lit frames, or over all when too few are lit."""
    chosen = lit if int(lit.sum()) >= _MIN_FRAMES else np.ones_like(lit)
    steady = without_drift(course[chosen], slow_drift(frame_time_ms[chosen]))
    mean_course = steady.mean(1)
    energy = float((mean_course**2).sum()) + 1e-18
    return float(steady.std(0).mean()), float((mean_course[1:] * mean_course[:-1]).sum() / energy)
