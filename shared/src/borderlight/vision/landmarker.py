"""Find the 468 mesh points of one face and follow them from frame to frame."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from borderlight.vision.detector import FaceBox
from borderlight.vision.frame import Frame
from borderlight.vision.models import OnnxModel

_SIDE = 192
_ROI_SCALE = 1.5


@dataclass(frozen=True)
class FaceMesh:
    """points: [468, 3] x, y, z in pixels (z nearer is smaller); presence: probability that a face is there."""

    points: np.ndarray
    presence: float


@dataclass(frozen=True)
class Region:
    """A rotated square: centre [px], side [px], angle [rad]."""

    centre: np.ndarray
    side: float
    angle: float

    @staticmethod
    def around_box(box: FaceBox) -> "Region":
        eyes = box.points[1] - box.points[0]
        return Region(box.centre, _ROI_SCALE * float(max(box.size)), float(np.arctan2(eyes[1], eyes[0])))

    @staticmethod
    def around_mesh(mesh: FaceMesh) -> "Region":
        flat = mesh.points[:, :2]
        low, high = flat.min(0), flat.max(0)
        eyes = flat[263] - flat[33]
        return Region((low + high) / 2, _ROI_SCALE * float((high - low).max()), float(np.arctan2(eyes[1], eyes[0])))


class FaceLandmarker:
    """The face mesh model on a rotated crop."""

    def __init__(self, folder: Path) -> None:
        self._model = OnnxModel("face_landmark", folder)

    def locate(self, frame: Frame, region: Region) -> FaceMesh:
        """The mesh of the face that fills `region` of the frame."""
        scale = region.side / _SIDE
        cos, sin = np.cos(region.angle) * scale, np.sin(region.angle) * scale
        half = _SIDE / 2
        to_frame = np.array(
            [
                [cos, -sin, region.centre[0] - cos * half + sin * half],
                [sin, cos, region.centre[1] - sin * half - cos * half],
            ]
        )
        crop = frame.warp(to_frame, (_SIDE, _SIDE), replicate=True)
        batch = np.empty((1, 3, _SIDE, _SIDE), np.float32)
        np.multiply(crop.transpose(2, 0, 1), np.float32(1 / 255), out=batch[0])
        points, logit = self._model.run(batch)
        raw = points.reshape(468, 3)
        flat = raw[:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
        mesh = np.concatenate([flat, raw[:, 2:] * scale], axis=1)
        return FaceMesh(mesh, float(1.0 / (1.0 + np.exp(-np.clip(logit.reshape(-1)[0], -60, 60)))))
