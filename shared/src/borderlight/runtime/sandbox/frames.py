"""What parent and worker say to each other: a frame is two lengths, a JSON object, bytes. Nothing is unpickled."""

import json
import struct
from typing import Any, BinaryIO

MAX_HEADER = 2_000_000
_LENGTHS = struct.Struct("<IQ")


class FrameBroken(ValueError):
    """The other side closed the pipe or does not keep to the form."""


def write_frame(stream: BinaryIO, header: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Write and flush."""
    text = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(text), len(body)) + text)
    stream.write(body)
    stream.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size) if size else b""
    if len(content) != size:
        raise FrameBroken("the pipe was closed")
    return content


def read_frame(stream: BinaryIO, max_body: int) -> tuple[dict[str, Any], bytes]:
    """(header, body); raises FrameBroken before anything larger than the limits is taken in."""
    header_size, body_size = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if header_size > MAX_HEADER or body_size > max_body:
        raise FrameBroken(f"a frame of {header_size} and {body_size} bytes; at most {max_body} are taken")
    try:
        header = json.loads(_exactly(stream, header_size))
    except (ValueError, RecursionError) as error:
        raise FrameBroken("the header is no JSON") from error
    if not isinstance(header, dict):
        raise FrameBroken("the header is no JSON object")
    return header, _exactly(stream, body_size)
