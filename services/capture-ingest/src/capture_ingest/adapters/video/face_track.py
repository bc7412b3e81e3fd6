"""Follow one face through a capture: detector once, then the landmark model from mesh to mesh."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from borderlight.errors import CaptureRejected
from borderlight.vision.detector import FaceBox, FaceDetector
from borderlight.vision.frame import Frame
from borderlight.vision.landmarker import FaceLandmarker, FaceMesh, Region

_MIN_PRESENCE = 0.5
_SECOND_FACE_SHARE = 0.45
"""A second face counts when its box is at least this large beside the first; smaller ones stand in the room."""
_MIN_TRACKED_SHARE = 0.5


@dataclass(frozen=True)
class FaceTrack:
    """tracked_frame: [K] frame indices; points: [K, 468, 3] pixels; presence: [K]; tracked_share: of the frames that
    were looked at."""

    tracked_frame: np.ndarray
    points: np.ndarray
    presence: np.ndarray
    tracked_share: float

    def at_every_frame(self, values: np.ndarray, count: int) -> np.ndarray:
        """[count, ...] of `values` [K, ...] at the tracked frames: linear between them, constant beyond them."""
        if len(self.tracked_frame) == 1:
            return np.repeat(values, count, axis=0)
        index = np.clip(np.arange(count), self.tracked_frame[0], self.tracked_frame[-1]).astype(float)
        right = np.clip(np.searchsorted(self.tracked_frame, index), 1, len(self.tracked_frame) - 1)
        left = right - 1
        span = (self.tracked_frame[right] - self.tracked_frame[left]).astype(float)
        share = ((index - self.tracked_frame[left]) / span).reshape(-1, *[1] * (values.ndim - 1))
        return values[left] * (1 - share) + values[right] * share


def _only_face(boxes: Sequence[FaceBox]) -> FaceBox:
    largest = max(boxes, key=lambda box: float(box.size.prod()))
    others = [b for b in boxes if b is not largest]
    if any(float(b.size.max()) > _SECOND_FACE_SHARE * float(largest.size.max()) for b in others):
        raise CaptureRejected("capture.several_faces", "more than one face is in the picture; only one person may be")
    return largest


def track_face(looks: Sequence[tuple[int, Frame]], detector: FaceDetector, landmarker: FaceLandmarker) -> FaceTrack:
    """Track the only face through `looks`: frames with their index, in order. Raises CaptureRejected without one."""
    found: list[tuple[int, FaceMesh]] = []
    region: Region | None = None
    searches_left = 8  # a face that comes and goes must not cost a detection on every frame
    for order, (index, frame) in enumerate(looks):
        if region is None or order in (len(looks) // 3, 2 * len(looks) // 3):
            if region is None:
                if searches_left == 0:
                    break
                searches_left -= 1
            boxes = detector.detect(frame.rgb())
            if boxes:
                box = _only_face(boxes)
                region = Region.around_box(box) if region is None else region
        if region is None:
            continue
        mesh = landmarker.locate(frame, region)
        if mesh.presence < _MIN_PRESENCE:
            region = None
            continue
        found.append((index, mesh))
        region = Region.around_mesh(mesh)
    if not found:
        raise CaptureRejected(
            "capture.no_face", "no face was found; hold the phone so that your face fills the outline"
        )
    if len(found) < _MIN_TRACKED_SHARE * len(looks):
        raise CaptureRejected("capture.covered", "the face was lost for most of the time; keep it in the outline")
    return FaceTrack(
        np.array([index for index, _ in found]),
        np.stack([mesh.points for _, mesh in found]),
        np.array([mesh.presence for _, mesh in found]),
        len(found) / len(looks),
    )
