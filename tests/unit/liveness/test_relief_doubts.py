"""A relief that is there, but not as faces have it, is not believed; that is never an accusation."""

from dataclasses import replace

import pytest
import scenes

from liveness.domain.evidence import own_reflectance, relief
from liveness.domain.finding import Finding, Outcome
from liveness.domain.judgement import judge
from liveness.domain.measure.relief import ReliefFit
from liveness.domain.measurement import Measurement, measure
from liveness.domain.thresholds import parse_thresholds
from liveness.settings import LivenessSettings

LIMITS = parse_thresholds(LivenessSettings().thresholds_file.read_text())


@pytest.fixture(scope="module")
def live() -> Measurement:
    return measure(scenes.film(scenes.live_face(), scenes.schedule()))


def with_relief(measured: Measurement, **changes: float) -> Measurement:
    assert measured.relief is not None
    return replace(measured, relief=replace(measured.relief, **changes))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"noise": 0.12}, "noisy"),
        ({"closeness": 0.95}, "predicted"),
        ({"amplitude": 1.5}, "stronger"),
        ({"flat_amplitude": 1.2}, "stronger"),
        ({"shading": -0.2}, "shadows"),
        ({"repeats": 0.2}, "halves"),
    ],
)
def test_each_doubt_alone_withholds_support(live: Measurement, changes: dict[str, float], word: str) -> None:
    assert relief.assess(live, LIMITS.relief).finding is Finding.SUPPORTS_BONA_FIDE
    doubted = with_relief(live, **changes)
    evidence = relief.assess(doubted, LIMITS.relief)
    assert evidence.finding is Finding.CANNOT_TELL and word in evidence.meaning
    result = judge(doubted, LIMITS)
    assert result.outcome is Outcome.INCONCLUSIVE and result.advice and result.score < 0.5


def test_more_contrast_than_a_face_has_is_not_believed(live: Measurement) -> None:
    assert live.reflectance is not None
    glaring = replace(live, reflectance=replace(live.reflectance, colour=0.67, brightness=0.2))
    assert own_reflectance.assess(glaring, LIMITS.own_reflectance).finding is Finding.CANNOT_TELL


def fit_of(scene: scenes.Scene) -> ReliefFit:
    fit = measure(scenes.film(scene, scenes.schedule())).relief
    assert fit is not None
    return fit


def test_a_live_relief_repeats_in_both_halves_of_the_slots() -> None:
    for strength in (0.4, 0.12):
        assert fit_of(scenes.live_face(strength)).repeats > 0.9


def test_a_mesh_answers_more_exactly_than_a_face() -> None:
    """A film re-lit with screen over room as the detector's own mesh predicts them."""
    assert fit_of(scenes.relit_by_the_mesh()).closeness > 0.95
    assert fit_of(scenes.live_face()).closeness < LIMITS.relief.max_closeness
    result = judge(measure(scenes.film(scenes.relit_by_the_mesh(), scenes.schedule())), LIMITS)
    assert result.outcome is Outcome.INCONCLUSIVE, result.reasons


def test_the_film_of_a_live_face_shows_the_room_that_its_answer_implies() -> None:
    assert fit_of(scenes.live_face()).shading > LIMITS.relief.min_shading
