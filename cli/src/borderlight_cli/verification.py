"""Run capture bundles through the embedded flow and report each as one JSON-ready answer."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from borderlight.contracts.bundle import BundleUnreadable, read_bundle
from borderlight.contracts.events import (
    CaptureNormalized,
    CaptureRejected,
    EntryVerdict,
    Event,
    FaceCompared,
    LivenessAssessed,
)
from borderlight_cli.embedded import EmbeddedStack, SharedModels
from borderlight_cli.submission import submit_bundle

_UNREADABLE = ("capture.not_a_video",)
"""Of a traveller's upload the flow makes a retake; of a bundle on disk it means that the bundle cannot be read."""


@dataclass(frozen=True)
class Verification:
    """answer: what `verify --json` prints; explanation: the liveness page, where there is one."""

    answer: dict[str, Any]
    explanation: bytes | None = None

    @property
    def is_error(self) -> bool:
        return self.answer["outcome"] == "error"


def error_answer(bundle: str, reason: str, message: str) -> dict[str, Any]:
    """The answer for a bundle that could not be run."""
    return {
        "bundle": bundle,
        "session_id": None,
        "outcome": "error",
        "reasons": [reason],
        "message": message,
        "liveness": {"outcome": "inconclusive", "reasons": [reason], "evidence": {}},
        "comparison": {"outcome": "inconclusive", "score": None, "reasons": [reason]},
        "cpu_ms": {},
    }


def _last(stack: EmbeddedStack, contract: type[Event]) -> Any:
    records = stack.bus.log.get(contract.topic, [])
    return contract.model_validate_json(records[-1].value or b"") if records else None


async def verify_bundle(folder: Path, models: SharedModels) -> Verification:
    """One bundle through the real handlers on a stack of its own; never raises for a bad bundle."""
    try:
        bundle = read_bundle(folder)
    except BundleUnreadable as error:
        return Verification(error_answer(folder.name or str(folder), "input.bundle_unreadable", str(error)))
    begun = time.process_time()
    async with EmbeddedStack(models) as stack:

        async def enrolled(_: str, __: list[str]) -> None:
            await stack.bus.drain()

        await submit_bundle(bundle, stack.bus, stack.objects, stack.clock, enrolled)
        await stack.bus.drain()
        verdict: EntryVerdict | None = _last(stack, EntryVerdict)
        if verdict is None:
            dead = [topic for topic in stack.bus.log if topic.endswith(".dlq")]
            return Verification(error_answer(folder.name, "session.dead_letter", f"no verdict; see {dead}"))
        liveness: LivenessAssessed | None = _last(stack, LivenessAssessed)
        comparison: FaceCompared | None = _last(stack, FaceCompared)
        normalized: CaptureNormalized | None = _last(stack, CaptureNormalized)
        rejected: CaptureRejected | None = _last(stack, CaptureRejected)
        explanation = None
        if verdict.explanation is not None:
            explanation = await stack.objects.get(verdict.explanation.bucket, verdict.explanation.key)
        main_ms = (time.process_time() - begun) * 1000.0
    if rejected is not None and (rejected.reasons[0] in _UNREADABLE or rejected.reasons[0].startswith("input.")):
        answer = error_answer(folder.name, rejected.reasons[0], rejected.explanation)
        return Verification({**answer, "session_id": bundle.session_id})
    return Verification(_answer(folder.name, verdict, liveness, comparison, normalized, rejected, main_ms), explanation)


def _answer(
    name: str,
    verdict: EntryVerdict,
    liveness: LivenessAssessed | None,
    comparison: FaceCompared | None,
    normalized: CaptureNormalized | None,
    rejected: CaptureRejected | None,
    main_ms: float,
) -> dict[str, Any]:
    cpu = {
        "normalizer": normalized.cpu_ms if normalized else 0.0,
        "liveness": liveness.cpu_ms if liveness else 0.0,
        "matcher": comparison.cpu_ms if comparison else 0.0,
    }
    cpu["flow"] = max(0.0, main_ms - cpu["liveness"] - cpu["matcher"])
    evidence = liveness.model_dump(mode="json")["evidence"] if liveness else {}
    return {
        "bundle": name,
        "session_id": verdict.session_id,
        "outcome": verdict.outcome.value,
        "reasons": list(verdict.reasons),
        "advice": list(verdict.advice),
        "liveness": {
            "outcome": (verdict.liveness.outcome or "inconclusive"),
            "score": verdict.liveness.score,
            "reasons": list(verdict.liveness.reasons),
            "advice": list(liveness.advice) if liveness else list(rejected.reasons) if rejected else [],
            "evidence": evidence,
        },
        "comparison": {
            "outcome": (verdict.comparison.outcome or "inconclusive"),
            "score": verdict.comparison.score,
            "threshold": verdict.comparison.threshold,
            "reasons": list(verdict.comparison.reasons),
        },
        **({"message": rejected.explanation} if rejected else {}),
        "thresholds_version": verdict.thresholds_version,
        "cpu_ms": {stage: round(value, 1) for stage, value in cpu.items()},
    }
