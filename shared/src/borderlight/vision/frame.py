"""A decoded frame that is converted to RGB only where somebody looks: conversion costs as much as decoding saves."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Frame:
    """One frame, upright. Exactly one of the two is set.

    i420: [height * 3 / 2, width] limited-range BT.601 planes (Y, then U and V at half size); rgb: [height, width, 3]
    sRGB code values.
    """

    i420: np.ndarray | None = None
    pixels: np.ndarray | None = None

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
        return self._given() if self.i420 is None else cv2.cvtColor(self.i420, cv2.COLOR_YUV2RGB_I420)

    def _planes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert self.i420 is not None
        height, width = self.height, self.width
        half = (height // 2, width // 2)
        chroma = self.i420[height:].reshape(2, *half)
        return self.i420[:height], chroma[0], chroma[1]

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
        return cv2.cvtColor(cut, cv2.COLOR_YUV2RGB_I420), left, top

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
        return cv2.cvtColor(np.concatenate(parts).reshape(size[1] * 3 // 2, size[0]), cv2.COLOR_YUV2RGB_I420)
