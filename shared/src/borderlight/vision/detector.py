"""Find faces: the short-range BlazeFace model with weighted non-maximum suppression."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from borderlight.vision.models import OnnxModel

_SIDE = 128
_MIN_SCORE = 0.5
_MERGE_IOU = 0.3


@dataclass(frozen=True)
class FaceBox:
    """centre, size: [x, y], [w, h] in pixels; points: [6, 2] key points in pixels; score in 0..1."""

    centre: np.ndarray
    size: np.ndarray
    points: np.ndarray
    score: float


def _anchors() -> np.ndarray:
    def grid(side: int, repeats: int) -> np.ndarray:
        steps = (np.arange(side) + 0.5) / side
        centres = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
        return np.repeat(centres, repeats, axis=0)

    return np.concatenate([grid(16, 2), grid(8, 6)])


class FaceDetector:
    """Detects every face whose long side is at least about 15 % of the frame's."""

    def __init__(self, folder: Path) -> None:
        self._model = OnnxModel("face_detection", folder)
        self._anchors = _anchors()

    def detect(self, rgb: np.ndarray) -> list[FaceBox]:
        """Faces in `rgb` [height, width, 3] code values, best first."""
        height, width = rgb.shape[:2]
        scale = _SIDE / max(height, width)
        inner = cv2.resize(rgb, (max(1, round(width * scale)), max(1, round(height * scale))))
        canvas = np.zeros((_SIDE, _SIDE, 3), np.uint8)
        left, top = (_SIDE - inner.shape[1]) // 2, (_SIDE - inner.shape[0]) // 2
        canvas[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
        batch = (canvas.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None]
        regressors, logits = self._model.run(np.ascontiguousarray(batch))
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits[0, :, 0].astype(np.float64), -100, 100)))
        keep = scores >= _MIN_SCORE
        values = regressors[0][keep] / _SIDE
        anchors, scores = self._anchors[keep], scores[keep]
        centres = values[:, 0:2] + anchors
        sizes = values[:, 2:4]
        points = values[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        offset = np.array([left, top])
        return [
            FaceBox((c * _SIDE - offset) / scale, s * _SIDE / scale, (p * _SIDE - offset) / scale, score)
            for c, s, p, score in _merge(centres, sizes, points, scores)
        ]


def _merge(
    centres: np.ndarray, sizes: np.ndarray, points: np.ndarray, scores: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, float]]:
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray, float]] = []
    left = list(np.argsort(-scores))
    low, high = centres - sizes / 2, centres + sizes / 2
    while left:
        best = left[0]
        overlap = np.clip(np.minimum(high[best], high[left]) - np.maximum(low[best], low[left]), 0, None).prod(1)
        union = sizes[best].prod() + sizes[left].prod(1) - overlap
        group = np.array(left)[(overlap / np.maximum(union, 1e-9)) > _MERGE_IOU]
        if best not in group:
            group = np.array([best])
        weight = scores[group] / scores[group].sum()
        found.append(
            (
                weight @ centres[group],
                weight @ sizes[group],
                np.einsum("i,ijk->jk", weight, points[group]),
                float(scores[best]),
            )
        )
        chosen = set(group.tolist())
        left = [k for k in left if k not in chosen]
    return found
