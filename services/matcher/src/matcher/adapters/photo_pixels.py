"""Coded pictures into pixels: the part that large C libraries do, fed by strangers; runs in the sandbox.

What is imported here is imported by the worker; nothing here knows keys, stores or documents.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from matcher.domain.face_image_record import JPEG

Task = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes | memoryview]]


class PixelsRefused(ValueError):
    """The picture cannot be decoded."""


def decode_pixels(picture: bytes, media_type: str, stated_long_side: int, long_side: int) -> np.ndarray:
    """[height, width, 3] sRGB code values, the long side at most `long_side`; raises PixelsRefused.

    stated_long_side: of the picture's own header [px].
    """
    flags = cv2.IMREAD_COLOR
    if media_type == JPEG:  # JPEG decodes to a half or a quarter at a fraction of the cost
        factor = stated_long_side / long_side
        flags = cv2.IMREAD_REDUCED_COLOR_4 if factor >= 4 else cv2.IMREAD_REDUCED_COLOR_2 if factor >= 2 else flags
    try:
        decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), flags)
    except cv2.error as error:
        raise PixelsRefused("the picture cannot be decoded") from error
    if decoded is None:
        raise PixelsRefused("the picture cannot be decoded")
    if max(decoded.shape[:2]) > long_side:
        scale = long_side / max(decoded.shape[:2])
        decoded = cv2.resize(decoded, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def make_task(
    arguments: dict[str, Any],
) -> Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes | memoryview]]:
    """For the sandbox; a request's header holds the arguments of `decode_pixels`, its body the picture."""
    del arguments
    cv2.setNumThreads(1)
    for suffix in (".jpg", ".png"):  # libraries load the rest of themselves now, while files can be opened
        done, coded = cv2.imencode(suffix, np.zeros((16, 16, 3), np.uint8))
        if done:
            cv2.imdecode(coded, cv2.IMREAD_COLOR)

    def decode(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes | memoryview]:
        try:
            pixels = decode_pixels(body, header["media_type"], header["stated_long_side"], header["long_side"])
        except PixelsRefused:
            return {"refused": True}, b""
        return {"height": pixels.shape[0], "width": pixels.shape[1]}, np.ascontiguousarray(pixels).data.cast("B")

    return decode
