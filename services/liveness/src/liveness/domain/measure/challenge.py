"""Find the issued colours in the light of the face, and how well other schedules would have done (eq. 4).

For every lag the face's relative radiance is correlated, channel by channel, with the displayed colour as each frame
saw it. The same is done for schedules that the server could have issued instead, with the same maximisation over lags;
their best correlations are the null distribution. Correlations are compared on Fisher's scale, where the null is close
to normal, so that z also speaks about chances that a count of the null cannot resolve:

    z = (artanh r - mean artanh r_null) / sd artanh r_null                                              (eq. 4)
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from liveness.domain.display_timing import DisplayTiming, lit_frames, slow_drift
from liveness.domain.null_schedules import without_issued
from liveness.domain.regression import without
from liveness.domain.series import CaptureSeries

LAGS_MS = np.arange(-312.0, 661.0, 24.0)
"""Lags that are searched [ms]: a step is shorter than a frame; the ends lie beyond what `lag` admits."""
_FINE_LAGS_MS = np.arange(-18.0, 19.0, 6.0)
"""Around the best of them [ms]."""
MIN_LIT_FRAMES = 20
"""Fewer lit frames than this, of about 90, allow no correlation worth the name."""
_MIN_ENERGY = 1e-9
"""A schedule that varies less than this over the lit frames, squared and summed, is taken as constant."""
_LARGEST_CORRELATION = 0.999
"""Fisher's scale has no end at 1; noise-free video would leave it."""
_DARKEST_SURROUNDINGS = 0.05
"""Share of its own mean below which the light of the surroundings is not divided by."""


@dataclass(frozen=True)
class ChallengeFit:
    """correlation: mean over channels, in -1..1; p_value: share of the null at least as good (resolution 1/(N+1)).

    z: distance from the null on Fisher's scale [its standard deviations]; modulation: standard deviation of the
    drift-free relative radiance over the lit frames [share of the mean]; colour_modulation: the same of its colour,
    along the direction in which that varies less (eq. 14); colour_coherence: lag-one autocorrelation along it.
    """

    lag_ms: float
    correlation: float
    z: float
    p_value: float
    null_size: int
    modulation: float
    colour_modulation: float
    colour_coherence: float


@dataclass(frozen=True)
class ChallengeMatch:
    """The fit, and the light of the face that it was found in [share of its mean]."""

    fit: ChallengeFit
    face_light: Float[np.ndarray, "frames 3"]


def _correlations(
    lights: Float[np.ndarray, "lights frames 3"],
    frame_time_ms: Float[np.ndarray, "frames"],
    exposures: Float[np.ndarray, "lags frames slots"],
    schedules: Float[np.ndarray, "3 schedules slots"],
) -> Float[np.ndarray, "lags lights schedules"]:
    """Mean own-channel correlation of every light with every schedule over the lit frames; 0 when too few are lit.

    The energy of a schedule is a quadratic form of its colours with a matrix that depends on the lag alone: products of
    two colours are made once, and one matrix product serves all lags. Schedules are many, so they are held in single
    precision; that their mean is taken off first (a constant is drift) keeps the digits for what varies.
    """
    lags, number, slots = len(exposures), len(lights), schedules.shape[2]
    lit = lit_frames(exposures)
    weight = lit[..., None].astype(float)
    drift = weight * slow_drift(frame_time_ms)
    shown = without(drift, weight * exposures)
    seen = without(drift, weight * lights.transpose(1, 2, 0).reshape(len(frame_time_ms), -1))
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
    mean[lit.sum(1) < MIN_LIT_FRAMES] = 0.0
    return mean


def _fisher(correlation: Float[np.ndarray, "schedules"]) -> Float[np.ndarray, "schedules"]:
    return np.arctanh(np.clip(correlation, -_LARGEST_CORRELATION, _LARGEST_CORRELATION))


@dataclass(frozen=True)
class _Changes:
    """How a light changes: see ChallengeFit."""

    modulation: float
    colour_modulation: float
    colour_coherence: float


def _changes(light: Float[np.ndarray, "frames 3"], drift: Float[np.ndarray, "frames terms"]) -> _Changes:
    """Eq. 14: the swing of the colour along its second principal direction.

    Exposure changes no colour. Movement brings hair, wall and lips into the mean of the face, and with them one
    direction of colour. Light of several colours varies in both directions that colour has.
    """
    steady = without(drift, light)
    colour = steady - steady.mean(1, keepdims=True)
    directions = np.linalg.eigh(colour.T @ colour)[1]
    second = colour @ directions[:, 1]
    return _Changes(
        modulation=float(steady.std(0).mean()),
        colour_modulation=float(second.std()),
        colour_coherence=float((second[1:] * second[:-1]).sum() / (float((second**2).sum()) + 1e-18)),
    )


def _described(
    light: Float[np.ndarray, "frames 3"],
    timing: DisplayTiming,
    lag_ms: float,
    best: Float[np.ndarray, "schedules"],
    refined: float,
) -> ChallengeFit:
    """best: each schedule's highest correlation on the coarse grid of lags, the issued one's first; refined: the issued
    one's around its best lag."""
    issued, null = best[:1], best[1:]
    coarse = float(issued[0])
    scaled = _fisher(null)
    seen = timing.at(lag_ms)
    lit = seen.lit_or_all(MIN_LIT_FRAMES)
    changes = _changes(light[lit], seen.drift[lit])
    return ChallengeFit(
        lag_ms=lag_ms,
        correlation=max(coarse, refined),
        z=float((_fisher(issued)[0] - scaled.mean()) / (scaled.std() + 1e-9)),
        p_value=float((1 + (null >= coarse).sum()) / (len(null) + 1)),
        null_size=len(null),
        modulation=changes.modulation,
        colour_modulation=changes.colour_modulation,
        colour_coherence=changes.colour_coherence,
    )


def fit_challenge(
    lights: Float[np.ndarray, "lights frames 3"],
    timing: DisplayTiming,
    others: Float[np.ndarray, "schedules slots 3"],
    lags_ms: Float[np.ndarray, "lags"] = LAGS_MS,
) -> list[ChallengeFit]:
    """Fit each of several lights of one capture (time mean 1 per channel); others: schedules that make the null."""
    schedules = np.concatenate([timing.colours[None], others])
    turned = np.ascontiguousarray(schedules.transpose(2, 0, 1))
    per_lag = _correlations(lights, timing.frame_time_ms, timing.exposure(lags_ms), turned)
    bests = per_lag[:, :, 0].argmax(0)
    fine_lags = lags_ms[bests, None] + _FINE_LAGS_MS
    around = _correlations(lights, timing.frame_time_ms, timing.exposure(fine_lags.ravel()), turned[:, :1])
    around = around.reshape(*fine_lags.shape, len(lights))
    fits: list[ChallengeFit] = []
    for number, light in enumerate(lights):
        refined = around[number, :, number]
        lag_ms = float(fine_lags[number, int(np.argmax(refined))])
        fits.append(_described(light, timing, lag_ms, per_lag[:, number].max(0), float(refined.max())))
    return fits


def match_challenge(
    face: Float[np.ndarray, "frames 3"], surroundings: Float[np.ndarray, "frames 3"], series: CaptureSeries
) -> ChallengeMatch:
    """The relative light of the face as it is, or over that of the surroundings, which cancels exposure (eq. 4).

    The better of the two counts. That choice is paid for: the null of each is compared with its own light only, and
    the p-value of the better one is doubled (Bonferroni).
    """
    steadied = face / np.maximum(surroundings, _DARKEST_SURROUNDINGS)
    lights = np.stack([face, steadied / steadied.mean(0)])
    others = without_issued(series.other_colours, series.timing.colours)
    fits = fit_challenge(lights, series.timing, others)
    better = 1 if fits[1].correlation > fits[0].correlation else 0
    return ChallengeMatch(replace(fits[better], p_value=min(1.0, 2.0 * fits[better].p_value)), lights[better])
