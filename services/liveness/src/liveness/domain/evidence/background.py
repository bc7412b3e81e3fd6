"""Is the background behind the face?

Screen light falls off with the square of the distance: a room one to three metres away answers a few per cent of what
a face at arm's length does. A sheet or tablet held up answers like the face inside its frame, and a tint over the
whole picture answers alike everywhere. A cell counts as near when even the lower bound of its answer is.
"""

from dataclasses import dataclass

import numpy as np

from liveness.domain.finding import Advice, Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("background", "share of the surroundings", necessary=False)
_MIN_CELLS = 4
_SURE = 3.0
"""Standard errors by which a cell must exceed the share to count as near."""


@dataclass(frozen=True)
class Limits:
    """near_share: answer from which a cell is near [share of the face's]; max_near_area: of near cells [share of the
    surroundings]; min_modulation: swing of the face's light below which nothing is said against a capture [share]."""

    near_share: float
    max_near_area: float
    min_modulation: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Share of the surroundings that answers as strongly as something as near as the face [share of its area]."""
    limit = limits.max_near_area
    share, error = measured.surroundings.share, measured.surroundings.error
    if len(share) < _MIN_CELLS:
        unread = Reading(0.0, 0.0, 1.0, limit)
        return _QUESTION.cannot_tell(unread, "No background was visible beside the face.", Advice.TOO_FAR)
    surely_near = float((share - _SURE * error > limits.near_share).mean())
    maybe_near = float((share + error > limits.near_share).mean())
    details = {
        "median_share": float(np.median(share)),
        "noise": float(np.median(error)),
        "cells": float(len(share)),
    }
    reading = Reading(surely_near, surely_near, maybe_near, limit, (limit - surely_near) / limit, details)
    if surely_near > limit and measured.challenge.modulation >= limits.min_modulation:
        return _QUESTION.against(reading, "What surrounds the face is as near to the phone as the face.")
    if maybe_near <= limit:
        return _QUESTION.supports(reading, "The background lies behind the face.")
    return _QUESTION.cannot_tell(reading, "The answer of the background is too weak to measure.")
