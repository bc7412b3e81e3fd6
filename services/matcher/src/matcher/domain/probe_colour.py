"""Undo the cast that the challenge's colours leave on probe chips.

The face's own course of light says what each chip was lit with: dividing by it and multiplying by the session's median
gives every chip the same, calm light (von Kries, in linear radiance).
"""

import numpy as np
from jaxtyping import Float, Int, UInt8

_CODE = np.arange(256) / 255.0
_LINEAR = np.where(_CODE <= 0.04045, _CODE / 12.92, ((_CODE + 0.055) / 1.055) ** 2.4)
_STRONGEST = 4.0
"""A gain beyond this would amplify noise, not light."""


def cast_gains(
    course: Float[np.ndarray, "frames 3"], chip_frame: Int[np.ndarray, "chips"]
) -> Float[np.ndarray, "chips 3"]:
    """Gains per chip and channel; course: mean linear radiance of the face per frame."""
    typical = np.median(course, axis=0)
    gains = typical / np.maximum(course[chip_frame], 1e-4)
    return np.clip(gains, 1.0 / _STRONGEST, _STRONGEST)


def without_cast(
    chips: UInt8[np.ndarray, "chips rows columns 3"], gains: Float[np.ndarray, "chips 3"]
) -> UInt8[np.ndarray, "chips rows columns 3"]:
    """Chips under the session's median light, sRGB code values."""
    tables = np.clip(_LINEAR[:, None] * gains[:, None, :], 0.0, 1.0)
    srgb = np.where(tables <= 0.0031308, 12.92 * tables, 1.055 * tables ** (1 / 2.4) - 0.055)
    codes = np.round(255 * srgb).astype(np.uint8)
    plain = [
        [table[:, channel].take(chip[..., channel]) for channel in range(3)]
        for table, chip in zip(codes, chips, strict=True)
    ]
    return np.stack([np.stack(channels, axis=-1) for channels in plain])
