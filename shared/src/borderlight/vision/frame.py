"""A decoded frame that is converted to RGB only where somebody looks: conversion costs as much as decoding saves."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

_HALVING_ADDS = 0.125
"""Code values by which a mean of four lies too high on average: it is rounded upwards from the half."""


@dataclass(frozen=True)
class PlaneColours:
    """What the code values of Y, U and V planes mean.

    red, blue: share of luma, ITU-R BT.601 or BT.709; full: whether luma spans 0 to 255 or 16 to 235.
    """

    red: float = 0.299
    blue: float = 0.114
    full: bool = False

    @property
    def black(self) -> int:
        """Luma of black [code value]."""
        return 0 if self.full else 16

    def to_rgb(self, factor: int = 1) -> np.ndarray:
        """[3, 4] from Y, U, V code values to RGB, of luma reduced `factor` times by halves and colour half as often."""
        return _to_rgb(self, factor)


@cache
def _to_rgb(colours: PlaneColours, factor: int) -> np.ndarray:
    red, blue = colours.red, colours.blue
    green = 1.0 - red - blue
    to_red, to_blue = 2.0 * (1.0 - red), 2.0 * (1.0 - blue)
    matrix = np.array([[1.0, 0.0, to_red], [1.0, -to_blue * blue / green, -to_red * red / green], [1.0, to_blue, 0.0]])
    matrix *= (1.0, 1.0, 1.0) if colours.full else (255 / 219, 255 / 224, 255 / 224)
    halvings = np.log2((factor, max(factor / 2, 1), max(factor / 2, 1)))
    zero = np.array([colours.black, 128.0, 128.0]) + _HALVING_ADDS * halvings
    return np.column_stack([matrix, -matrix @ zero])


BT601 = PlaneColours()


def _halved(plane: np.ndarray, by: int) -> np.ndarray:
    """The plane reduced by area, `by` a power of two: by halves, OpenCV's fast path, four times as fast as at once."""
    while by > 1:
        plane = cv2.resize(plane, (plane.shape[1] // 2, plane.shape[0] // 2), interpolation=cv2.INTER_AREA)
        by //= 2
    return plane


def split_planes(i420: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Y [height, width], U and V [height / 2, width / 2] that lie one after another; views."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height], chroma[0], chroma[1]


@dataclass(frozen=True)
class Frame:
    """One frame, upright. Exactly one of the two is set.

    i420: [height * 3 / 2, width] planes (Y, then U and V at half size) of the stated `colours`; pixels:
    [height, width, 3] sRGB code values.
    """

    i420: np.ndarray | None = None
    pixels: np.ndarray | None = None
    colours: PlaneColours = BT601

    @property
    def height(self) -> int:
        return self.i420.shape[0] * 2 // 3 if self.i420 is not None else self._given().shape[0]

    @property
    def width(self) -> int:
        return self.i420.shape[1] if self.i420 is not None else self._given().shape[1]

    def _given(self) -> np.ndarray:
        if self.pixels is None:
            raise ValueError("a frame needs planes or pixels")
        return self.pixels

    def rgb(self) -> np.ndarray:
        """[height, width, 3] sRGB code values."""
        return self._given() if self.i420 is None else self._converted(self.i420)

    def _planes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert self.i420 is not None
        return split_planes(self.i420)

    def _converted(self, i420: np.ndarray) -> np.ndarray:
        """RGB of any planes of this frame's colours."""
        if self.colours == BT601:
            return cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420)  # the only colours it knows; three times as fast
        luma, *chroma = split_planes(i420)
        size = (luma.shape[1], luma.shape[0])
        wide = [cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST) for plane in chroma]
        return cv2.transform(cv2.merge([luma, *wide]), self.colours.to_rgb())

    def crop(self, left: int, top: int, right: int, bottom: int) -> tuple[np.ndarray, int, int]:
        """(RGB of at least the box, its left, its top); the box is clipped and widened to even borders."""
        left, top = max(0, left) // 2 * 2, max(0, top) // 2 * 2
        right, bottom = min(self.width, right + 1) // 2 * 2, min(self.height, bottom + 1) // 2 * 2
        if right <= left or bottom <= top:
            raise ValueError("the box lies outside the frame")
        if self.i420 is None:
            return self._given()[top:bottom, left:right], left, top
        luma, u, v = self._planes()
        half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        parts = (luma[top:bottom, left:right].ravel(), u[half].ravel(), v[half].ravel())
        cut = np.concatenate(parts).reshape((bottom - top) * 3 // 2, right - left)
        return self._converted(cut), left, top

    def warp(self, to_frame: np.ndarray, size: tuple[int, int], replicate: bool = False) -> np.ndarray:
        """RGB [height, width, 3] of `size` (width, height; both even) whose pixels lie at `to_frame` [2, 3] of theirs.

        Bilinear; beyond the frame black, or its border when `replicate`. Planes are sampled before they are converted,
        so that only what is asked for is: colour at half the resolution, as it is stored, between luma's pixels.
        """
        border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        if self.i420 is None:
            return cv2.warpAffine(self._given(), to_frame, size, flags=flags, borderMode=border)
        width, height = size
        warped = np.empty((height * 3 // 2, width), np.uint8)
        luma, *chroma = self._planes()
        cv2.warpAffine(luma, to_frame, size, warped[:height], flags, border, self.colours.black)
        half = np.column_stack([to_frame[:, :2], (to_frame[:, :2].sum(1) / 2 + to_frame[:, 2]) / 2 - 0.25])
        for plane, target in zip(chroma, split_planes(warped)[1:], strict=True):
            cv2.warpAffine(plane, half, (width // 2, height // 2), target, flags, border, 128)
        return self._converted(warped)

    def sample(self, to_frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """RGB [height, width, 3] of `size` (width, height) whose pixels lie at `to_frame` [2, 3] of the frame's.

        Like `warp`, but every pixel of the frame counts, which a bilinear look at a few of them does not give: planes
        are first reduced by area, to luma at no more than the spacing asked for and colour to the same. Beyond the
        frame black.
        """
        spacing = float(np.sqrt(abs(np.linalg.det(to_frame[:, :2]))))
        factor = 2 if spacing < 4.0 else 4 if spacing < 8.0 else 8
        corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]]) @ to_frame.T
        low = np.clip(np.floor(corners.min(0) / factor) - 1, 0, None).astype(int)
        high = np.minimum(np.ceil(corners.max(0) / factor) + 2, (self.width // factor, self.height // factor))
        extent: list[int] = (high.astype(int) - low).tolist()
        if min(extent) < 1:
            return np.zeros((size[1], size[0], 3), np.uint8)
        reduced = to_frame / factor
        reduced[:, 2] += 0.5 / factor - 0.5 - low
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

        def cut(plane: np.ndarray, by: int) -> np.ndarray:
            return plane[low[1] * by : (low[1] + extent[1]) * by, low[0] * by : (low[0] + extent[0]) * by]

        if self.i420 is None:
            part = cv2.resize(cut(self._given(), factor), extent, interpolation=cv2.INTER_AREA)
            return cv2.warpAffine(part, reduced, size, flags=flags)
        luma, u, v = self._planes()
        parts = (_halved(cut(luma, factor), factor), *(_halved(cut(c, factor // 2), factor // 2) for c in (u, v)))
        warped = [
            cv2.warpAffine(part, reduced, size, flags=flags, borderValue=beyond)
            for part, beyond in zip(parts, (self.colours.black, 128, 128), strict=True)
        ]
        return cv2.transform(cv2.merge(warped), self.colours.to_rgb(factor))

    def coarse(self, stride: int) -> np.ndarray:
        """RGB of every `stride`-th pixel (stride even)."""
        size = (self.width // stride // 2 * 2, self.height // stride // 2 * 2)
        if self.i420 is None:
            return cv2.resize(self._given(), size, interpolation=cv2.INTER_NEAREST)
        luma, u, v = self._planes()
        half = (size[0] // 2, size[1] // 2)
        parts = (
            cv2.resize(luma, size, interpolation=cv2.INTER_NEAREST).ravel(),
            cv2.resize(u, half, interpolation=cv2.INTER_NEAREST).ravel(),
            cv2.resize(v, half, interpolation=cv2.INTER_NEAREST).ravel(),
        )
        return self._converted(np.concatenate(parts).reshape(size[1] * 3 // 2, size[0]))
