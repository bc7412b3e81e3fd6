"""Is it a recording of moving light at all?

Every frame of a sensor differs from the one before, if only by noise. A recording most of whose frames are equal is a
still that was fed in, or a camera that hung: neither can be judged, and neither is proof of anything.
"""

from dataclasses import dataclass

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("recording", "share of frames", necessary=True)


@dataclass(frozen=True)
class Limits:
    """Share of frames that may repeat the one before; least frames a second."""

    max_duplicate_share: float
    min_frames_per_second: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Share of frames equal to the one before [share]."""
    share, limit = measured.recording.duplicate_share, limits.max_duplicate_share
    rate = measured.recording.frames_per_second
    details = {"frames_per_second": rate}
    unusable = Reading(share, share, share, limit, -1.0, details)
    if share > limit:
        meaning = "Most frames repeat the one before: the camera hung or was replaced."
        return _QUESTION.cannot_tell(unusable, meaning, Advice.SLOW_CAMERA)
    if rate < limits.min_frames_per_second:
        return _QUESTION.cannot_tell(unusable, "The camera was too slow for the colours.", Advice.SLOW_CAMERA)
    reading = Reading(share, share, share, limit, (limit - share) / limit, details)
    return _QUESTION.supports(reading, "Every frame is a new picture.")
