"""The outer form of a chip's files: one BER-TLV element each (ICAO Doc 9303-10), EF.SOD with tag 77, EF.DG2 with 75."""

SECURITY_OBJECT_TAG, DATA_GROUP_2_TAG = 0x77, 0x75


class ChipFileUnreadable(ValueError):
    """The bytes are no element of the wanted tag; the message says why."""


def _extent(content: bytes, tag: int) -> tuple[int, int]:
    """(where the value begins, where the element ends)."""
    if content[:1] != bytes([tag]):
        raise ChipFileUnreadable(f"the file does not begin with tag {tag:02X}")
    first = content[1] if len(content) > 1 else 0x80
    count = first & 0x7F if first >= 0x80 else 0
    if (first >= 0x80 and not 1 <= count <= 4) or len(content) < 2 + count:
        raise ChipFileUnreadable("the file's length field is wrong")
    start = 2 + count
    length = int.from_bytes(content[2:start], "big") if count else first
    if start + length > len(content):
        raise ChipFileUnreadable(f"the file says {length} bytes, {len(content) - start} are left")
    return start, start + length


def element(content: bytes, tag: int) -> bytes:
    """The whole element at the head of a file, without what a reader padded behind it; raises ChipFileUnreadable."""
    return content[: _extent(content, tag)[1]]


def value_of(content: bytes, tag: int) -> bytes:
    """The element's value; raises ChipFileUnreadable."""
    start, end = _extent(content, tag)
    return content[start:end]


def split(content: bytes) -> tuple[bytes | None, bytes]:
    """(EF.SOD or None, the rest) of a hand-in that may begin with EF.SOD; raises ChipFileUnreadable."""
    if content[:1] != bytes([SECURITY_OBJECT_TAG]):
        return None, content
    security_object = element(content, SECURITY_OBJECT_TAG)
    return security_object, content[len(security_object) :]
