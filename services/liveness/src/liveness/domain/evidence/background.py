"""Is the background behind the face?

Screen light falls off with the square of the distance: a room one to three metres away answers a few per cent of what
a face at arm's length does. A sheet or tablet held up answers like the face inside its frame, and a tint over the
whole picture answers alike everywhere. A cell counts as near when even the lower bound of its answer is.
"""

import numpy as np

from liveness.domain.finding import Advice, Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "background"
_MIN_CELLS = 4
_SURE = 3.0
"""Standard errors by which a cell must exceed the share to count as near."""


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Share of the surroundings that answers as strongly as something as near as the face [share of its area]."""
    limit = limits.get(NAME, "max_near_area")
    share, error = measured.surround_share, measured.surround_error
    if len(share) < _MIN_CELLS:
        return Evidence(
            NAME, Finding.CANNOT_TELL, 0.0, 0.0, 1.0, limit, "share of the surroundings", False,
            "No background was visible beside the face.", advice=(Advice.TOO_FAR,),
        )  # fmt: skip
    near_share = limits.get(NAME, "near_share")
    surely_near = float((share - _SURE * error > near_share).mean())
    maybe_near = float((share + error > near_share).mean())
    strong = measured.challenge.modulation >= limits.get(NAME, "min_modulation")
    if surely_near > limit and strong:
        finding, meaning = Finding.SUPPORTS_ATTACK, "What surrounds the face is as near to the phone as the face."
    elif maybe_near <= limit:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The background lies behind the face."
    else:
        finding, meaning = Finding.CANNOT_TELL, "The answer of the background is too weak to measure."
    return Evidence(
        NAME, finding, surely_near, surely_near, maybe_near, limit, "share of the surroundings", False, meaning,
        margin=(limit - surely_near) / limit,
        details={"median_share": float(np.median(share)), "noise": float(np.median(error)), "cells": float(len(share))},
    )  # fmt: skip
