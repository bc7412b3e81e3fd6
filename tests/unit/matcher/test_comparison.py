"""Comparison and its fusion over documents."""

from pathlib import Path

import numpy as np
import pytest

from borderlight_lab.simulated_limits import SIMULATED_LIMITS
from matcher.app import LimitsUnusable, limits_in_force
from matcher.domain.comparison import (
    ComparisonDecision,
    Reference,
    compare,
    comparison_score,
    is_near_limit,
    mean_embedding,
)
from matcher.domain.thresholds import parse_thresholds
from matcher.settings import MatcherSettings

MODEL = "m" * 64
PROBE = np.eye(128)[0]
LIMIT = 0.5


def reference(score: float, document: str = "d", model: str = MODEL, embedded: bool = True) -> Reference:
    """Whose cosine with the probe is `score`; of a length that must not matter."""
    embedding = 1.7 * (score * np.eye(128)[0] + np.sqrt(1 - score**2) * np.eye(128)[1])
    reasons = () if embedded else ("comparison.reference_poor",)
    return Reference(document, "passport", embedding if embedded else None, model, reasons)


def test_a_higher_score_is_more_alike() -> None:
    near, far = reference(0.9).embedding, reference(0.2).embedding
    assert near is not None and far is not None
    assert comparison_score(PROBE, PROBE) == pytest.approx(1.0)
    assert comparison_score(PROBE, near) == pytest.approx(0.9)
    assert comparison_score(PROBE, far) == pytest.approx(0.2)


def test_the_mean_of_chips_is_a_direction() -> None:
    mean = mean_embedding(np.stack([PROBE, np.eye(128)[1]]))
    assert np.linalg.norm(mean) == pytest.approx(1.0)
    assert mean[0] == pytest.approx(mean[1])


@pytest.mark.parametrize(("scores", "is_near"), [((0.9,), False), ((0.45,), True), ((0.9, 0.58), True), ((), False)])
def test_a_second_chip_is_asked_for_near_the_limit(scores: tuple[float, ...], is_near: bool) -> None:
    """Of any document: one that is far on either side needs none."""
    compared = compare(PROBE, [reference(score, f"d{k}") for k, score in enumerate(scores)], MODEL, LIMIT)
    assert is_near_limit(compared, LIMIT, 0.1) is is_near


def test_a_limit_of_another_model_is_never_applied() -> None:
    limits = parse_thresholds(MatcherSettings().thresholds_file.read_text())
    assert limits.of_model(limits.model_sha256, 0.9) is limits, "the file that names the model counts"
    assert limits.of_model("f" * 64, 0.93).min_match_score == 0.93
    with pytest.raises(ValueError, match="not for ffff"):
        limits.of_model("f" * 64, None)


def test_the_matcher_does_not_start_with_the_limit_of_another_model(tmp_path: Path) -> None:
    text = MatcherSettings().thresholds_file.read_text()
    for name, changed in (("other", text.replace('model_sha256 = "', 'model_sha256 = "0')), ("none", "[comparison]\n")):
        (tmp_path / f"{name}.toml").write_text(changed)
        with pytest.raises(LimitsUnusable):
            limits_in_force(MatcherSettings(thresholds_file=tmp_path / f"{name}.toml"))


def test_the_simulations_have_limits_of_their_own() -> None:
    shipped, simulated = (
        limits_in_force(MatcherSettings(thresholds_file=path))
        for path in (MatcherSettings().thresholds_file, SIMULATED_LIMITS)
    )
    assert simulated.model_sha256 == shipped.model_sha256
    assert simulated.min_match_score > shipped.min_match_score


@pytest.mark.parametrize(
    ("references", "decision", "reason"),
    [
        ([], ComparisonDecision.INCONCLUSIVE, "document.none"),
        ([reference(0.7)], ComparisonDecision.MATCH, None),
        ([reference(0.2)], ComparisonDecision.NON_MATCH, "comparison.non_match"),
        ([reference(0.7, "a"), reference(0.6, "b")], ComparisonDecision.MATCH, None),
        ([reference(0.7, "a"), reference(0.2, "b")], ComparisonDecision.INCONCLUSIVE, "comparison.documents_disagree"),
        ([reference(0.7, embedded=False)], ComparisonDecision.INCONCLUSIVE, "comparison.reference_poor"),
        ([reference(0.7, model="old")], ComparisonDecision.INCONCLUSIVE, "comparison.reference_old"),
        ([reference(0.7, "a"), reference(0.9, "b", embedded=False)], ComparisonDecision.MATCH, None),
    ],
)
def test_the_fusion_rule(references: list[Reference], decision: ComparisonDecision, reason: str | None) -> None:
    result = compare(PROBE, references, MODEL, LIMIT)
    assert result.decision is decision
    assert (reason in result.reasons) if reason else result.reasons == ()


def test_no_probe_never_matches() -> None:
    result = compare(None, [reference(0.9)], MODEL, LIMIT)
    assert result.decision is ComparisonDecision.INCONCLUSIVE and result.score is None
