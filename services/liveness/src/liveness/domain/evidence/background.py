"""Is the background behind the face?

Screen light falls off with the square of the distance: a room one to three metres away answers a few per cent of what
a face at arm's length does. A sheet or tablet held up answers like the face inside its frame, and a tint over the
whole picture answers alike everywhere.
"""

import numpy as np

from liveness.domain.finding import Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "background"
_RELIABLE_ERROR = 0.05


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Median share of the face's answer that the surroundings give [share]."""
    limit = limits.get(NAME, "max_share")
    share, error = measured.surround_share, measured.surround_error
    if len(share) < 4:
        return Evidence(
            NAME, Finding.CANNOT_TELL, 0.0, 0.0, 1.0, limit, "share", False,
            "No background was visible beside the face.", advice=("capture.too_far",),
        )  # fmt: skip
    median, noise = float(np.median(share)), float(np.median(error))
    edge = float(np.quantile(share, 0.9))
    lower, upper = median - 2.0 * noise, median + 2.0 * noise
    if lower > limit:
        finding, meaning = Finding.SUPPORTS_ATTACK, "What surrounds the face answered as strongly as the face."
    elif noise < _RELIABLE_ERROR and edge - 2.0 * noise > limits.get(NAME, "max_edge_share"):
        finding, meaning = Finding.SUPPORTS_ATTACK, "Part of the surroundings lies as near as the face."
    elif upper < limit:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The background lies behind the face."
    else:
        finding, meaning = Finding.CANNOT_TELL, "The answer of the background is too weak to measure."
    return Evidence(
        NAME, finding, median, lower, upper, limit, "share", False, meaning, margin=(limit - median) / limit,
        details={"edge_share": edge, "noise": noise, "cells": float(len(share))},
    )  # fmt: skip
