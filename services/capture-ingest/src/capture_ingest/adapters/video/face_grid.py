"""Sample a tracked face and its surroundings as linear radiance on fixed grids.

The grid hangs on the face: an affine map fitted to all 468 mesh points in every frame carries a cell from the mean
mesh to the frame, so that a cell sees the same skin while the head moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from borderlight.contracts.normalized_capture import GRID_COLUMNS, GRID_ROWS, SCENE_COLUMNS, SCENE_ROWS
from borderlight.vision.chip import similarity
from borderlight.vision.reduced_frame import ReducedFrame, glance, glances_to_rgb, sample_areas
from capture_ingest.adapters.video.face_track import FaceTrack

_PIXELS_PER_CELL = 2
_SCENE_LOOKS = (40, 30)
"""Pixels that are looked at in a frame: rows, columns; means of four, as many as a scene's cells need."""
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
    matrix = similarity(tracked[:, :, :2], reference)
    flat = tracked[:, :, :2] @ matrix[:, :, :2].transpose(0, 2, 1) + matrix[:, None, :, 2]
    deep = tracked[:, :, 2:] * np.hypot(matrix[:, 0, 0], matrix[:, 1, 0])[:, None, None]
    mean = np.median(np.concatenate([flat, deep], axis=2), axis=0)
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
    to_frame = (solve @ tracked[:, :, :2]).transpose(0, 2, 1)
    return FaceGrid(track.at_every_frame(to_frame, count), mesh)


def sample_faces(frames: Sequence[ReducedFrame], to_frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """([T, 30, 24, 3] linear radiance, [T, 30, 24] usable share [1/255]) of T frames; their maps: [T, 2, 3]."""
    fine = to_frame.copy()
    fine[:, :, :2] /= _PIXELS_PER_CELL
    fine[:, :, 2] += fine[:, :, :2].sum(2) / 2 - 0.5
    patches = sample_areas(frames, fine, (GRID_COLUMNS * _PIXELS_PER_CELL, GRID_ROWS * _PIXELS_PER_CELL))
    usable = _cell_means(patches, _USABLE, GRID_ROWS, GRID_COLUMNS)
    least = np.minimum(np.minimum(usable[..., 0], usable[..., 1]), usable[..., 2])
    return _cell_means(patches, _LINEAR, GRID_ROWS, GRID_COLUMNS), least


def look_at_scene(frame: ReducedFrame) -> np.ndarray:
    """What `sample_scenes` needs of a frame; cheap while the frame is in the processor's cache."""
    return glance(frame, *_SCENE_LOOKS)


def sample_scenes(looks: Sequence[np.ndarray], frames: Sequence[ReducedFrame]) -> np.ndarray:
    """[T, 16, 12, 3] linear radiance over whole frames."""
    return _cell_means(glances_to_rgb(looks, frames), _LINEAR, SCENE_ROWS, SCENE_COLUMNS)


def _cell_means(pictures: np.ndarray, table: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """[T, rows, columns, 3] means of what `table` makes of code values [T, height, width, 3].

    As one tall picture, whose cells end where pictures do.
    """
    count, _, width, channels = pictures.shape
    tall = cv2.LUT(pictures.reshape(-1, width, channels), table)
    means = cv2.resize(tall, (columns, count * rows), interpolation=cv2.INTER_AREA)
    return means.reshape(count, rows, columns, channels)
