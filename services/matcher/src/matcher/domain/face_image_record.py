"""Read the face image out of an ICAO data group 2 (DG2), pure and bounded.

DG2 wraps a biometric template in BER-TLV (ICAO Doc 9303-10): 75 { 7F61 { 02 count, 7F60 { A1 header, 5F2E or 7F2E
data } } }. The data block is a face record of ISO/IEC 19794-5:2005 ("FAC", fixed fields) or of ISO/IEC 39794-5:2019
(ASN.1 with tag 65). Everything read is checked against the length that holds it; nothing is trusted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

JPEG, JPEG_2000, PNG = "image/jpeg", "image/jp2", "image/png"
_SIGNATURES = {
    b"\xff\xd8\xff": JPEG,
    b"\x00\x00\x00\x0cjP  \r\n\x87\n": JPEG_2000,
    b"\xff\x4f\xff\x51": JPEG_2000,
    b"\x89PNG\r\n\x1a\n": PNG,
}
_MAX_DEPTH = 12


class FaceRecordUnreadable(ValueError):
    """The file is not a DG2 with a face image; the message says at which place."""


@dataclass(frozen=True)
class FaceImageRecord:
    """content: the coded picture; media_type: by its own signature; standard: which record held it."""

    content: bytes
    media_type: str
    standard: str


@dataclass(frozen=True)
class _Element:
    tag: int
    value: bytes


def sniff(content: bytes) -> str | None:
    """Media type by signature; None for anything that is not one of the pictures we read."""
    for signature, media_type in _SIGNATURES.items():
        if content.startswith(signature):
            return media_type
    return None


def looks_like_dg2(content: bytes) -> bool:
    """Whether the file begins with DG2's tag."""
    return content[:1] == b"\x75"


def _tag(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise FaceRecordUnreadable("the file ends where a tag should be")
    tag, at = data[at], at + 1
    if tag & 0x1F == 0x1F:
        while True:
            if at >= len(data) or tag > 0xFFFFFF:
                raise FaceRecordUnreadable("a tag does not end")
            tag = tag << 8 | data[at]
            at += 1
            if not tag & 0x80:
                break
    return tag, at


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise FaceRecordUnreadable("the file ends where a length should be")
    first, at = data[at], at + 1
    if first < 0x80:
        return first, at
    count = first & 0x7F
    if not 1 <= count <= 4 or at + count > len(data):
        raise FaceRecordUnreadable("a length field is wrong")
    return int.from_bytes(data[at : at + count], "big"), at + count


def _elements(data: bytes) -> Iterator[_Element]:
    at = 0
    while at < len(data):
        tag, at = _tag(data, at)
        length, at = _length(data, at)
        if length > len(data) - at:
            raise FaceRecordUnreadable(f"element {tag:X} says {length} bytes, {len(data) - at} are left")
        yield _Element(tag, data[at : at + length])
        at += length


def _only(data: bytes, *tags: int) -> bytes:
    for element in _elements(data):
        if element.tag in tags:
            return element.value
    raise FaceRecordUnreadable(f"no element {' or '.join(f'{tag:X}' for tag in tags)}")


def read_dg2(content: bytes) -> FaceImageRecord:
    """The first face image of a DG2 file; raises FaceRecordUnreadable."""
    group = _only(_only(content, 0x75), 0x7F61)
    block = _only(_only(group, 0x7F60), 0x5F2E, 0x7F2E)
    if block.startswith(b"FAC\x00"):
        return _iso_19794(block)
    return _iso_39794(block)


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise FaceRecordUnreadable("the face record ends in its header")
    return int.from_bytes(data[at : at + size], "big")


def _iso_19794(block: bytes) -> FaceImageRecord:
    total, faces = _number(block, 8, 4), _number(block, 12, 2)
    if total > len(block) or total < 14 + 20 + 12:
        raise FaceRecordUnreadable(f"the face record says {total} bytes, {len(block)} are there")
    if faces < 1:
        raise FaceRecordUnreadable("the face record holds no face")
    start = 14
    length, points = _number(block, start, 4), _number(block, start + 4, 2)
    head = 20 + 8 * points + 12
    if length < head or start + length > total:
        raise FaceRecordUnreadable("the face image's length does not fit its record")
    stated = _number(block, start + 20 + 8 * points + 1, 1)
    picture = block[start + head : start + length]
    return _checked(picture, {0: JPEG, 1: JPEG_2000}.get(stated), "ISO/IEC 19794-5")


def _iso_39794(block: bytes) -> FaceImageRecord:
    for value in _octets(block, 0):
        if sniff(value) is not None:
            return _checked(value, None, "ISO/IEC 39794-5")
    raise FaceRecordUnreadable("the face record holds no picture in a known format")


def _octets(data: bytes, depth: int) -> Iterator[bytes]:
    """Values of primitive elements, outer ones first; constructed ones are entered."""
    if depth > _MAX_DEPTH:
        raise FaceRecordUnreadable("the face record is nested too deeply")
    for element in _elements(data):
        first = element.tag
        while first > 0xFF:
            first >>= 8
        if first & 0x20:
            yield from _octets(element.value, depth + 1)
        else:
            yield element.value


def _checked(picture: bytes, stated: str | None, standard: str) -> FaceImageRecord:
    found = sniff(picture)
    if found is None:
        raise FaceRecordUnreadable("the face image is neither JPEG, JPEG 2000 nor PNG")
    if stated is not None and found != stated:
        raise FaceRecordUnreadable(f"the record says {stated}, the picture is {found}")
    return FaceImageRecord(picture, found, standard)
