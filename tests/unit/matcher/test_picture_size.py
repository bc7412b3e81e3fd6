"""Sizes as the decoder will read them: what hides the true size behind another one has no size."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.adapters.photo_decoder import PhotoRefused, check_picture
from matcher.domain.face_image_record import JPEG, JPEG_2000, PNG
from matcher.domain.picture_size import stated_size

PICTURE = (np.arange(60 * 90 * 3) % 251).astype(np.uint8).reshape(60, 90, 3)


def coded(suffix: str) -> bytes:
    done, content = cv2.imencode(suffix, PICTURE)
    assert done
    return content.tobytes()


def box(kind: bytes, content: bytes, large: bool = False) -> bytes:
    if large:
        return b"\x00\x00\x00\x01" + kind + (16 + len(content)).to_bytes(8, "big") + content
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def siz(width: int, height: int, components: int = 3) -> bytes:
    """SOC and SIZ of a code stream, and an end."""
    numbers = b"".join(value.to_bytes(4, "big") for value in (width, height, 0, 0, width, height, 0, 0))
    parts = components.to_bytes(2, "big") + b"\x07\x01\x01" * components
    body = b"\x00\x00" + numbers + parts
    return b"\xff\x4f\xff\x51" + (2 + len(body)).to_bytes(2, "big") + body + b"\xff\xd9"


SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
FILE_TYPE = box(b"ftyp", b"jp2 \x00\x00\x00\x00jp2 ")


def image_header(width: int, height: int) -> bytes:
    sizes = height.to_bytes(4, "big") + width.to_bytes(4, "big")
    return box(b"jp2h", box(b"ihdr", sizes + b"\x00\x03\x07\x07\x00\x00"))


def jp2(*boxes: bytes) -> bytes:
    return SIGNATURE + FILE_TYPE + b"".join(boxes)


@pytest.mark.parametrize(("suffix", "media_type"), [(".jpg", JPEG), (".png", PNG), (".jp2", JPEG_2000)])
def test_honest_pictures_state_their_size(suffix: str, media_type: str) -> None:
    assert stated_size(coded(suffix), media_type) == (90, 60)


DECOY = siz(100, 100)
BOMBS = {
    "a decoy in a box before": jp2(box(b"uuid", DECOY), image_header(9_000, 9_000), box(b"jp2c", siz(9_000, 9_000))),
    "a decoy in the file type": SIGNATURE + box(b"ftyp", b"jp2 " + DECOY) + image_header(9_000, 9_000)
    + box(b"jp2c", siz(9_000, 9_000)),
    "a decoy beside the header": jp2(box(b"free", DECOY, large=True), image_header(9_000, 9_000),
                                     box(b"jp2c", siz(9_000, 9_000))),
}  # fmt: skip
NO_SIZE = {
    "a header that is smaller than the code stream": jp2(image_header(100, 100), box(b"jp2c", siz(9_000, 9_000))),
    "no header": jp2(box(b"jp2c", siz(100, 100))),
    "no code stream": jp2(image_header(100, 100)),
    "a box longer than the file": jp2(image_header(100, 100), b"\x7f\xff\xff\xff" + b"jp2c" + siz(100, 100)),
    "a large box that is shorter than its head": jp2(b"\x00\x00\x00\x01jp2c" + (3).to_bytes(8, "big")),
    "a box of no length in a loop": jp2(b"\x00\x00\x00\x08free" * 300, image_header(9, 9), box(b"jp2c", siz(9, 9))),
    "sixteen thousand components": jp2(image_header(9, 9), box(b"jp2c", siz(9, 9, 16_384))),
    "another box first in the header": jp2(box(b"jp2h", box(b"free", DECOY)), box(b"jp2c", siz(100, 100))),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_decoy_does_not_hide_the_size(bomb: str) -> None:
    content = BOMBS[bomb]
    assert stated_size(content, JPEG_2000) == (9_000, 9_000)
    with pytest.raises(PhotoRefused, match="9000x9000 pixels"):
        check_picture(content)


@pytest.mark.parametrize("variant", NO_SIZE)
def test_what_is_not_in_order_has_no_size(variant: str) -> None:
    assert stated_size(NO_SIZE[variant], JPEG_2000) is None
    with pytest.raises(PhotoRefused, match="header is damaged"):
        check_picture(NO_SIZE[variant])


def frame(width: int, height: int) -> bytes:
    sizes = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return b"\xff\xc0\x00\x11\x08" + sizes + b"\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"


def test_a_jpeg_marker_without_length_hides_nothing() -> None:
    """The length that TEM and the restart markers do not have would lead over the frame to a smaller one."""
    for marker in (b"\xff\x01", b"\xff\xd0", b"\xff\xd7"):
        content = b"\xff\xd8" + marker + frame(30_000, 30_000) + bytes(0xFFC0) + frame(100, 100) + bytes(20)
        assert stated_size(content, JPEG) == (30_000, 30_000)
    for marker in (b"\xff\x00", b"\xff\xd8", b"\xff\xda", b"\xff\x02"):
        assert stated_size(b"\xff\xd8" + marker + b"\x00\x04aa" + frame(100, 100) + bytes(20), JPEG) is None


def test_a_png_whose_first_chunk_is_another_has_no_size() -> None:
    honest = coded(".png")
    assert stated_size(honest[:8] + b"\x00\x00\x00\x0dtEXt" + honest[16:], PNG) is None


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([JPEG, PNG, JPEG_2000]), st.binary(max_size=300))
def test_noise_never_crashes(media_type: str, noise: bytes) -> None:
    for content in (noise, coded(".jpg")[:2] + noise, SIGNATURE + noise):
        found = stated_size(content, media_type)
        assert found is None or min(found) >= 0
