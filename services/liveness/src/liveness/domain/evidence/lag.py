"""Is the delay between display and capture physical?

Client clocks are evidence, not truth, and honest delays overlap with those of fast injection: an impossible lag can
withhold support, a plausible one proves little. It never means attack by itself.
"""

from dataclasses import dataclass

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("lag", "ms", necessary=True)
_HALF_STEP_MS = 12.0
"""Bounds of a lag [ms]: half the step of the search."""


@dataclass(frozen=True)
class Limits:
    """Least and greatest lag that phones show [ms]."""

    min_ms: float
    max_ms: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Best-fitting display-to-capture delay [ms]."""
    lag_ms, low, high = measured.challenge.lag_ms, limits.min_ms, limits.max_ms
    margin = min((lag_ms - low) / (high - low), (high - lag_ms) / (high - low)) * 2.0
    reading = Reading(lag_ms, lag_ms - _HALF_STEP_MS, lag_ms + _HALF_STEP_MS, high, margin)
    if low <= lag_ms <= high:
        return _QUESTION.supports(reading, "The delay is one that phones show.")
    return _QUESTION.cannot_tell(reading, "The delay is outside what phones show.", Advice.MOVED)
