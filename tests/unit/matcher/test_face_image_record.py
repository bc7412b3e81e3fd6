"""The DG2 reader: real layouts are read, everything else is refused in words, nothing crashes it."""

import struct

import pytest
from dg2_files import iso_19794, iso_39794, tlv, wrapped
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain.face_image_record import FaceRecordUnreadable, read_dg2

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(200)) * 4 + b"\xff\xd9"
JPEG_2000 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(300)


@pytest.mark.parametrize("points", [0, 1, 88])
@pytest.mark.parametrize(("picture", "stated", "media_type"), [(JPEG, 0, "image/jpeg"), (JPEG_2000, 1, "image/jp2")])
def test_a_19794_record_gives_its_picture(picture: bytes, stated: int, media_type: str, points: int) -> None:
    found = read_dg2(wrapped(iso_19794(picture, stated, points)))
    assert (found.content, found.media_type, found.standard) == (picture, media_type, "ISO/IEC 19794-5")


@pytest.mark.parametrize("picture", [JPEG, JPEG_2000])
def test_a_39794_record_gives_its_picture(picture: bytes) -> None:
    found = read_dg2(wrapped(iso_39794(picture), 0x7F2E))
    assert (found.content, found.standard) == (picture, "ISO/IEC 39794-5")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x75", "length should be"),
        (b"\x75\x85\x01\x01\x01\x01\x01", "length field is wrong"),
        (b"\x75\x82\xff\xff" + bytes(20), "says 65535 bytes, 20 are left"),
        (tlv(0x75, tlv(0x7F61, tlv(0x02, b"\x01"))), "no element 7F60"),
        (wrapped(iso_19794(b"GIF89a" + bytes(50))), "neither JPEG"),
        (wrapped(iso_19794(JPEG, image_type=1)), "says image/jp2, the picture is image/jpeg"),
        (wrapped(iso_19794(JPEG)[:30]), "says"),
        (wrapped(b"FAC\x00010\x00" + struct.pack(">IH", 60, 0) + bytes(60)), "holds no face"),
        (wrapped(iso_39794(b"nothing that we know")), "no picture in a known format"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, words: str) -> None:
    with pytest.raises(FaceRecordUnreadable, match=words):
        read_dg2(content)


def test_an_inner_length_that_lies_is_refused() -> None:
    good = bytearray(iso_19794(JPEG))
    good[14:18] = struct.pack(">I", 5_000_000)
    with pytest.raises(FaceRecordUnreadable, match="does not fit"):
        read_dg2(wrapped(bytes(good)))


def test_deep_nesting_ends() -> None:
    block = b"\x80\x00"
    for _ in range(60):
        block = tlv(0xA1, block)
    with pytest.raises(FaceRecordUnreadable, match="nested too deeply"):
        read_dg2(wrapped(block, 0x7F2E))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_damage_is_refused_or_read(data: st.DataObject) -> None:
    """Cut, flip and splice: a picture that was there, or a refusal, and never another error."""
    maker = data.draw(st.sampled_from((iso_19794, iso_39794)))
    content = bytearray(wrapped(maker(JPEG[:120])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        found = read_dg2(bytes(content[:cut]))
    except FaceRecordUnreadable as error:
        assert str(error)
    else:
        assert found.content[:3] in (b"\xff\xd8\xff", b"\x00\x00\x00", b"\xff\x4f\xff", b"\x89PN")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(FaceRecordUnreadable):
        read_dg2(b"\x75" + noise)
