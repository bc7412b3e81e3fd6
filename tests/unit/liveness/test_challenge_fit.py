"""The fit of the challenge, which is fast by algebra, against the same by the book."""

import numpy as np
import pytest

from liveness.domain.display_timing import DisplayTiming, lit_frames, slow_drift
from liveness.domain.measure.challenge import ChallengeFit, fit_challenge

FRAMES = np.arange(100) * 33.3
START = np.arange(10) * 300.0
DURATION = np.full(10, 300.0)
LAGS = np.arange(-100.0, 400.0, 50.0)
RANDOM = np.random.default_rng(4)
SCHEDULES = RANDOM.uniform(0.2, 0.9, (60, 10, 3))


def timing(colours: np.ndarray) -> DisplayTiming:
    return DisplayTiming(FRAMES, START, DURATION, colours)


def fit(lights: np.ndarray, schedules: np.ndarray, frames: int = len(FRAMES)) -> list[ChallengeFit]:
    """Of each of `lights`, with the first of `schedules` issued and the others as the null."""
    return fit_challenge(lights, DisplayTiming(FRAMES[:frames], START, DURATION, schedules[0]), schedules[1:], LAGS)


def face_light(schedule: np.ndarray, lag_ms: float, noise: float = 0.01) -> np.ndarray:
    """[100, 3] relative radiance of a face under `schedule`, with drift and noise; time mean 1."""
    light = 1.0 + 0.2 * timing(schedule).drive(lag_ms)
    seen = light * (1.0 + 0.05 * slow_drift(FRAMES)[:, 1:2]) + RANDOM.normal(0, noise, (100, 3))
    return seen / seen.mean(0)


def by_the_book(seen: np.ndarray, schedule: np.ndarray, lag_ms: float) -> float:
    """Mean over channels of the correlation of what the drift leaves of both, by least squares."""
    exposure = timing(schedule).exposure(lag_ms)
    lit = lit_frames(exposure)
    drift = slow_drift(FRAMES[lit])
    correlations: list[float] = []
    for channel in range(3):
        pair = np.stack([seen[lit, channel], exposure[lit] @ schedule[:, channel]], axis=1)
        seen_rest, shown_rest = (pair - drift @ np.linalg.lstsq(drift, pair, rcond=None)[0]).T
        varies = float(shown_rest.std()) > 1e-9
        correlations.append(float(np.corrcoef(seen_rest, shown_rest)[0, 1]) if varies else 0.0)
    return float(np.mean(correlations))


def test_correlation_and_null_are_those_by_the_book() -> None:
    seen = face_light(SCHEDULES[0], 90.0)
    (found,) = fit(seen[None], SCHEDULES)
    null = [max(by_the_book(seen, other, lag) for lag in LAGS.tolist()) for other in SCHEDULES[1:]]
    on_the_grid = max(by_the_book(seen, SCHEDULES[0], lag) for lag in LAGS.tolist())
    spread = np.arctanh(np.clip(null, -0.999, 0.999))
    assert found.z == pytest.approx((np.arctanh(min(on_the_grid, 0.999)) - spread.mean()) / spread.std(), rel=2e-3)
    assert found.correlation == pytest.approx(by_the_book(seen, SCHEDULES[0], found.lag_ms), abs=1e-5)
    assert abs(found.lag_ms - 90.0) <= 18.0


def test_several_lights_are_fitted_each_by_itself() -> None:
    lights = np.stack([face_light(SCHEDULES[0], 40.0), face_light(SCHEDULES[0], 240.0)])
    together = fit(lights, SCHEDULES)
    for found, one in zip(together, lights, strict=True):
        (alone,) = fit(one[None], SCHEDULES)
        assert found.lag_ms == alone.lag_ms and found.correlation == pytest.approx(alone.correlation, abs=1e-6)


def test_pale_colours_that_hardly_differ_are_still_told_apart() -> None:
    """Single precision must not eat a contrast of one in a hundred."""
    pale = 0.8 + 0.008 * RANDOM.normal(0, 1, (60, 10, 3))
    seen = face_light(pale[0], 90.0, noise=0.0002)
    (found,) = fit(seen[None], pale)
    assert found.correlation == pytest.approx(by_the_book(seen, pale[0], found.lag_ms), abs=1e-3)


def test_a_channel_that_does_not_vary_tells_nothing() -> None:
    flat = SCHEDULES.copy()
    flat[..., 1] = 0.7
    seen = face_light(flat[0], 90.0)
    (found,) = fit(seen[None], flat)
    assert found.correlation == pytest.approx(by_the_book(seen, flat[0], found.lag_ms), abs=1e-3)
    assert found.correlation < 0.67, "two channels of three at most"


def test_too_few_lit_frames_give_no_match() -> None:
    seen = face_light(SCHEDULES[0], 90.0)[:18]
    (found,) = fit(seen[None], SCHEDULES, frames=18)
    assert found.correlation == 0.0 and found.p_value == 1.0
