"""Combine the evidences by a rule that can be read aloud.

1. If any evidence speaks for an attack and the answer to the light is measurable, the outcome is `attack`. What the
   light says about the surface counts only where the issued colours were found in it; where they were not, only
   coloured light at other times can speak against the capture. So nobody is accused by light that was not seen.
2. If every necessary evidence speaks for a bona fide presentation, the outcome is `bona_fide`.
3. Otherwise it is `inconclusive`, with advice. Nothing is averaged: a failed condition cannot be made good elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from liveness.domain.evidence import (
    background,
    challenge_match,
    commitment,
    continuity,
    corneal_glint,
    diffuse_reflection,
    lag,
    own_reflectance,
    recording,
    relief,
    sensor_rows,
)
from liveness.domain.finding import Advice, Evidence, Finding, Outcome
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

_FEW_PIXELS_PX = 60.0
"""Distance of the eyes [px] below which coming nearer helps."""
_TURNED_AWAY = 0.18
"""Turn of the head [eye distances] from which looking straight ahead helps."""
_MUCH_CLIPPED, _BRIGHT_FACE = 0.15, 0.4
"""Share of clipped cells, and level of the face [share of full scale], that mean too much light."""
_WEAK_ANSWER = 0.03
"""Swing of the face's light [share] below which shade helps."""
_JUST_BELOW = 0.49
"""Highest score of a capture that is not bona fide; bona fide begins at one half."""


@dataclass(frozen=True)
class LivenessJudgement:
    """Outcome, reason codes, advice and the evidence they rest on; score: higher is more bona fide, in 0..1."""

    outcome: Outcome
    score: float
    reasons: tuple[str, ...]
    advice: tuple[Advice, ...]
    evidence: tuple[Evidence, ...]


def assess_all(measured: Measurement, limits: Thresholds) -> tuple[Evidence, ...]:
    """Every evidence's answer, in the order in which they are reported."""
    return (
        challenge_match.assess(measured, limits.challenge_match),
        lag.assess(measured, limits.lag),
        diffuse_reflection.assess(measured, limits.diffuse_reflection),
        own_reflectance.assess(measured, limits.own_reflectance),
        relief.assess(measured, limits.relief),
        background.assess(measured, limits.background),
        sensor_rows.assess(measured, limits.sensor_rows),
        corneal_glint.assess(measured, limits.corneal_glint),
        continuity.assess(measured, limits.continuity),
        commitment.assess(measured, limits.commitment),
        recording.assess(measured, limits.recording),
    )


def _advice(measured: Measurement, evidence: Sequence[Evidence]) -> tuple[Advice, ...]:
    """What would help, most useful first: first what the picture itself shows, then what the evidences ask for."""
    picture = measured.recording
    advice: list[Advice] = []
    if picture.clipped_share > _MUCH_CLIPPED and picture.face_level > _BRIGHT_FACE:
        advice.append(Advice.TOO_BRIGHT)
    if picture.eye_distance_px < _FEW_PIXELS_PX:
        advice.append(Advice.TOO_FAR)
    if abs(picture.yaw) > _TURNED_AWAY:
        advice.append(Advice.TURNED)
    if measured.challenge.modulation < _WEAK_ANSWER:
        advice.append(Advice.TOO_BRIGHT)
    for item in evidence:
        if item.finding is not Finding.SUPPORTS_BONA_FIDE:
            advice.extend(item.advice)
    return tuple(dict.fromkeys(advice)) or (Advice.TOO_BRIGHT,)


def _if_found(item: Evidence) -> Evidence:
    """What an evidence says when the issued colours were not found: nothing against the capture."""
    if item.finding is not Finding.SUPPORTS_ATTACK:
        return item
    meaning = "The issued colours were not found on the face, so this proves nothing."
    return replace(item, finding=Finding.CANNOT_TELL, meaning=meaning)


def without_unfounded(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence, `challenge_match` first, without accusations that rest on colours that were not found."""
    challenge, *others = evidence
    if challenge.finding is Finding.SUPPORTS_BONA_FIDE:
        return tuple(evidence)
    return challenge, *(_if_found(item) for item in others)


def decide(measured: Measurement, evidence: Sequence[Evidence], limits: Thresholds) -> LivenessJudgement:
    """The rule, over answers that were given."""
    necessary = [item for item in evidence if item.necessary]
    score = min(max(0.5 + 0.5 * min(item.reading.margin for item in necessary), 0.0), 1.0)
    measurable = measured.challenge.modulation >= limits.detectable.min_modulation
    against = [item for item in evidence if item.finding is Finding.SUPPORTS_ATTACK]
    weak = [item for item in necessary if item.finding is not Finding.SUPPORTS_BONA_FIDE]
    if against and measurable:
        reasons = tuple(f"liveness.{item.name}" for item in against)
        return LivenessJudgement(Outcome.ATTACK, min(score, _JUST_BELOW), reasons, (), tuple(evidence))
    if measurable and not weak:
        return LivenessJudgement(Outcome.BONA_FIDE, max(score, 0.5), (), (), tuple(evidence))
    reasons = tuple(f"liveness.{item.name}_unclear" for item in weak) or ("liveness.light_too_weak",)
    advice = _advice(measured, evidence)
    return LivenessJudgement(Outcome.INCONCLUSIVE, min(score, _JUST_BELOW), reasons, advice, tuple(evidence))


def judge(measured: Measurement, limits: Thresholds) -> LivenessJudgement:
    """Outcome of one capture; pure."""
    return decide(measured, without_unfounded(assess_all(measured, limits)), limits)
