"""Find faces in photographs and scans: the YuNet model, which sees faces from about ten pixels on.

A face may fill the picture or a fiftieth of it, so the picture is searched at several sizes.
"""

from pathlib import Path

import cv2
import numpy as np

from borderlight.vision.detector import FaceBox
from borderlight.vision.models import OnnxModel

_STRIDES = (8, 16, 32)
_LONG_SIDES_PX = (320, 640, 1280)
"""Sizes at which a picture is searched: the model knows faces of ten to about three hundred pixels."""
_ALIGNED_TO_PX = 32
_MIN_SCORE = 0.6
_SAME_FACE_IOU = 0.3


class DocumentFaceDetector:
    """Detects every face whose long side is at least about 2 % of the picture's and 15 pixels."""

    def __init__(self, folder: Path) -> None:
        self._model = OnnxModel("face_detection_yunet", folder)

    def detect(self, rgb: np.ndarray) -> list[FaceBox]:
        """Faces in `rgb` [height, width, 3] code values, best first; points: eyes, nose tip, corners of the mouth.

        The eye and the corner of the mouth that are further left in an upright picture come first.
        """
        long_side = max(rgb.shape[:2])
        sides = sorted({min(side, long_side) for side in _LONG_SIDES_PX})
        found = [box for side in sides for box in self.search(rgb, side / long_side)]
        return _distinct(sorted(found, key=lambda box: -box.score))

    def search(self, rgb: np.ndarray, scale: float) -> list[FaceBox]:
        """Boxes at one size of the picture, several per face; their places are those of `rgb`."""
        height, width = (max(1, round(size * scale)) for size in rgb.shape[:2])
        reduced = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA) if scale != 1.0 else rgb
        rows, columns = (-(-size // _ALIGNED_TO_PX) * _ALIGNED_TO_PX for size in (height, width))
        batch = np.zeros((1, 3, rows, columns), np.float32)
        batch[0, :, :height, :width] = reduced[:, :, ::-1].transpose(2, 0, 1)  # the model takes blue, green, red
        outputs = [output[0] for output in self._model.run(batch)]
        found: list[FaceBox] = []
        for k, stride in enumerate(_STRIDES):
            kind, there, box, points = outputs[k], outputs[3 + k], outputs[6 + k], outputs[9 + k]
            scores = np.sqrt(np.clip(kind[:, 0], 0, 1) * np.clip(there[:, 0], 0, 1))
            for at in np.flatnonzero(scores >= _MIN_SCORE).tolist():
                cell = np.array([at % (columns // stride), at // (columns // stride)], dtype=float)
                found.append(
                    FaceBox(
                        (cell + box[at, :2]) * stride / scale,
                        np.exp(box[at, 2:].astype(float)) * stride / scale,
                        (cell + points[at].reshape(5, 2)) * stride / scale,
                        float(scores[at]),
                    )
                )
        return found


def _overlap(a: FaceBox, b: FaceBox) -> float:
    low = np.maximum(a.centre - a.size / 2, b.centre - b.size / 2)
    high = np.minimum(a.centre + a.size / 2, b.centre + b.size / 2)
    shared = float(np.clip(high - low, 0, None).prod())
    return shared / max(float(a.size.prod() + b.size.prod()) - shared, 1e-9)


def _distinct(boxes: list[FaceBox]) -> list[FaceBox]:
    """The best box of each face; `boxes`: best first."""
    kept: list[FaceBox] = []
    for box in boxes:
        if all(_overlap(box, other) < _SAME_FACE_IOU for other in kept):
            kept.append(box)
    return kept
