"""Follow one face through a capture: detector once, then the landmark model from mesh to mesh."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from borderlight.errors import CaptureRejected
from borderlight.vision.face_detector import FaceBox, FaceDetector
from borderlight.vision.face_landmarker import FaceLandmarker, FaceMesh, Region

_MIN_PRESENCE = 0.5
_SECOND_FACE_SHARE = 0.45
"""A second face counts when its box is at least this large beside the first; smaller ones stand in the room."""
_MIN_TRACKED_SHARE = 0.5


@dataclass(frozen=True)
class FaceTrack:
    """tracked_frame: [K] frame indices; points: [K, 468, 3] pixels; presence: [K]."""

    tracked_frame: np.ndarray
    points: np.ndarray
    presence: np.ndarray

    def at_every_frame(self, count: int) -> np.ndarray:
        """[count, 468, 2] mesh points, linear between tracked frames and constant beyond them."""
        index = np.clip(np.arange(count), self.tracked_frame[0], self.tracked_frame[-1]).astype(float)
        right = np.clip(np.searchsorted(self.tracked_frame, index), 1, len(self.tracked_frame) - 1)
        if len(self.tracked_frame) == 1:
            return np.repeat(self.points[:1, :, :2], count, axis=0)
        left = right - 1
        span = (self.tracked_frame[right] - self.tracked_frame[left]).astype(float)
        share = ((index - self.tracked_frame[left]) / span)[:, None, None]
        return self.points[left, :, :2] * (1 - share) + self.points[right, :, :2] * share


def _only_face(boxes: Sequence[FaceBox]) -> FaceBox:
    largest = max(boxes, key=lambda box: float(box.size.prod()))
    others = [b for b in boxes if b is not largest]
    if any(float(b.size.max()) > _SECOND_FACE_SHARE * float(largest.size.max()) for b in others):
        raise CaptureRejected("capture.several_faces", "more than one face is in the picture; only one person may be")
    return largest


def track_face(
    frames: Sequence[np.ndarray], detector: FaceDetector, landmarker: FaceLandmarker, every: int = 3
) -> FaceTrack:
    """Track the only face in `frames` (each [height, width, 3]); raises CaptureRejected when there is none."""
    wanted = list(range(0, len(frames), every))
    found: list[tuple[int, FaceMesh]] = []
    region: Region | None = None
    searches_left = 8  # a face that comes and goes must not cost a detection on every frame
    for order, index in enumerate(wanted):
        if region is None or order in (len(wanted) // 3, 2 * len(wanted) // 3):
            if region is None:
                if searches_left == 0:
                    break
                searches_left -= 1
            boxes = detector.detect(frames[index])
            if boxes:
                box = _only_face(boxes)
                region = Region.around_box(box) if region is None else region
        if region is None:
            continue
        mesh = landmarker.locate(frames[index], region)
        if mesh.presence < _MIN_PRESENCE:
            region = None
            continue
        found.append((index, mesh))
        region = Region.around_mesh(mesh)
    if not found:
        raise CaptureRejected(
            "capture.no_face", "no face was found; hold the phone so that your face fills the outline"
        )
    if len(found) < _MIN_TRACKED_SHARE * len(wanted):
        raise CaptureRejected("capture.covered", "the face was lost for most of the time; keep it in the outline")
    return FaceTrack(
        np.array([index for index, _ in found]),
        np.stack([mesh.points for _, mesh in found]),
        np.array([mesh.presence for _, mesh in found]),
    )
