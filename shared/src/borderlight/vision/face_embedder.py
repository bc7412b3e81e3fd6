"""Align a face to the embedding model's chip and embed it: dlib's 128-D face descriptor."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from borderlight.vision.models import OnnxModel

CHIP_SIDE = 150
# Where the chip wants outer and inner eye corners and the nose base (subject's left first).
_TEMPLATE = np.array([(110.96, 46.35), (89.61, 47.90), (37.06, 46.37), (58.41, 47.91), (74.01, 87.78)])
_MESH_POINTS = ((263, 249), (362, 382), (33, 7), (133, 155), (2, 2))


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[2, 3] least-squares similarity that maps `source` [n, 2] on `target` [n, 2] (Umeyama, no reflection)."""
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = source - source_mean, target - target_mean
    norm = (a**2).sum()
    cos = (a * b).sum() / norm
    sin = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / norm
    rotation = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([rotation, (target_mean - rotation @ source_mean)[:, None]])


def align_chip(rgb: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[150, 150, 3] chip of the face whose mesh `points` [468, 2 or 3] lie in `rgb`."""
    source = np.array([points[list(pair), :2].mean(0) for pair in _MESH_POINTS])
    matrix = similarity(source, _TEMPLATE)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    while scale <= 0.5 and min(rgb.shape[:2]) > 2:  # halve first, so that bilinear sampling does not alias
        rgb = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
        source = (source + 0.5) / 2 - 0.5
        matrix = similarity(source, _TEMPLATE)
        scale *= 2
    return cv2.warpAffine(rgb, matrix, (CHIP_SIDE, CHIP_SIDE), flags=cv2.INTER_LINEAR)


class FaceEmbedder:
    """128-D embedding; Euclidean distance below about 0.57 means the same face."""

    def __init__(self, folder: Path) -> None:
        self._model = OnnxModel("face_embedding", folder)
        self.model_sha256 = self._model.sha256

    def embed(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        """[n, 128] raw embeddings of `chips`, each [150, 150, 3] RGB code values."""
        batch = np.stack(chips).astype(np.float32).transpose(0, 3, 1, 2)
        return self._model.run(np.ascontiguousarray(batch))[0]
