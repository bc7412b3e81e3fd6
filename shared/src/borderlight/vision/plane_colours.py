"""What the code values of a picture's three planes mean."""

from dataclasses import dataclass
from functools import cache

import numpy as np

_HALVING_ADDS = 0.125
"""Code values by which a mean of four lies too high on average: it is rounded upwards from the half."""


@dataclass(frozen=True)
class YuvColours:
    """Y, U and V, colour at half the resolution.

    red, blue: share of luma, ITU-R BT.601 or BT.709; full: whether luma spans 0 to 255 or 16 to 235.
    """

    red: float = 0.299
    blue: float = 0.114
    full: bool = False

    @property
    def black(self) -> tuple[int, int, int]:
        """Code values of black."""
        return (0 if self.full else 16), 128, 128

    def to_rgb(self, factor: int = 1) -> np.ndarray:
        """[3, 4] from code values to RGB, of luma reduced `factor` times by halves and colour half as often."""
        return _from_yuv(self, factor)


@dataclass(frozen=True)
class RgbColours:
    """R, G and B, all at full resolution."""

    @property
    def black(self) -> tuple[int, int, int]:
        """Code values of black."""
        return 0, 0, 0

    def to_rgb(self, factor: int = 1) -> np.ndarray:
        """[3, 4] from code values reduced `factor` times by halves to RGB."""
        return np.column_stack([np.eye(3), np.full(3, -_HALVING_ADDS * np.log2(factor))])


Colours = YuvColours | RgbColours
BT601 = YuvColours()


@cache
def _from_yuv(colours: YuvColours, factor: int) -> np.ndarray:
    red, blue = colours.red, colours.blue
    green = 1.0 - red - blue
    to_red, to_blue = 2.0 * (1.0 - red), 2.0 * (1.0 - blue)
    matrix = np.array([[1.0, 0.0, to_red], [1.0, -to_blue * blue / green, -to_red * red / green], [1.0, to_blue, 0.0]])
    matrix *= (1.0, 1.0, 1.0) if colours.full else (255 / 219, 255 / 224, 255 / 224)
    halvings = np.log2((factor, max(factor / 2, 1), max(factor / 2, 1)))
    zero = np.array(colours.black) + _HALVING_ADDS * halvings
    return np.column_stack([matrix, -matrix @ zero])
