"""How much liveness depends on something that should not matter: the moments at which landmarks were looked for.

Every capture is judged several times, its looks shifted by a share of their interval. What differs is error of the
measurement that no noise estimate knows of.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from borderlight.contracts.normalized_capture import unpack
from borderlight.errors import CaptureRejected
from borderlight.vision.models import default_models_folder
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer
from liveness.adapters.capture_series import series_of
from liveness.domain.assessment import assess_liveness
from liveness.domain.thresholds import Thresholds

FIRST_LOOKS_MS = (0.0, 40.0, 80.0, 120.0, 160.0)


@dataclass(frozen=True)
class LookMoments:
    """Of one capture: relief amplitudes per first look, their stated standard error (mean), outcomes."""

    bundle: str
    label: str
    amplitudes: tuple[float, ...]
    stated_error: float
    outcomes: tuple[str, ...]


def measure_look_moments(bundles: Sequence[Path], limits: Thresholds, advance: Callable[[], None]) -> list[LookMoments]:
    """Captures that can be normalized and whose relief can be measured from every first look."""
    models = default_models_folder()
    normalizers = [VisionCaptureNormalizer(models, DecodeLimits(), first) for first in FIRST_LOOKS_MS]
    found: list[LookMoments] = []
    for bundle in bundles:
        advance()
        raw = json.loads((bundle / "capture.json").read_text())
        label = json.loads((bundle / "truth.json").read_text())["label"]
        video = (bundle / raw["video"]["file"]).read_bytes()
        header = {"challenge": raw["challenge"], "client_video": raw["video"]}
        try:
            captures = [unpack(normalizer.normalize(video, header)) for normalizer in normalizers]
            assessed = [assess_liveness(series_of(capture), limits) for capture in captures]
        except CaptureRejected:
            continue
        fits = [one.measurement.relief for one in assessed if one.measurement.relief is not None]
        if len(fits) == len(assessed):
            found.append(
                LookMoments(
                    bundle.name,
                    label,
                    tuple(fit.amplitude for fit in fits),
                    float(np.mean([fit.error for fit in fits])),
                    tuple(one.judgement.outcome.value for one in assessed),
                )
            )
    return found


def look_rows(found: Sequence[LookMoments]) -> list[dict[str, str | int | float]]:
    """One row per label: median spread of the amplitude over the moments, median stated error, outcomes that differ."""
    rows: list[dict[str, str | int | float]] = []
    for label in sorted({one.label for one in found}):
        some = [one for one in found if one.label == label]
        spread = [float(np.std(one.amplitudes, ddof=1)) for one in some]
        rows.append({
            "label": label,
            "captures": len(some),
            "median_spread": round(float(np.median(spread)), 4),
            "ninth_decile_of_spread": round(float(np.quantile(spread, 0.9)), 4),
            "median_stated_error": round(float(np.median([one.stated_error for one in some])), 4),
            "outcome_differs": sum(len(set(one.outcomes)) > 1 for one in some),
            "bona_fide_and_attack": sum({"bona_fide", "attack"} <= set(one.outcomes) for one in some),
        })  # fmt: skip
    return rows
