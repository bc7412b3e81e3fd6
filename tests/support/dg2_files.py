"""DG2 files as a passport's chip holds them, made here: the standards give the fields."""

import struct

HEADER = bytes([0x80, 2, 1, 1, 0x81, 1, 2])
"""A biometric header template's inside: version, biometric type (facial features)."""


def tlv(tag: int, value: bytes) -> bytes:
    """One BER-TLV element with the shortest length field."""
    name = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    size = len(value)
    if size < 0x80:
        return name + bytes([size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return name + bytes([0x80 | len(length)]) + length + value


def wrapped(block: bytes, data_tag: int = 0x5F2E) -> bytes:
    """ICAO Doc 9303-10: 75 { 7F61 { 02 count, 7F60 { A1 header, data } } }."""
    template = tlv(0x7F60, tlv(0xA1, HEADER) + tlv(data_tag, block))
    return tlv(0x75, tlv(0x7F61, tlv(0x02, b"\x01") + template))


def iso_19794(picture: bytes, image_type: int = 0, points: int = 2) -> bytes:
    """A face record of ISO/IEC 19794-5:2005 with one image and `points` feature points."""
    information = struct.pack(">IH", 20 + 8 * points + 12 + len(picture), points) + bytes(14)
    image = struct.pack(">BBHHBBHH", 1, image_type, 413, 531, 1, 0, 0, 0)
    face = information + bytes(8 * points) + image + picture
    return b"FAC\x00" + b"010\x00" + struct.pack(">IH", 14 + len(face), 1) + face


def iso_39794(picture: bytes) -> bytes:
    """The outline of a face block of ISO/IEC 39794-5:2019: version, representation block, image data."""
    version = tlv(0xA0, tlv(0x80, b"\x03") + tlv(0x81, b"\x07\xe3"))
    image = tlv(0xA0, tlv(0x80, picture) + tlv(0xA1, tlv(0x80, b"\x02")))
    representation = tlv(0x30, tlv(0x80, b"\x00") + tlv(0xA1, tlv(0xA0, image)))
    return tlv(0x65, version + tlv(0xA1, representation))
