"""Combine the evidences by a rule that can be read aloud.

1. If any evidence speaks for an attack and the answer to the light is measurable, the outcome is `attack`.
2. If every necessary evidence speaks for a bona fide presentation, the outcome is `bona_fide`.
3. Otherwise it is `inconclusive`, with advice. Nothing is averaged: a failed condition cannot be made good elsewhere.
"""

from liveness.domain import evidence as evidences
from liveness.domain.finding import Advice, Evidence, Finding, LivenessJudgement, Outcome
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

_FEW_PIXELS_PX = 60.0
_TURNED_AWAY = 0.18


def _advice(measured: Measurement, found: list[Evidence]) -> tuple[Advice, ...]:
    """What would help, most useful first: first what the picture itself shows, then what the evidences ask for."""
    advice: list[Advice] = []
    if measured.clipped_share > 0.15 and measured.face_level > 0.4:
        advice.append(Advice.TOO_BRIGHT)
    if measured.eye_distance_px < _FEW_PIXELS_PX:
        advice.append(Advice.TOO_FAR)
    if abs(measured.yaw) > _TURNED_AWAY:
        advice.append(Advice.TURNED)
    if measured.challenge.modulation < 0.03:
        advice.append(Advice.TOO_BRIGHT)
    for item in found:
        if item.finding is not Finding.SUPPORTS_BONA_FIDE:
            advice.extend(item.advice)
    return tuple(dict.fromkeys(advice)) or (Advice.TOO_BRIGHT,)


def judge(measured: Measurement, limits: Thresholds) -> LivenessJudgement:
    """Outcome of one capture; pure."""
    found = [assess(measured, limits) for assess in evidences.ALL]
    margin = min(item.margin for item in found if item.necessary)
    score = min(max(0.5 + 0.5 * margin, 0.0), 1.0)
    measurable = measured.challenge.modulation >= limits.get("detectable", "min_modulation")
    against = [item for item in found if item.finding is Finding.SUPPORTS_ATTACK]
    necessary = [item for item in found if item.necessary]
    if against and measurable:
        reasons = tuple(f"liveness.{item.name}" for item in against)
        return LivenessJudgement(Outcome.ATTACK, min(score, 0.49), reasons, (), tuple(found))
    if measurable and all(item.finding is Finding.SUPPORTS_BONA_FIDE for item in necessary):
        return LivenessJudgement(Outcome.BONA_FIDE, max(score, 0.5), (), (), tuple(found))
    weak = [item for item in necessary if item.finding is not Finding.SUPPORTS_BONA_FIDE]
    reasons = tuple(f"liveness.{item.name}_unclear" for item in weak) or ("liveness.light_too_weak",)
    return LivenessJudgement(Outcome.INCONCLUSIVE, min(score, 0.49), reasons, _advice(measured, found), tuple(found))
