"""The judgement on whole scenes, and the rule by itself."""

from dataclasses import replace
from pathlib import Path

import pytest
import scenes

import liveness
from liveness.domain.finding import Finding, Outcome
from liveness.domain.judgement import assess_all, decide, judge
from liveness.domain.measurement import measure
from liveness.domain.thresholds import parse_thresholds

LIMITS = parse_thresholds((Path(liveness.__file__).parent / "thresholds.toml").read_text())


def judged(scene: scenes.Scene, issued_seed: int = 1) -> tuple[Outcome, dict[str, Finding]]:
    result = judge(measure(scenes.film(scene, scenes.schedule(1), scenes.schedule(issued_seed))), LIMITS)
    return result.outcome, {item.name: item.finding for item in result.evidence}


def test_a_live_face_is_bona_fide() -> None:
    outcome, findings = judged(scenes.live_face())
    assert outcome is Outcome.BONA_FIDE, findings


def test_a_live_face_in_weak_light_is_still_bona_fide() -> None:
    assert judged(scenes.live_face(0.12))[0] is Outcome.BONA_FIDE


def test_beyond_the_detectable_limit_it_is_inconclusive_with_advice() -> None:
    series = scenes.film(scenes.live_face(0.004, noise=0.01), scenes.schedule())
    result = judge(measure(series), LIMITS)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "capture.too_bright" in result.advice
    assert result.score < 0.5


@pytest.mark.parametrize(
    "scene",
    [
        scenes.flat_print(),
        scenes.flat_print(gloss=0.15),
        scenes.bent_print(),
        scenes.tinted_video(),
        scenes.relit_video(),
        scenes.mirror_in_glass(),
        scenes.projection(),
    ],
    ids=["flat", "glossy", "bent", "tint", "relit", "glass", "projection"],
)
def test_no_picture_is_bona_fide(scene: scenes.Scene) -> None:
    outcome, findings = judged(scene)
    assert outcome is not Outcome.BONA_FIDE, findings


def test_a_flat_print_and_a_tint_are_attacks() -> None:
    assert judged(scenes.flat_print())[0] is Outcome.ATTACK
    assert judged(scenes.tinted_video())[0] is Outcome.ATTACK


def test_glass_is_told_by_its_mirror_image() -> None:
    assert judged(scenes.mirror_in_glass())[1]["diffuse_reflection"] is Finding.SUPPORTS_ATTACK


def test_a_projection_is_told_by_what_it_falls_on() -> None:
    outcome, findings = judged(scenes.projection())
    assert outcome is Outcome.ATTACK and findings["own_reflectance"] is Finding.SUPPORTS_ATTACK, findings
    assert judged(scenes.live_face())[1]["own_reflectance"] is Finding.SUPPORTS_BONA_FIDE


def test_a_replay_answers_another_challenge() -> None:
    outcome, findings = judged(scenes.live_face(), issued_seed=4)
    assert outcome is Outcome.ATTACK
    assert findings["challenge_match"] is Finding.SUPPORTS_ATTACK


def test_each_necessary_evidence_is_needed() -> None:
    """Nothing is averaged: one necessary condition that cannot tell is enough to withhold `bona_fide`."""
    measured = measure(scenes.film(scenes.live_face(), scenes.schedule()))
    evidence = assess_all(measured, LIMITS)
    assert decide(measured, evidence, LIMITS).outcome is Outcome.BONA_FIDE
    necessary = [item for item in evidence if item.necessary]
    assert len(necessary) >= 4
    for silenced in necessary:
        silent = replace(silenced, finding=Finding.CANNOT_TELL)
        rest = [silent if item is silenced else item for item in evidence]
        assert decide(measured, rest, LIMITS).outcome is Outcome.INCONCLUSIVE


def test_a_higher_score_is_more_bona_fide() -> None:
    strong, weak, attack = (
        judge(measure(scenes.film(scene, scenes.schedule())), LIMITS).score
        for scene in (scenes.live_face(0.6), scenes.live_face(0.006, noise=0.01), scenes.tinted_video())
    )
    assert strong >= 0.5 > weak and strong > attack


def test_every_threshold_carries_its_run() -> None:
    text = (Path(liveness.__file__).parent / "thresholds.toml").read_text()
    with pytest.raises(ValueError, match="needs value, run and reason"):
        parse_thresholds(text.replace('run = "dev-corpus-2026-11", ', "", 1))
    with pytest.raises(ValueError, match="missing"):
        parse_thresholds(text.replace("[relief]", "[relieff]"))
    with pytest.raises(ValueError, match=r"lacks \['min_z'\] and has unknown \['min_zz'\]"):
        parse_thresholds(text.replace("min_z =", "min_zz ="))
