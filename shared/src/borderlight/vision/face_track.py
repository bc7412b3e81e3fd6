"""Follow one face through a capture: detector once, then the landmark model from mesh to mesh."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from borderlight.errors import CaptureRejected
from borderlight.vision.face_detector import FaceBox, FaceDetector
from borderlight.vision.face_landmarker import FaceLandmarker, FaceMesh, Region
from borderlight.vision.frame import Frame

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

    def at_every_frame(self, count: int) -> np.ndarray:
        """[count, 468, 2] mesh points, linear between tracked frames and constant beyond them.

        The tracked points are smoothed first: the model's jitter from frame to frame is independent, a head's motion
        is not.
        """
        points = _smoothed(self.points[:, :, :2])
        index = np.clip(np.arange(count), self.tracked_frame[0], self.tracked_frame[-1]).astype(float)
        right = np.clip(np.searchsorted(self.tracked_frame, index), 1, len(self.tracked_frame) - 1)
        if len(self.tracked_frame) == 1:
            return np.repeat(self.points[:1, :, :2], count, axis=0)
        left = right - 1
        span = (self.tracked_frame[right] - self.tracked_frame[left]).astype(float)
        share = ((index - self.tracked_frame[left]) / span)[:, None, None]
        return points[left] * (1 - share) + points[right] * share


def _smoothed(points: np.ndarray) -> np.ndarray:
    """[K, n, 2] less their jitter: a quadratic over five neighbours (Savitzky-Golay), the ends as they are."""
    if len(points) < 5:
        return points
    weights = np.array([-3.0, 12.0, 17.0, 12.0, -3.0]) / 35.0
    smooth = points.copy()
    smooth[2:-2] = sum(weight * points[k : len(points) - 4 + k] for k, weight in enumerate(weights))
    return smooth


def _only_face(boxes: Sequence[FaceBox]) -> FaceBox:
    largest = max(boxes, key=lambda box: float(box.size.prod()))
    others = [b for b in boxes if b is not largest]
    if any(float(b.size.max()) > _SECOND_FACE_SHARE * float(largest.size.max()) for b in others):
        raise CaptureRejected("capture.several_faces", "more than one face is in the picture; only one person may be")
    return largest


def track_face(frames: Sequence[Frame], detector: FaceDetector, landmarker: FaceLandmarker, every: int) -> FaceTrack:
    """Track the only face in `frames`, looking at every `every`-th; raises CaptureRejected when there is none."""
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
            boxes = detector.detect(frames[index].rgb())
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
        len(found) / len(wanted),
    )
