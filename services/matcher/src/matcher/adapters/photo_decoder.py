"""Pictures from strangers into pixels: JPEG, PNG, JPEG 2000, and DG2 files that hold one of them.

Sizes are read from the header first: a bomb is refused before it is decoded.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from matcher.domain.face_image_record import JPEG, PNG, FaceRecordUnreadable, looks_like_dg2, read_dg2, sniff

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000


class PhotoRefused(ValueError):
    """The picture cannot be used; `reason` says why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            return None
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        if length < 2:
            return None
        at += 2 + length
    return None


def _jpeg_2000_size(content: bytes) -> tuple[int, int] | None:
    at = content.find(b"\xff\x4f\xff\x51", 0, 100_000)
    if at < 0 or at + 24 > len(content):
        return None
    width, height, left, top = (int.from_bytes(content[at + k : at + k + 4], "big") for k in (8, 12, 16, 20))
    return (width - left, height - top) if width > left and height > top else None


def stated_size(content: bytes, media_type: str) -> tuple[int, int] | None:
    """(width, height) from the header of a picture; None when it has none."""
    if media_type == PNG:
        ends = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
        return ends if len(content) >= 24 else None
    return _jpeg_size(content) if media_type == JPEG else _jpeg_2000_size(content)


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
    """A coded picture whose stated size is within bounds; long_side: [px]."""

    content: bytes
    media_type: str
    long_side: int

    def pixels(self, long_side: int) -> np.ndarray:
        """[height, width, 3] sRGB code values, the long side at most `long_side`; raises PhotoRefused."""
        flags = cv2.IMREAD_COLOR
        if self.media_type == JPEG:  # JPEG decodes to a half or a quarter at a fraction of the cost
            factor = self.long_side / long_side
            flags = cv2.IMREAD_REDUCED_COLOR_4 if factor >= 4 else cv2.IMREAD_REDUCED_COLOR_2 if factor >= 2 else flags
        try:
            decoded = cv2.imdecode(np.frombuffer(self.content, np.uint8), flags)
        except cv2.error as error:
            raise PhotoRefused("comparison.reference_not_an_image", "the picture cannot be decoded") from error
        if decoded is None:
            raise PhotoRefused("comparison.reference_not_an_image", "the picture cannot be decoded")
        if max(decoded.shape[:2]) > long_side:
            scale = long_side / max(decoded.shape[:2])
            decoded = cv2.resize(decoded, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def check_picture(content: bytes) -> CheckedPicture:
    """Find the picture in a file and read its size, before anything is decoded; raises PhotoRefused."""
    picture, media_type = picture_of(content)
    size = stated_size(picture, media_type)
    if size is None or min(size) < 1:
        raise PhotoRefused("comparison.reference_not_an_image", "the picture's header is damaged")
    if size[0] * size[1] > MAX_PIXELS:
        raise PhotoRefused("comparison.reference_too_large", f"{size[0]}x{size[1]} pixels; at most {MAX_PIXELS}")
    return CheckedPicture(picture, media_type, max(size))
