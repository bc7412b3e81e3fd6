"""Is it a recording of moving light at all?

Every frame of a sensor differs from the one before, if only by noise. A recording most of whose frames are equal is a
still that was fed in, or a camera that hung: neither can be judged, and neither is proof of anything.
"""

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "recording"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Share of frames equal to the one before [share]."""
    limit = limits.get(NAME, "max_duplicate_share")
    share = measured.duplicate_share
    slow = measured.frames_per_second < limits.get(NAME, "min_frames_per_second")
    if share > limit:
        finding, meaning = Finding.CANNOT_TELL, "Most frames repeat the one before: the camera hung or was replaced."
    elif slow:
        finding, meaning = Finding.CANNOT_TELL, "The camera was too slow for the colours."
    else:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "Every frame is a new picture."
    return Evidence(
        NAME, finding, share, share, share, limit, "share of frames", True, meaning,
        margin=(limit - share) / limit if finding is Finding.SUPPORTS_BONA_FIDE else -1.0,
        advice=() if finding is Finding.SUPPORTS_BONA_FIDE else (Advice.SLOW_CAMERA,),
        details={"frames_per_second": measured.frames_per_second},
    )  # fmt: skip
