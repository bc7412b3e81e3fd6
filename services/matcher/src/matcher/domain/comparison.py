"""Compare a probe with reference embeddings and fuse the documents by a stated rule.

Rule: the outcome is `match` when at least one current document matches and none says non-match; `non_match` when all
comparable documents say so; documents that disagree make it `inconclusive`, and so does a missing or poor picture. The
face of an earlier session never stands in for a document: without a comparable document there is no match.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from matcher.domain.authenticity import Authenticity, fused


class ComparisonDecision(StrEnum):
    MATCH = "match"
    NON_MATCH = "non_match"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Reference:
    """One document's photograph as enrolled; embedding is None when the photograph was refused (reasons say why).

    is_document: False for the face of an earlier admitted session, which counts only beside a document.
    """

    document_id: str
    kind: str
    embedding: np.ndarray | None
    model_sha256: str
    reasons: tuple[str, ...] = ()
    is_document: bool = True
    authenticity: Authenticity | None = None


@dataclass(frozen=True)
class DocumentResult:
    document_id: str
    kind: str
    decision: ComparisonDecision
    score: float | None
    reasons: tuple[str, ...] = ()
    authenticity: Authenticity | None = None


@dataclass(frozen=True)
class Comparison:
    decision: ComparisonDecision
    score: float | None
    reasons: tuple[str, ...]
    documents: tuple[DocumentResult, ...]

    @property
    def authenticity(self) -> Authenticity | None:
        """Of all documents together; None when nothing was compared or nothing was checked."""
        matching = [d.authenticity for d in self.documents if d.decision is ComparisonDecision.MATCH]
        others = [d.authenticity for d in self.documents if d.decision is not ComparisonDecision.MATCH]
        return fused(matching, others)


def comparison_score(probe: Float[np.ndarray, "dimensions"], reference: Float[np.ndarray, "dimensions"]) -> float:
    """Cosine of the two embeddings, -1 to 1; 1 for equal directions, higher is more alike."""
    return float(probe @ reference / (np.linalg.norm(probe) * np.linalg.norm(reference)))


def mean_embedding(embeddings: Float[np.ndarray, "chips dimensions"]) -> Float[np.ndarray, "dimensions"]:
    """Of one face's chips, of unit length."""
    mean = embeddings.mean(0)
    return mean / np.linalg.norm(mean)


def _one(probe: np.ndarray, reference: Reference, model_sha256: str, limit: float) -> DocumentResult:
    if reference.embedding is None:
        reasons = reference.reasons or ("comparison.reference_poor",)
        return DocumentResult(reference.document_id, reference.kind, ComparisonDecision.INCONCLUSIVE, None, reasons)
    if reference.model_sha256 != model_sha256:
        reasons = ("comparison.reference_old",)
        return DocumentResult(reference.document_id, reference.kind, ComparisonDecision.INCONCLUSIVE, None, reasons)
    score = comparison_score(probe, reference.embedding)
    decision = ComparisonDecision.MATCH if score >= limit else ComparisonDecision.NON_MATCH
    return DocumentResult(reference.document_id, reference.kind, decision, round(score, 6))


def is_near_limit(comparison: Comparison, limit: float, band: float) -> bool:
    """Whether a document's score lies so near the limit that another chip may change the decision."""
    return any(one.score is not None and abs(one.score - limit) < band for one in comparison.documents)


def compare(
    probe: Float[np.ndarray, "dimensions"] | None,
    references: Sequence[Reference],
    model_sha256: str,
    limit: float,
    probe_reasons: tuple[str, ...] = (),
) -> Comparison:
    """The fused comparison; `probe` is None when the probe was too poor to embed."""
    if not any(reference.is_document for reference in references):
        return Comparison(ComparisonDecision.INCONCLUSIVE, None, ("document.none",), ())
    if probe is None:
        return Comparison(ComparisonDecision.INCONCLUSIVE, None, probe_reasons or ("comparison.probe_poor",), ())
    results = tuple(
        replace(_one(probe, reference, model_sha256, limit), authenticity=reference.authenticity)
        for reference in references
    )
    documents = [r for r, reference in zip(results, references, strict=True) if reference.is_document]
    scores = [result.score for result in documents if result.score is not None]
    decisions = {result.decision for result in documents if result.score is not None}
    if not scores:
        reasons = tuple(dict.fromkeys(reason for result in documents for reason in result.reasons))
        return Comparison(ComparisonDecision.INCONCLUSIVE, None, reasons, results)
    best = max(scores)
    if decisions == {ComparisonDecision.MATCH}:
        return Comparison(ComparisonDecision.MATCH, best, (), results)
    if decisions == {ComparisonDecision.NON_MATCH}:
        return Comparison(ComparisonDecision.NON_MATCH, best, ("comparison.non_match",), results)
    return Comparison(ComparisonDecision.INCONCLUSIVE, best, ("comparison.documents_disagree",), results)
