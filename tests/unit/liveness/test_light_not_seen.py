"""People in whose capture the shown light cannot be seen are never called attackers, whatever else changes in it."""

from dataclasses import replace

import numpy as np
import pytest
import scenes
from scipy.ndimage import gaussian_filter1d, shift

from liveness.domain.finding import Finding, Outcome
from liveness.domain.judgement import LivenessJudgement, judge
from liveness.domain.measurement import measure
from liveness.domain.series import CaptureSeries
from liveness.domain.thresholds import parse_thresholds
from liveness.settings import LivenessSettings

LIMITS = parse_thresholds(LivenessSettings().thresholds_file.read_text())


def judged(series: CaptureSeries) -> LivenessJudgement:
    return judge(measure(series), LIMITS)


def unlit(scene: scenes.Scene, seed: int) -> CaptureSeries:
    """The scene filmed while the screen is dark; the server believes that a challenge was shown."""
    dark = replace(scene, screen=0.0 * scene.screen, gloss=0.0 * scene.gloss)
    return scenes.film(dark, scenes.schedule(seed), seed=seed)


def with_exposure(series: CaptureSeries, seed: int, depth: float) -> CaptureSeries:
    """Steps of the camera's gain, as a hunting auto-exposure makes them; depth: their size [share]."""
    random = np.random.default_rng(seed)
    frames = len(series.radiance)
    levels = np.repeat(random.uniform(-depth, depth, frames // 8 + 1), 8)[:frames]
    gain = 1.0 + gaussian_filter1d(levels, 1.0)
    return replace(
        series, radiance=series.radiance * gain[:, None, None, None], scene=series.scene * gain[:, None, None, None]
    )


def with_movement(series: CaptureSeries, seed: int, cells: float) -> CaptureSeries:
    """The face under the grid wanders by up to `cells`, and its brightness with it."""
    random = np.random.default_rng(seed)
    path = gaussian_filter1d(random.normal(0, 1, (len(series.radiance), 2)), 4.0, axis=0)
    path *= cells / np.abs(path).max()
    moved = np.stack([
        shift(frame, (place[0], place[1], 0.0), order=1, mode="nearest") * (1.0 + 0.05 * place[0])
        for frame, place in zip(series.radiance, path, strict=True)
    ])  # fmt: skip
    return replace(series, radiance=moved)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("depth", [0.1, 0.4])
def test_a_hunting_exposure_is_no_foreign_light(seed: int, depth: float) -> None:
    for scene in (scenes.live_face(), scenes.flat_print()):
        result = judged(with_exposure(unlit(scene, seed), seed, depth))
        assert result.outcome is Outcome.INCONCLUSIVE, result.reasons


@pytest.mark.parametrize("seed", range(6))
def test_movement_is_no_foreign_light(seed: int) -> None:
    result = judged(with_movement(unlit(scenes.live_face(), seed), seed, 1.5))
    assert result.outcome is Outcome.INCONCLUSIVE, result.reasons


def test_a_surface_is_not_accused_by_light_that_was_not_found() -> None:
    """A flat picture without the light, and one under other light: the relief that is missing is not the light's."""
    for series in (
        unlit(scenes.flat_print(), 3),
        with_exposure(unlit(scenes.bent_print(), 3), 3, 0.3),
        scenes.film(scenes.flat_print(), scenes.schedule(1), scenes.schedule(4)),
    ):
        findings = {item.name: item.finding for item in judged(series).evidence}
        assert findings["challenge_match"] is not Finding.SUPPORTS_BONA_FIDE
        others = {name for name, finding in findings.items() if finding is Finding.SUPPORTS_ATTACK}
        assert others <= {"challenge_match"}


def test_coloured_light_of_another_session_still_speaks_against_it() -> None:
    for seed in range(4, 8):
        result = judged(scenes.film(scenes.live_face(), scenes.schedule(1), scenes.schedule(seed)))
        assert result.outcome is Outcome.ATTACK and result.reasons == ("liveness.challenge_match",)
