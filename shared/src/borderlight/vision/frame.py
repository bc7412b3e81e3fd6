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


@dataclass(frozen=True)
class Frame:
    """One frame, upright. Exactly one of the two is set.

    planes: Y [height, width], U and V [height / 2, width / 2] of the stated `colours`, maybe views of the decoder's
    memory; pixels: [height, width, 3] sRGB code values.
    """

    planes: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    pixels: np.ndarray | None = None
    colours: PlaneColours = BT601

    @property
    def height(self) -> int:
        return (self._given() if self.planes is None else self.planes[0]).shape[0]

    @property
    def width(self) -> int:
        return (self._given() if self.planes is None else self.planes[0]).shape[1]

    def _given(self) -> np.ndarray:
        if self.pixels is None:
            raise ValueError("a frame needs planes or pixels")
        return self.pixels

    def kept(self) -> "Frame":
        """The same in memory of its own: a view keeps the decoder from using its buffer again, which is dear."""
        if self.planes is None:
            return self
        luma, u, v = self.planes
        return Frame((luma.copy(), u.copy(), v.copy()), colours=self.colours)

    def rgb(self) -> np.ndarray:
        """[height, width, 3] sRGB code values."""
        return self._given() if self.planes is None else self._converted(*self.planes)

    def _converted(self, luma: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """RGB of any planes of this frame's colours."""
        height, width = luma.shape
        if self.colours == BT601:  # the only colours OpenCV knows; three times as fast
            joined = np.concatenate([plane.ravel() for plane in (luma, u, v)]).reshape(height * 3 // 2, width)
            return cv2.cvtColor(joined, cv2.COLOR_YUV2RGB_I420)
        wide = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST) for plane in (u, v)]
        return cv2.transform(cv2.merge([luma, *wide]), self.colours.to_rgb())

    def crop(self, left: int, top: int, right: int, bottom: int) -> tuple[np.ndarray, int, int]:
        """(RGB of at least the box, its left, its top); the box is clipped and widened to even borders."""
        left, top = max(0, left) // 2 * 2, max(0, top) // 2 * 2
        right, bottom = min(self.width, right + 1) // 2 * 2, min(self.height, bottom + 1) // 2 * 2
        if right <= left or bottom <= top:
            raise ValueError("the box lies outside the frame")
        if self.planes is None:
            return self._given()[top:bottom, left:right], left, top
        luma, u, v = self.planes
        half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        return self._converted(luma[top:bottom, left:right], u[half], v[half]), left, top

    def warp(self, to_frame: np.ndarray, size: tuple[int, int], replicate: bool = False) -> np.ndarray:
        """RGB [height, width, 3] of `size` (width, height; both even) whose pixels lie at `to_frame` [2, 3] of theirs.

        Bilinear; beyond the frame black, or its border when `replicate`. Planes are sampled before they are converted,
        so that only what is asked for is: colour at half the resolution, as it is stored, between luma's pixels.
        """
        border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        if self.planes is None:
            return cv2.warpAffine(self._given(), to_frame, size, flags=flags, borderMode=border)
        luma, *chroma = self.planes
        half = np.column_stack([to_frame[:, :2], (to_frame[:, :2].sum(1) / 2 + to_frame[:, 2]) / 2 - 0.25])
        half_size = (size[0] // 2, size[1] // 2)
        return self._converted(
            cv2.warpAffine(luma, to_frame, size, None, flags, border, self.colours.black),
            *(cv2.warpAffine(plane, half, half_size, None, flags, border, 128) for plane in chroma),
        )

    def reduced(self) -> "ReducedFrame":
        """What `ReducedFrame.sample` needs, in half the memory; cheap while the frame is in the processor's cache."""
        if self.planes is None:
            return ReducedFrame(self.colours, pixels=self._given())
        luma, u, v = self.planes
        planes = np.empty((3, *u.shape), np.uint8)
        cv2.resize(luma, u.shape[::-1], planes[0], interpolation=cv2.INTER_AREA)
        planes[1], planes[2] = u, v
        return ReducedFrame(self.colours, planes)

    def coarse(self, stride: int) -> np.ndarray:
        """RGB of every `stride`-th pixel (stride even)."""
        size = (self.width // stride // 2 * 2, self.height // stride // 2 * 2)
        if self.planes is None:
            return cv2.resize(self._given(), size, interpolation=cv2.INTER_NEAREST)
        luma, *chroma = self.planes
        half = (size[0] // 2, size[1] // 2)
        return self._converted(
            cv2.resize(luma, size, interpolation=cv2.INTER_NEAREST),
            *(cv2.resize(plane, half, interpolation=cv2.INTER_NEAREST) for plane in chroma),
        )


@dataclass(frozen=True)
class ReducedFrame:
    """A frame of which only means over areas are asked for. One of the two is set.

    planes: [3, height / 2, width / 2] Y reduced by area, U and V as they are; pixels: [height, width, 3] sRGB.
    """

    colours: PlaneColours = BT601
    planes: np.ndarray | None = None
    pixels: np.ndarray | None = None

    def sample(self, to_frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """RGB [height, width, 3] of `size` (width, height) whose pixels lie at `to_frame` [2, 3] of the whole frame's.

        Every pixel of the frame counts, which a bilinear look at a few of them does not give: planes are reduced by
        area to no more than the spacing asked for before they are warped and converted. Beyond the frame black.
        """
        spacing = float(np.sqrt(abs(np.linalg.det(to_frame[:, :2]))))
        factor = 2 if spacing < 4.0 else 4 if spacing < 8.0 else 8
        unit = 1 if self.pixels is not None else 2  # pixels of the frame to one of what is held
        held = self.pixels if self.pixels is not None else self._planes()[0]
        corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]]) @ to_frame.T
        low = np.clip(np.floor(corners.min(0) / factor) - 1, 0, None).astype(int)
        limits = (held.shape[1] * unit // factor, held.shape[0] * unit // factor)
        extent: list[int] = (np.minimum(np.ceil(corners.max(0) / factor) + 2, limits).astype(int) - low).tolist()
        if min(extent) < 1:
            return np.zeros((size[1], size[0], 3), np.uint8)
        reduced = to_frame / factor
        reduced[:, 2] += 0.5 / factor - 0.5 - low
        by = factor // unit
        part = (
            slice(low[1] * by, (low[1] + extent[1]) * by),
            slice(low[0] * by, (low[0] + extent[0]) * by),
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        if self.pixels is not None:
            mean = cv2.resize(self.pixels[part], extent, interpolation=cv2.INTER_AREA)
            return cv2.warpAffine(mean, reduced, size, flags=flags)
        warped = [
            cv2.warpAffine(_halved(plane[part], by), reduced, size, flags=flags, borderValue=beyond)
            for plane, beyond in zip(self._planes(), (self.colours.black, 128, 128), strict=True)
        ]
        return cv2.transform(cv2.merge(warped), self.colours.to_rgb(factor))

    def _planes(self) -> np.ndarray:
        if self.planes is None:
            raise ValueError("a frame needs planes or pixels")
        return self.planes
