"""Quality of a document photograph: named measures, native values apart from the decision.

The words are those of ISO/IEC 29794-5; the algorithms are simple ones of our own, not the standard's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_EYES = ((159, 145, 33, 133), (386, 374, 362, 263))
"""Upper lid, lower lid, outer and inner corner (mesh indices) of either eye."""

OTHER_FACE = "comparison.reference_other_face"
ADVICE = {
    "comparison.reference_no_face": "Send the page with the portrait, upright and in full.",
    "comparison.reference_several_faces": "Send a picture with one portrait only.",
    "comparison.reference_too_small": "Scan at 300 dpi or more.",
    "comparison.reference_turned": "Use a picture in which the person looks into the camera.",
    "comparison.reference_blurred": "Scan again, in focus and without movement.",
    "comparison.reference_too_dark": "Scan again with more light.",
    "comparison.reference_too_bright": "Scan again without reflections and with less light.",
    "comparison.reference_low_contrast": "Scan again with even light; the print may be faded.",
    "comparison.reference_eyes_closed": "Use a picture with open eyes.",
    "comparison.reference_small": "It serves; a scan at a higher resolution would compare better.",
    "comparison.reference_soft": "It serves; a sharper scan would compare better.",
    OTHER_FACE: "It serves; a picture with nobody in the background would be safer.",
    "comparison.reference_not_an_image": "Send JPEG, PNG, JPEG 2000 or a DG2 file.",
    "comparison.reference_too_large": "Send at most 20 MB and 40 megapixels.",
    "comparison.reference_record_unreadable": "Read the chip again; the DG2 file is damaged.",
}


@dataclass(frozen=True)
class QualityLimits:
    """refuse_*: below it the photograph cannot serve; flag_*: it serves, with a flag."""

    refuse_inter_eye_px: float = 30.0
    refuse_sharpness: float = 1.2
    refuse_dynamic_range: float = 18.0
    refuse_luminance: tuple[float, float] = (14.0, 248.0)
    refuse_yaw: float = 0.33
    flag_inter_eye_px: float = 60.0
    flag_sharpness: float = 4.0
    flag_eyes_open: float = 0.11


def measure_quality(
    rgb: UInt8[np.ndarray, "height width 3"], mesh: Float[np.ndarray, "points k"], presence: float
) -> dict[str, float]:
    """Native values.

    inter_eye_distance [px]; head_pose_yaw [share of the eye distance, 0 is frontal]; head_pose_roll [deg];
    sharpness [mean absolute Laplacian of the face, code values]; luminance_mean, dynamic_range (5th to 95th
    percentile), under_exposure, over_exposure [share of face pixels]; eyes_open [lid gap over eye width, the less open
    eye]; natural_colour [mean chroma, 0 is grey].
    """
    left, right, nose = mesh[33, :2], mesh[263, :2], mesh[1, :2]
    axis = right - left
    distance = float(np.linalg.norm(axis))
    along = float(((nose - (left + right) / 2) @ axis) / max(distance, 1e-6) ** 2)
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    y0, x0 = max(0, int(low[1])), max(0, int(low[0]))
    face = rgb[y0 : max(y0 + 3, int(high[1])), x0 : max(x0 + 3, int(high[0]))]
    red, green, blue = face[..., 0], face[..., 1], face[..., 2]
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    luma = face.astype(np.float32) @ _LUMA
    laplacian = np.abs(4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:])
    below = np.cumsum(np.bincount(luma.astype(np.uint8).ravel(), minlength=256)) / luma.size
    bottom, top = np.searchsorted(below, (0.05, 0.95))
    open_eyes = [
        float(np.linalg.norm(mesh[u, :2] - mesh[d, :2]) / max(np.linalg.norm(mesh[a, :2] - mesh[b, :2]), 1e-6))
        for u, d, a, b in _EYES
    ]
    values = {
        "inter_eye_distance": distance,
        "head_pose_yaw": along,
        "head_pose_roll": float(np.degrees(np.arctan2(axis[1], axis[0]))),
        "sharpness": float(laplacian.mean()) if laplacian.size else 0.0,
        "luminance_mean": float(luma.mean()),
        "dynamic_range": float(top - bottom),
        "under_exposure": float((luma < 16).mean()),
        "over_exposure": float((luma > 250).mean()),
        "eyes_open": min(open_eyes),
        "natural_colour": float(chroma.mean()),
        "face_presence": presence,
    }
    return {name: round(value, 4) for name, value in values.items()}


def refusals(quality: Mapping[str, float], limits: QualityLimits) -> tuple[str, ...]:
    """Why a photograph cannot serve as a reference; empty when it can."""
    found: list[str] = []
    darkest, brightest = limits.refuse_luminance
    if quality["inter_eye_distance"] < limits.refuse_inter_eye_px:
        found.append("comparison.reference_too_small")
    if abs(quality["head_pose_yaw"]) > limits.refuse_yaw:
        found.append("comparison.reference_turned")
    if quality["luminance_mean"] < darkest:
        found.append("comparison.reference_too_dark")
    if quality["luminance_mean"] > brightest:
        found.append("comparison.reference_too_bright")
    if quality["dynamic_range"] < limits.refuse_dynamic_range and not found:
        found.append("comparison.reference_low_contrast")
    if quality["sharpness"] < limits.refuse_sharpness and not found:
        found.append("comparison.reference_blurred")
    return tuple(found)


def flags(quality: Mapping[str, float], limits: QualityLimits) -> tuple[str, ...]:
    """What is poor but usable, for the steward."""
    found: list[str] = []
    if quality["inter_eye_distance"] < limits.flag_inter_eye_px:
        found.append("comparison.reference_small")
    if quality["sharpness"] < limits.flag_sharpness:
        found.append("comparison.reference_soft")
    if quality["eyes_open"] < limits.flag_eyes_open:
        found.append("comparison.reference_eyes_closed")
    return tuple(found)


def advice_for(reasons: tuple[str, ...]) -> str:
    """Words for a steward about refusals."""
    return " ".join(dict.fromkeys(ADVICE[reason] for reason in reasons if reason in ADVICE))
