"""A decoded frame that is converted to RGB only where somebody looks: conversion costs as much as decoding saves."""

from dataclasses import dataclass

import cv2
import numpy as np

from borderlight.vision.plane_colours import BT601, RgbColours, YuvColours
from borderlight.vision.reduced_frame import ReducedFrame


@dataclass(frozen=True)
class Frame:
    """One frame, upright. Exactly one of the two is set.

    planes: Y [height, width], U and V [height / 2, width / 2] of the stated `colours`, maybe views of the decoder's
    memory; pixels: [height, width, 3] sRGB code values.
    """

    planes: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    pixels: np.ndarray | None = None
    colours: YuvColours = BT601

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
            cv2.warpAffine(luma, to_frame, size, None, flags, border, self.colours.black[0]),
            *(cv2.warpAffine(plane, half, half_size, None, flags, border, 128) for plane in chroma),
        )

    def reduced(self) -> ReducedFrame:
        """What means over areas need, in half the memory; cheap while the frame is in the processor's cache."""
        half = (self.width // 2, self.height // 2)
        planes = np.empty((3, half[1], half[0]), np.uint8)
        if self.planes is None:
            even = self._given()[: half[1] * 2, : half[0] * 2]
            cv2.split(cv2.resize(even, half, interpolation=cv2.INTER_AREA), list(planes))
            return ReducedFrame(planes, RgbColours())
        luma, u, v = self.planes
        cv2.resize(luma, half, planes[0], interpolation=cv2.INTER_AREA)
        planes[1], planes[2] = u, v
        return ReducedFrame(planes, self.colours)
