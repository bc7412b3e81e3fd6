"""Is the surface a face-shaped relief?

R/B leaves geometry: screen light over room light. On a face it rises where the room is shaded (beside the nose, under
brow and lip) and falls where the skin turns away. The log ratio, freed of its smooth part, of anything that goes with
brightness or colour (a veil of gloss is the picture's negative) and of every course across the width (a bent sheet
varies along one axis only), is projected on what the face's own mesh predicts for several rooms. The amplitude is
that projection's root mean square; prints, screens and uniform tints have none.
"""

import numpy as np

from liveness.domain.face_geometry import COLUMNS
from liveness.domain.finding import Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.response_map import ResponseMap
from liveness.domain.smoothing import high_pass, smooth
from liveness.domain.thresholds import Thresholds

NAME = "relief"
_SIGMA_CELLS = 1.9  # 8 % of the face's width
_GLOSS = 2.4  # response beyond this many medians is a highlight, not geometry


def _log_ratio(ratio: np.ndarray) -> np.ndarray:
    return np.log(np.clip(ratio, 0.15, 5.0))


def _nuisance(response: ResponseMap, weight: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Orthonormal basis of all that a flat or bent picture could show."""
    brightness = np.log(np.maximum(response.brightness, 0.05))
    veil = brightness * smooth(_log_ratio(response.ratio), weight, _SIGMA_CELLS)
    terms = [high_pass(term, weight, _SIGMA_CELLS)[chosen] for term in (brightness, response.redness, veil)]
    column = np.broadcast_to(np.arange(COLUMNS), chosen.shape)[chosen]
    courses = [(column == k).astype(float) for k in np.unique(column)]
    basis, _ = np.linalg.qr(np.stack([*terms, *courses], axis=1))
    return basis


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Amplitude of the predicted relief in log R/B [unitless], its bounds from the two halves of the slots."""
    limit = limits.get(NAME, "min_amplitude")
    response = measured.response
    if response is None:
        return _unmeasurable(limit)
    lit = response.usable & (response.brightness > 0.12)
    bright = lit & (response.brightness > np.median(response.brightness[response.usable]))
    typical = float(np.median(response.response[bright])) if bright.any() else 0.0
    chosen = lit & (response.response < _GLOSS * typical)
    if int(chosen.sum()) < 120:
        return _unmeasurable(limit)
    weight = chosen.astype(float)
    basis = _nuisance(response, weight, chosen)

    def residual(values: np.ndarray) -> np.ndarray:
        flat = high_pass(values, weight, _SIGMA_CELLS)[chosen]
        return flat - basis @ (basis.T @ flat)

    observed = residual(_log_ratio(response.ratio))
    halves = [residual(_log_ratio(half)) for half in (response.first_half, response.second_half)]
    root = float(np.sqrt(chosen.sum()))
    amplitudes: list[tuple[float, np.ndarray]] = []
    for template in measured.geometry.templates:
        shape = residual(template)
        shape = shape / (np.linalg.norm(shape) + 1e-12)
        amplitudes.append((float(shape @ observed) / root, shape))
    amplitude, shape = max(amplitudes, key=lambda pair: pair[0])
    first, second = (float(shape @ half) / root for half in halves)
    noise = float(np.median((response.error / np.clip(response.ratio, 0.15, 5.0))[chosen]))
    error = max(abs(first - second) / 2.0, 1.5 * noise / root)
    lower, upper = amplitude - error, amplitude + 2.0 * error
    likeness = float(shape @ observed / (np.linalg.norm(observed) + 1e-12))
    too_noisy = noise > limits.get(NAME, "max_noise")
    # Both halves of the light must show the relief: one lucky half is not a map.
    if not too_noisy and amplitude >= limit and min(first, second) > 0.3 * limit and lower > 0.3 * limit:
        finding, meaning = Finding.SUPPORTS_BONA_FIDE, "The light showed the hollows and ridges of this face."
    elif not too_noisy and upper < limits.get(NAME, "max_flat_amplitude"):
        finding, meaning = Finding.SUPPORTS_ATTACK, "The light fell on a surface without the relief of a face."
    else:
        finding, meaning = Finding.CANNOT_TELL, "The relief of the face could not be measured well enough."
    return Evidence(
        NAME, finding, amplitude, lower, upper, limit, "log ratio", True, meaning, margin=(amplitude - limit) / limit,
        advice=() if finding is Finding.SUPPORTS_BONA_FIDE else ("capture.too_far", "capture.too_bright"),
        details={"first_half": first, "second_half": second, "likeness": likeness, "noise": noise},
    )  # fmt: skip


def _unmeasurable(limit: float) -> Evidence:
    return Evidence(
        NAME, Finding.CANNOT_TELL, 0.0, -1.0, 1.0, limit, "log ratio", True,
        "Too little of the face could be measured.", margin=-1.0, advice=("capture.covered", "capture.too_bright"),
    )  # fmt: skip
