"""Is the delay between display and capture physical?

Client clocks are evidence, not truth, and honest delays overlap with those of fast injection: an impossible lag can
withhold support, a plausible one proves little. It never means attack by itself.
"""

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "lag"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Best-fitting display-to-capture delay [ms]."""
    lag_ms = measured.challenge.lag_ms
    low, high = limits.get(NAME, "min_ms"), limits.get(NAME, "max_ms")
    plausible = low <= lag_ms <= high
    return Evidence(
        NAME, Finding.SUPPORTS_BONA_FIDE if plausible else Finding.CANNOT_TELL, lag_ms, lag_ms - 12.0, lag_ms + 12.0,
        high, "ms", True,
        "The delay is one that phones show." if plausible else "The delay is outside what phones show.",
        margin=min((lag_ms - low) / (high - low), (high - lag_ms) / (high - low)) * 2.0,
        advice=() if plausible else (Advice.MOVED,),
    )  # fmt: skip
