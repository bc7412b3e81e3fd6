"""Did the screen mirror itself in the eyes?

A wet cornea mirrors the phone as a small spot over the dark iris, far stronger than skin. Paper and a tint have none.
Support only: closed eyes, light irises, glasses and hair hide it, and a rigid mask may have glass eyes.
"""

from liveness.domain.finding import Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "corneal_glint"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Response of the strongest spot over the iris [responses of the face]."""
    limit = limits.get(NAME, "min_strength")
    strength = measured.glint
    if strength is None:
        return Evidence(
            NAME, Finding.CANNOT_TELL, 0.0, 0.0, 0.0, limit, "face responses", False,
            "The eyes could not be measured.",
        )  # fmt: skip
    shown = strength >= limit
    return Evidence(
        NAME, Finding.SUPPORTS_BONA_FIDE if shown else Finding.CANNOT_TELL, strength, strength, strength, limit,
        "face responses", False,
        "The screen was mirrored in an eye." if shown else "No mirror image of the screen was seen in the eyes.",
    )  # fmt: skip
