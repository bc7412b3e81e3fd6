"""What the recording is like, whatever the light."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from liveness.domain.measure.face_light import FaceLight
from liveness.domain.series import CaptureSeries

_CLIPPED_SHARE = 0.5
"""A cell counts as clipped when less than this share of it is neither clipped nor black."""


@dataclass(frozen=True)
class RecordingQuality:
    """duplicate_share: share of frames equal to the one before; clipped_share: share of face cells that are clipped or
    black; face_level: mean linear radiance of the face [share of full scale]; eye_distance_px: between the eyes [px];
    yaw: turn of the head, 0 straight ahead, in shares of the eye distance."""

    frames_per_second: float
    duplicate_share: float
    clipped_share: float
    face_level: float
    eye_distance_px: float
    yaw: float


def measure_recording(
    series: CaptureSeries, inside: Bool[np.ndarray, "rows columns"], face: FaceLight
) -> RecordingQuality:
    """inside: cells that the mesh covers."""
    times = series.timing.frame_time_ms
    span = float(times[-1] - times[0])
    return RecordingQuality(
        frames_per_second=1000.0 * (len(times) - 1) / max(span, 1.0),
        duplicate_share=float((series.radiance[1:] == series.radiance[:-1]).all((1, 2, 3)).mean()),
        clipped_share=float(1.0 - (series.usable_share[:, inside] > _CLIPPED_SHARE).mean()),
        face_level=float(face.radiance.mean()),
        eye_distance_px=series.eye_distance_px,
        yaw=series.yaw,
    )
