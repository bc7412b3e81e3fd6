"""Pictures from strangers into pixels: JPEG, PNG, JPEG 2000, and DG2 files that hold one of them.

Sizes are read from the header first: a bomb is refused before it is decoded.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matcher.adapters.photo_pixels import PixelsRefused, decode_pixels
from matcher.domain.face_image_record import FaceRecordUnreadable, looks_like_dg2, read_dg2, sniff
from matcher.domain.picture_size import stated_size

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
PixelDecoder = Callable[[bytes, str, int, int], np.ndarray]
"""As `decode_pixels`: picture, media type, stated long side, wanted long side; raises PixelsRefused."""


class PhotoRefused(ValueError):
    """The picture cannot be used; `reason` says why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def picture_of(content: bytes) -> tuple[bytes, str]:
    """(coded picture, media type) of a file; raises PhotoRefused."""
    if len(content) > MAX_BYTES:
        raise PhotoRefused("comparison.reference_too_large", f"{len(content)} bytes; at most {MAX_BYTES}")
    if looks_like_dg2(content):
        try:
            record = read_dg2(content)
        except FaceRecordUnreadable as error:
            raise PhotoRefused("comparison.reference_record_unreadable", f"DG2: {error}") from error
        return record.content, record.media_type
    media_type = sniff(content)
    if media_type is None:
        raise PhotoRefused("comparison.reference_not_an_image", "neither JPEG, PNG, JPEG 2000 nor DG2")
    return content, media_type


@dataclass(frozen=True)
class CheckedPicture:
    """A coded picture whose stated size is within bounds; long_side: [px]; decode: here or in the sandbox."""

    content: bytes
    media_type: str
    long_side: int
    decode: PixelDecoder = decode_pixels

    def pixels(self, long_side: int) -> np.ndarray:
        """[height, width, 3] sRGB code values, the long side at most `long_side`; raises PhotoRefused."""
        try:
            return self.decode(self.content, self.media_type, self.long_side, long_side)
        except PixelsRefused as error:
            raise PhotoRefused("comparison.reference_not_an_image", str(error)) from error


def check_picture(content: bytes, decode: PixelDecoder = decode_pixels) -> CheckedPicture:
    """Find the picture in a file and read its size, before anything is decoded; raises PhotoRefused."""
    picture, media_type = picture_of(content)
    size = stated_size(picture, media_type)
    if size is None or min(size) < 1:
        raise PhotoRefused("comparison.reference_not_an_image", "the picture's header is damaged")
    if size[0] * size[1] > MAX_PIXELS:
        raise PhotoRefused("comparison.reference_too_large", f"{size[0]}x{size[1]} pixels; at most {MAX_PIXELS}")
    return CheckedPicture(picture, media_type, max(size), decode)
