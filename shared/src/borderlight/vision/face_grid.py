"""Sample a tracked face and its surroundings as linear radiance on fixed grids.

The grid hangs on the face: an affine map fitted to all 468 mesh points in every frame carries a cell from the mean
mesh to the frame, so that a cell sees the same skin while the head moves.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from borderlight.contracts.normalized_capture import GRID_COLUMNS, GRID_ROWS, SCENE_COLUMNS, SCENE_ROWS
from borderlight.vision.face_embedder import similarity
from borderlight.vision.face_track import FaceTrack
from borderlight.vision.frame import Frame, ReducedFrame

_PIXELS_PER_CELL = 2
_SCENE_STRIDE = 8
_BLACK, _WHITE = 4, 250
# Face box in the canonical frame: mean mesh bounds plus a margin, so that hair line and jaw edge stay inside.
_MARGIN = 0.04


def srgb_to_linear() -> np.ndarray:
    """[256] linear radiance of each sRGB code value [share of full scale], IEC 61966-2-1."""
    code = np.arange(256) / 255.0
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = srgb_to_linear()
_USABLE = np.where((np.arange(256) >= _BLACK) & (np.arange(256) <= _WHITE), 255, 0).astype(np.uint8)


@dataclass(frozen=True)
class FaceGrid:
    """to_frame: [T, 2, 3] cells to pixels; mesh: [468, 3] mean mesh in cells."""

    to_frame: np.ndarray
    mesh: np.ndarray


def fit_grid(track: FaceTrack, count: int) -> FaceGrid:
    """Grid for each of `count` frames in which a face was tracked."""
    tracked = track.points
    reference = tracked[len(tracked) // 2, :, :2]
    aligned = np.empty_like(tracked)
    for k, mesh in enumerate(tracked):
        matrix = similarity(mesh[:, :2], reference)
        aligned[k, :, :2] = mesh[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        aligned[k, :, 2] = mesh[:, 2] * np.hypot(matrix[0, 0], matrix[1, 0])
    mean = np.median(aligned, axis=0)
    eyes = mean[263, :2] - mean[33, :2]
    angle = -np.arctan2(eyes[1], eyes[0])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = mean.copy()
    upright[:, :2] = mean[:, :2] @ rotation.T
    low, high = upright[:, :2].min(0), upright[:, :2].max(0)
    size = (high - low) * (1 + 2 * _MARGIN)
    low = low - (high - low) * _MARGIN
    cell = size / np.array([GRID_COLUMNS, GRID_ROWS])
    mesh = upright.copy()
    mesh[:, :2] = (upright[:, :2] - low) / cell
    mesh[:, 2] = upright[:, 2] / cell.mean()
    # Least squares from cells to pixels for every look at once: the design matrix is the same for all. The map is
    # linear in the points, so that it may be interpolated in their place.
    design = np.hstack([mesh[:, :2], np.ones((len(mesh), 1))])
    solve = np.linalg.pinv(design)
    to_frame = (solve @ track.smoothed()).transpose(0, 2, 1)
    return FaceGrid(track.at_every_frame(to_frame, count), mesh)


def sample_face(frame: ReducedFrame, to_frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """([30, 24, 3] linear radiance, [30, 24] usable share [1/255]) of a frame under the grid map `to_frame` [2, 3]."""
    fine = to_frame.copy()
    fine[:, :2] /= _PIXELS_PER_CELL
    fine[:, 2] = to_frame[:, 2] + fine[:, :2] @ np.array([0.5, 0.5]) - 0.5
    size = (GRID_COLUMNS * _PIXELS_PER_CELL, GRID_ROWS * _PIXELS_PER_CELL)
    patch = frame.sample(fine, size)
    target = (GRID_COLUMNS, GRID_ROWS)
    radiance = cv2.resize(cv2.LUT(patch, _LINEAR), target, interpolation=cv2.INTER_AREA)
    usable = cv2.resize(cv2.LUT(patch, _USABLE), target, interpolation=cv2.INTER_AREA)
    return radiance, cv2.min(cv2.min(usable[..., 0], usable[..., 1]), usable[..., 2])


def sample_scene(frame: Frame) -> np.ndarray:
    """[16, 12, 3] linear radiance over the whole frame from every eighth pixel either way."""
    coarse = frame.coarse(_SCENE_STRIDE)
    return cv2.resize(cv2.LUT(coarse, _LINEAR), (SCENE_COLUMNS, SCENE_ROWS), interpolation=cv2.INTER_AREA)
