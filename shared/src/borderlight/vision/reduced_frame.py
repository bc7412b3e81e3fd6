"""Frames of which only means over areas are asked for: a quarter of the pixels, looked at many frames at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np

from borderlight.vision.plane_colours import Colours

_REDUCTION = 2
"""Pixels of the whole frame to one of a reduced frame, either way."""


@dataclass(frozen=True)
class ReducedFrame:
    """planes: [3, height / 2, width / 2] code values of `colours`, reduced by area where they were finer."""

    planes: np.ndarray
    colours: Colours

    @property
    def rows_columns(self) -> tuple[int, int]:
        """Its own height and width."""
        return self.planes.shape[1], self.planes.shape[2]


def _halved(plane: np.ndarray, by: int) -> np.ndarray:
    """The plane reduced by area, `by` a power of two: by halves, OpenCV's fast path, four times as fast as at once."""
    while by > 1:
        plane = cv2.resize(plane, (plane.shape[1] // 2, plane.shape[0] // 2), interpolation=cv2.INTER_AREA)
        by //= 2
    return plane


def _converted(planes: np.ndarray, frames: Sequence[ReducedFrame], factor: int) -> np.ndarray:
    """[frames, height, width, 3] RGB of [3, frames, height, width] planes that were sampled from `frames`.

    All frames of the same colours at once, which are nearly always all: a call costs as much as a small picture.
    """
    width = planes.shape[3]
    rgb: list[np.ndarray] = []
    for colours, members in groupby(range(len(frames)), key=lambda t: frames[t].colours):
        chosen = list(members)
        some = planes[:, chosen[0] : chosen[-1] + 1]
        merged = cv2.merge([plane.reshape(-1, width) for plane in some])
        rgb.append(cv2.transform(merged, colours.to_rgb(factor)).reshape(*some.shape[1:], 3))
    return np.concatenate(rgb)


def sample_areas(frames: Sequence[ReducedFrame], to_frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[frames, height, width, 3] RGB of `size` (width, height), its pixels at `to_frame` [frames, 2, 3] of the frames'.

    Places are those of whole frames. Every pixel of a frame counts, which a bilinear look at a few of them does not
    give: planes are reduced by area to no more than the spacing asked for before they are warped and converted.
    Beyond the frame black.
    """
    spacing = float(np.median(np.sqrt(np.abs(np.linalg.det(to_frame[:, :, :2])))))
    factor = 2 if spacing < 4.0 else 4 if spacing < 8.0 else 8
    by = factor // _REDUCTION
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]])
    places = corners @ to_frame.transpose(0, 2, 1) / factor
    held = np.array([frame.rows_columns[::-1] for frame in frames]) // by
    low = np.clip(np.floor(places.min(1)) - 1, 0, None).astype(int)
    high = np.minimum(np.ceil(places.max(1)) + 2, held).astype(int)
    reduced = to_frame / factor
    reduced[:, :, 2] += 0.5 / factor - 0.5 - low
    planes = np.empty((3, len(frames), size[1], size[0]), np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for t, ((left, top), (right, bottom)) in enumerate(zip((low * by).tolist(), (high * by).tolist(), strict=True)):
        frame = frames[t]
        black = frame.colours.black
        for k in range(3):
            if right <= left or bottom <= top:
                planes[k, t] = black[k]
                continue
            part = _halved(frame.planes[k, top:bottom, left:right], by)
            cv2.warpAffine(part, reduced[t], size, planes[k, t], flags, cv2.BORDER_CONSTANT, black[k])
    return _converted(planes, frames, factor)


def glance(frame: ReducedFrame, rows: int, columns: int) -> np.ndarray:
    """[3, rows, columns] code values of pixels spread evenly over the frame, for `glances_to_rgb`."""
    planes = np.empty((3, rows, columns), np.uint8)
    for plane, target in zip(frame.planes, planes, strict=True):
        cv2.resize(plane, (columns, rows), target, interpolation=cv2.INTER_NEAREST)
    return planes


def glances_to_rgb(glances: Sequence[np.ndarray], frames: Sequence[ReducedFrame]) -> np.ndarray:
    """[frames, rows, columns, 3] RGB of what `glance` took from each of `frames`."""
    return _converted(np.stack(glances, axis=1), frames, _REDUCTION)
