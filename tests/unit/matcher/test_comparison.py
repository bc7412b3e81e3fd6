"""Comparison and its fusion over documents."""

import numpy as np
import pytest

from matcher.domain.comparison import ComparisonDecision, Reference, compare, comparison_score

MODEL = "m" * 64
PROBE = np.zeros(128)


def reference(distance: float, document: str = "d", model: str = MODEL, embedded: bool = True) -> Reference:
    embedding = np.zeros(128)
    embedding[0] = distance
    reasons = () if embedded else ("comparison.reference_poor",)
    return Reference(document, "passport", embedding if embedded else None, model, reasons)


def test_a_higher_score_is_more_alike() -> None:
    near, far = reference(0.2).embedding, reference(0.9).embedding
    assert near is not None and far is not None
    assert comparison_score(PROBE, PROBE) == 1.0
    assert comparison_score(PROBE, near) > comparison_score(PROBE, far)


@pytest.mark.parametrize(
    ("references", "decision", "reason"),
    [
        ([], ComparisonDecision.INCONCLUSIVE, "document.none"),
        ([reference(0.3)], ComparisonDecision.MATCH, None),
        ([reference(0.8)], ComparisonDecision.NON_MATCH, "comparison.non_match"),
        ([reference(0.3, "a"), reference(0.4, "b")], ComparisonDecision.MATCH, None),
        ([reference(0.3, "a"), reference(0.8, "b")], ComparisonDecision.INCONCLUSIVE, "comparison.documents_disagree"),
        ([reference(0.3, embedded=False)], ComparisonDecision.INCONCLUSIVE, "comparison.reference_poor"),
        ([reference(0.3, model="old")], ComparisonDecision.INCONCLUSIVE, "comparison.reference_old"),
        ([reference(0.3, "a"), reference(0.1, "b", embedded=False)], ComparisonDecision.MATCH, None),
    ],
)
def test_the_fusion_rule(references: list[Reference], decision: ComparisonDecision, reason: str | None) -> None:
    result = compare(PROBE, references, MODEL, 0.43)
    assert result.decision is decision
    assert (reason in result.reasons) if reason else result.reasons == ()


def test_no_probe_never_matches() -> None:
    result = compare(None, [reference(0.0)], MODEL, 0.43)
    assert result.decision is ComparisonDecision.INCONCLUSIVE and result.score is None
