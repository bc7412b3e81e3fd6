"""Width and height that a coded picture states, read as its decoder will read them: pure, nothing is decoded.

A size that is looked for in another way than the decoder's is a size that a forger chooses: markers in comments, boxes
before the real one, markers without a length. What is not in the plain form has no size and is refused.
"""

from matcher.domain.face_image_record import JPEG, PNG

_MOST_BOXES = 200
_CODESTREAM = b"\xff\x4f\xff\x51"
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
"""JPEG markers without a length: TEM and the restarts."""
_NO_FRAME = {0xC4, 0xC8, 0xCC}
_MOST_COMPONENTS = 4


def stated_size(content: bytes, media_type: str) -> tuple[int, int] | None:
    """(width, height) [px] of a JPEG, PNG or JPEG 2000; None when the header is not in order."""
    if media_type == PNG:
        return _png(content)
    return _jpeg(content) if media_type == JPEG else _jpeg_2000(content)


def _png(content: bytes) -> tuple[int, int] | None:
    if len(content) < 33 or content[8:16] != b"\x00\x00\x00\x0dIHDR":
        return None
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        if marker < 0xC0 or marker in (0xD8, 0xD9, 0xDA):  # stuffing, a second picture, its end, or data before a frame
            return None
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2:
            return None
        at += 2 + length
    return None


def _jpeg_2000(content: bytes) -> tuple[int, int] | None:
    if content.startswith(_CODESTREAM):
        return _codestream(content, 0)
    header: tuple[int, int] | None = None
    at = 0
    for _ in range(_MOST_BOXES):
        box = _box(content, at)
        if box is None:
            return None
        kind, start, end = box
        if kind == b"jp2h":
            header = _image_header(content, start, end)
        if kind == b"jp2c":
            size = _codestream(content[:end], start)
            return size if size is not None and size == header else None
        at = end
    return None


def _box(content: bytes, at: int) -> tuple[bytes, int, int] | None:
    """(type, where its content begins, where it ends) of ISO/IEC 15444-1 annex I.4; None when it does not fit."""
    if at + 8 > len(content):
        return None
    length, kind, start = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8], at + 8
    if length == 1:
        if at + 16 > len(content):
            return None
        length, start = int.from_bytes(content[at + 8 : at + 16], "big"), at + 16
    end = len(content) if length == 0 else at + length
    return (kind, start, end) if start <= end <= len(content) else None


def _image_header(content: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The first box of jp2h is ihdr: height, width, components."""
    box = _box(content[:end], start)
    if box is None or box[0] != b"ihdr" or box[2] - box[1] < 14:
        return None
    height, width = (int.from_bytes(content[box[1] + k : box[1] + k + 4], "big") for k in (0, 4))
    return width, height


def _codestream(content: bytes, at: int) -> tuple[int, int] | None:
    """SOC and SIZ (annex A.5.1): the image lies on a grid, from an offset; components are not finer than the grid."""
    if content[at : at + 4] != _CODESTREAM or at + 42 > len(content):
        return None
    width, height, left, top = (int.from_bytes(content[at + k : at + k + 4], "big") for k in (8, 12, 16, 20))
    components = int.from_bytes(content[at + 40 : at + 42], "big")
    if not 1 <= components <= _MOST_COMPONENTS or width <= left or height <= top:
        return None
    return width - left, height - top
