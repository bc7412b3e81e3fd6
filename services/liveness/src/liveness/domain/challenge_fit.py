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
_MIN_ENERGY = 1e-9
"""A schedule that varies less than this over the lit frames, squared and summed, is taken as constant."""
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


def _without_drift(
    series: Float[np.ndarray, "lags frames columns"], drift: Float[np.ndarray, "lags frames terms"]
) -> Float[np.ndarray, "lags frames columns"]:
    """`series` less its least-squares projection on `drift`, by the normal equations of all lags at once."""
    turned = drift.transpose(0, 2, 1)
    return series - drift @ (np.linalg.pinv(turned @ drift) @ (turned @ series))


def _correlations(
    courses: Float[np.ndarray, "courses frames 3"],
    frame_time_ms: Float[np.ndarray, "frames"],
    exposures: Float[np.ndarray, "lags frames slots"],
    schedules: Float[np.ndarray, "3 schedules slots"],
) -> Float[np.ndarray, "lags courses schedules"]:
    """Mean own-channel correlation of every course with every schedule over the lit frames; 0 when too few are lit.

    The energy of a schedule is a quadratic form of its colours with a matrix that depends on the lag alone: products of
    two colours are made once, and one matrix product serves all lags. Schedules are many, so they are held in single
    precision; that their mean is taken off first (a constant is drift) keeps the digits for what varies.
    """
    lags, number, slots = len(exposures), len(courses), schedules.shape[2]
    lit = lit_frames(exposures)
    weight = lit[..., None].astype(float)
    drift = weight * slow_drift(frame_time_ms)
    shown = _without_drift(weight * exposures, drift)
    seen = _without_drift(weight * courses.transpose(1, 2, 0).reshape(len(frame_time_ms), -1), drift)
    seen /= np.sqrt((seen**2).sum(1, keepdims=True)) + 1e-12
    shown_turned = shown.transpose(0, 2, 1)
    varying = (schedules - schedules.mean(2, keepdims=True)).astype(np.float32)
    first, second = np.triu_indices(slots)
    gram = (shown_turned @ shown)[:, first, second] * np.where(first == second, 1.0, 2.0)
    energy = (varying[..., first] * varying[..., second]) @ gram.T.astype(np.float32)
    per_length = 1.0 / np.sqrt(np.where(energy > _MIN_ENERGY, energy, np.float32(np.inf)))
    answers = (shown_turned @ seen).reshape(lags, slots, 3, number).transpose(2, 1, 3, 0).reshape(3, slots, -1)
    products = (varying @ answers.astype(np.float32)).reshape(3, -1, number, lags)
    mean = (products * per_length[:, :, None]).sum(0).transpose(2, 1, 0) / 3.0
    mean[lit.sum(1) < _MIN_FRAMES] = 0.0
    return mean


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

    def at(
        lags: Float[np.ndarray, "lags"], several: Float[np.ndarray, "3 schedules slots"]
    ) -> Float[np.ndarray, "lags courses schedules"]:
        exposures = slot_exposure(frame_time_ms, start_ms, duration_ms, lags)
        return _correlations(courses, frame_time_ms, exposures, several)

    per_lag = at(lags_ms, turned)
    bests = per_lag[:, :, 0].argmax(0)
    fines = lags_ms[bests, None] + _FINE_LAGS_MS
    around = at(fines.ravel(), turned[:, :1]).reshape(*fines.shape, len(courses))
    found: list[ChallengeFit] = []
    for number, course in enumerate(courses):
        best, fine, refined = int(bests[number]), fines[number], around[number, :, number]
        correlation = float(per_lag[best, number, 0])
        null = per_lag[:, number, 1:].max(0)
        lag_ms = float(fine[int(np.argmax(refined))])
        scaled = _fisher(null)
        z = float((_fisher(per_lag[best, number, :1])[0] - scaled.mean()) / (scaled.std() + 1e-9))
        modulation, coherence = _changes(
            course, frame_time_ms, lit_frames(slot_exposure(frame_time_ms, start_ms, duration_ms, lag_ms))
        )
        found.append(
            ChallengeFit(
                lag_ms=lag_ms,
                correlation=max(correlation, float(refined.max())),
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
