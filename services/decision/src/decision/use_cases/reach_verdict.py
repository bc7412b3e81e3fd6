"""Turn what is known of a session into its verdict: facts, policy, event. Pure: equal input, equal verdict."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from borderlight.contracts.events import (
    Channel,
    ComparisonOutcome,
    DocumentAuthenticity,
    EntryOutcome,
    EntryVerdict,
    FaceCompared,
    Freshness,
    LivenessAssessed,
    LivenessOutcome,
    VerdictComparison,
    VerdictLiveness,
)
from decision.domain.policy import UNKNOWN, WHEN_NOT_TOLD, Policy
from decision.use_cases.known_session import KnownSession

_HELPED_BY_ANOTHER_CAPTURE = ("comparison.probe_poor",)
_NEVER_TAKEN_AGAIN = ("capture.not_as_committed",)
MISSING = "missing"
OutcomeT = TypeVar("OutcomeT", LivenessOutcome, ComparisonOutcome)


@dataclass(frozen=True)
class Part:
    """What one answer gives to the verdict: the fact for the policy, and reasons in the order of the verdict."""

    fact: str
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def _liveness_part(event: LivenessAssessed | None) -> Part:
    if event is None:
        return Part(MISSING)
    reasons: tuple[str, ...] = ()
    if event.outcome is not LivenessOutcome.BONA_FIDE:
        reasons = (f"liveness.{event.outcome.value}", *event.reasons)
    return Part(event.outcome.value, reasons, event.advice)


def _comparison_part(event: FaceCompared | None) -> Part:
    if event is None:
        return Part(MISSING)
    reasons: tuple[str, ...] = ()
    if event.outcome is not ComparisonOutcome.MATCH:
        reasons = (f"comparison.{event.outcome.value}", *event.reasons)
    return Part(
        event.outcome.value, reasons, tuple(code for code in event.reasons if code in _HELPED_BY_ANOTHER_CAPTURE)
    )


def _document(event: FaceCompared | None) -> str:
    reasons = () if event is None else event.reasons
    for state in ("expired", "none"):
        if f"document.{state}" in reasons:
            return state
    return "usable"


@dataclass(frozen=True)
class _Findings:
    """The two answers, or for a capture that could not be judged its rejection in the place of both."""

    liveness: LivenessAssessed | None
    comparison: FaceCompared | None
    parts: tuple[Part, Part]
    reasons: tuple[str, ...]

    @property
    def advice(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for part in self.parts for code in part.advice))

    def told_liveness(self) -> VerdictLiveness:
        """As the verdict tells it."""
        if self.liveness is not None:
            found = self.liveness
            return VerdictLiveness(outcome=found.outcome, score=found.score, reasons=found.reasons)
        part = self.parts[0]
        return VerdictLiveness(outcome=_outcome(LivenessOutcome, part), reasons=part.reasons)

    def told_comparison(self) -> VerdictComparison:
        """As the verdict tells it."""
        if self.comparison is not None:
            found = self.comparison
            return VerdictComparison(
                outcome=found.outcome, score=found.score, threshold=found.threshold, reasons=found.reasons,
                documents=found.documents,
            )  # fmt: skip
        part = self.parts[1]
        return VerdictComparison(outcome=_outcome(ComparisonOutcome, part), reasons=part.reasons)


def _outcome(kind: type[OutcomeT], part: Part) -> OutcomeT | None:
    return None if part.fact == MISSING else kind(part.fact)


def _findings(known: KnownSession) -> _Findings:
    if known.is_rejected:
        codes = known.refused if known.rejected.event is None else known.rejected.event.reasons
        helped = (code for code in codes if code not in _NEVER_TAKEN_AGAIN)
        advice = tuple(code for code in helped if code.startswith("capture."))
        part = Part("inconclusive", codes, advice)
        return _Findings(None, None, (part, part), codes)
    liveness, comparison = known.liveness, known.comparison
    parts = (_liveness_part(liveness.event), _comparison_part(comparison.event))
    reasons = [*known.refused, *parts[0].reasons, *parts[1].reasons]
    absent = [name for name, answer in (("liveness", liveness), ("comparison", comparison)) if not answer.came]
    reasons += [f"{name}.missing" for name in absent]
    if absent:
        reasons.append("session.deadline")
    return _Findings(liveness.event, comparison.event, parts, tuple(dict.fromkeys(reasons)))


def _circumstances(known: KnownSession, comparison: FaceCompared | None) -> dict[str, str]:
    """Facts that others state; one that nobody stated counts as `WHEN_NOT_TOLD` says."""
    stated = {
        "freshness": known.captured.freshness,
        "channel": known.captured.channel,
        "authenticity": None if comparison is None else comparison.authenticity,
    }
    return {name: str(WHEN_NOT_TOLD[name]) if value is None else value.value for name, value in stated.items()}


def decided_at(known: KnownSession) -> datetime:
    """When the last answer that counts had come, else the deadline: no clock of ours, so always the same."""
    at_ms = known.deadline_ms if known.complete_ms is None else known.complete_ms
    return max(datetime.fromtimestamp(at_ms / 1000.0, UTC), known.captured.captured_at)


def reach_verdict(known: KnownSession, policy: Policy) -> EntryVerdict:
    """The verdict of a session that is complete, or whose deadline has passed."""
    found, captured, at = _findings(known), known.captured, decided_at(known)
    circumstances = _circumstances(known, found.comparison)
    has_attempts = captured.attempt < policy.max_attempts
    outcome, row = policy.decide(
        {
            "liveness": found.parts[0].fact,
            "comparison": found.parts[1].fact,
            "document": _document(found.comparison),
            "attempts_left": has_attempts,
            "advice": bool(found.advice),
            **circumstances,
        }
    )
    reasons = found.reasons
    if outcome == "refer" and not has_attempts and found.advice:
        reasons = (*reasons, "session.attempts_used")
    if policy.version == UNKNOWN:
        reasons = (*reasons, "policy.unknown")
    return EntryVerdict(
        session_id=captured.session_id,
        traveller_ref=captured.traveller_ref,
        outcome=EntryOutcome(outcome),
        reasons=reasons,
        liveness=found.told_liveness(),
        comparison=found.told_comparison(),
        advice=found.advice if outcome == "retake" else (),
        attempt=captured.attempt,
        policy_version=f"{policy.policy_id}/{policy.version}",
        policy_row=row,
        thresholds_version="" if found.liveness is None else found.liveness.thresholds_version,
        model_sha256="" if found.comparison is None else found.comparison.model_sha256,
        captured_at=captured.captured_at,
        decided_at=at,
        expires_at=at + timedelta(seconds=policy.verdict_valid_for_s),
        explanation=None if found.liveness is None else found.liveness.explanation,
        freshness=Freshness(circumstances["freshness"]),
        channel=Channel(circumstances["channel"]),
        authenticity=DocumentAuthenticity(circumstances["authenticity"]),
    )
