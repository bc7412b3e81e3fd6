"""Turn what is known of a session into its verdict: facts, policy, event. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from borderlight.contracts.events import (
    CaptureRejected,
    Channel,
    ComparisonOutcome,
    DocumentAuthenticity,
    EntryOutcome,
    EntryVerdict,
    FaceCompared,
    Freshness,
    LivenessAssessed,
    LivenessOutcome,
    SessionCaptured,
    VerdictComparison,
    VerdictLiveness,
)
from decision.domain.policy import UNKNOWN, WHEN_NOT_TOLD, Policy
from decision.domain.session_join import JoinState

_HELPED_BY_ANOTHER_CAPTURE = ("comparison.probe_poor",)


@dataclass(frozen=True)
class Known:
    """The parsed sides of a session."""

    captured: SessionCaptured
    rejected: CaptureRejected | None
    liveness: LivenessAssessed | None
    comparison: FaceCompared | None

    @staticmethod
    def of(state: JoinState) -> "Known | None":
        """None when the session was never seen to be captured."""
        if state.captured is None:
            return None
        return Known(
            SessionCaptured.model_validate_json(state.captured),
            None if state.rejected is None else CaptureRejected.model_validate_json(state.rejected),
            None if state.liveness is None else LivenessAssessed.model_validate_json(state.liveness),
            None if state.comparison is None else FaceCompared.model_validate_json(state.comparison),
        )


def _advice(known: Known) -> tuple[str, ...]:
    if known.rejected is not None:
        return tuple(code for code in known.rejected.reasons if code.startswith("capture."))
    advice: list[str] = list(known.liveness.advice) if known.liveness is not None else []
    if known.comparison is not None:
        advice += [code for code in known.comparison.reasons if code in _HELPED_BY_ANOTHER_CAPTURE]
    return tuple(dict.fromkeys(advice))


def _facts(known: Known, advice: tuple[str, ...], policy: Policy) -> dict[str, str | bool]:
    if known.rejected is not None:
        liveness = comparison = "inconclusive"
    else:
        liveness = known.liveness.outcome.value if known.liveness is not None else "missing"
        comparison = known.comparison.outcome.value if known.comparison is not None else "missing"
    document = "usable"
    for state in ("none", "expired"):
        if known.comparison is not None and f"document.{state}" in known.comparison.reasons:
            document = state
    return {
        "liveness": liveness,
        "comparison": comparison,
        "document": document,
        "attempts_left": known.captured.attempt < policy.max_attempts,
        "advice": bool(advice),
        **_circumstances(known),
    }


def _circumstances(known: Known) -> dict[str, str]:
    """Facts that others state; one that nobody stated counts as `WHEN_NOT_TOLD` says."""
    authenticity = None if known.comparison is None else known.comparison.authenticity
    stated = {
        "freshness": known.captured.freshness,
        "channel": known.captured.channel,
        "authenticity": authenticity,
    }
    return {name: str(WHEN_NOT_TOLD[name]) if value is None else value.value for name, value in stated.items()}


def _reasons(known: Known) -> tuple[str, ...]:
    if known.rejected is not None:
        return known.rejected.reasons
    reasons: list[str] = []
    if known.liveness is None:
        reasons.append("liveness.missing")
    elif known.liveness.outcome is not LivenessOutcome.BONA_FIDE:
        reasons += [f"liveness.{known.liveness.outcome.value}", *known.liveness.reasons]
    if known.comparison is None:
        reasons.append("comparison.missing")
    elif known.comparison.outcome is not ComparisonOutcome.MATCH:
        reasons += [f"comparison.{known.comparison.outcome.value}", *known.comparison.reasons]
    if known.liveness is None or known.comparison is None:
        reasons.append("session.deadline")
    return tuple(dict.fromkeys(reasons))


def reach_verdict(known: Known, policy: Policy, decided_at: datetime) -> EntryVerdict:
    """The verdict; deterministic but for `decided_at` and `expires_at`."""
    advice = _advice(known)
    facts = _facts(known, advice, policy)
    outcome, row = policy.decide(facts)
    reasons = _reasons(known)
    if outcome == "refer" and known.captured.attempt >= policy.max_attempts and advice:
        reasons = (*reasons, "session.attempts_used")
    if policy.version == UNKNOWN:
        reasons = (*reasons, "policy.unknown")
    liveness, comparison = known.liveness, known.comparison
    rejected_liveness = VerdictLiveness(
        outcome=LivenessOutcome.INCONCLUSIVE, reasons=known.rejected.reasons if known.rejected else ()
    )
    rejected_comparison = VerdictComparison(
        outcome=ComparisonOutcome.INCONCLUSIVE, reasons=known.rejected.reasons if known.rejected else ()
    )
    return EntryVerdict(
        session_id=known.captured.session_id,
        traveller_ref=known.captured.traveller_ref,
        outcome=EntryOutcome(outcome),
        reasons=reasons,
        liveness=(
            rejected_liveness
            if known.rejected is not None
            else VerdictLiveness()
            if liveness is None
            else VerdictLiveness(outcome=liveness.outcome, score=liveness.score, reasons=liveness.reasons)
        ),
        comparison=(
            rejected_comparison
            if known.rejected is not None
            else VerdictComparison()
            if comparison is None
            else VerdictComparison(
                outcome=comparison.outcome,
                score=comparison.score,
                threshold=comparison.threshold,
                reasons=comparison.reasons,
                documents=comparison.documents,
            )
        ),
        advice=advice if outcome == "retake" else (),
        attempt=known.captured.attempt,
        policy_version=f"{policy.policy_id}/{policy.version}",
        policy_row=row,
        thresholds_version=liveness.thresholds_version if liveness is not None else "",
        model_sha256=comparison.model_sha256 if comparison is not None else "",
        captured_at=known.captured.captured_at,
        decided_at=decided_at,
        expires_at=decided_at + timedelta(seconds=policy.verdict_valid_for_s),
        explanation=liveness.explanation if liveness is not None else None,
        freshness=Freshness(facts["freshness"]),
        channel=Channel(facts["channel"]),
        authenticity=DocumentAuthenticity(facts["authenticity"]),
    )
