"""Arrays in a ZIP archive that came from elsewhere: everything is checked against the bytes that are there, first.

What is read was stored, not compressed, so nothing can be larger than the archive itself; an array's header is matched
against one strict form before anything of its stated shape is made.
"""

import json
import math
import re
import zipfile
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import numpy as np

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    r"\{'descr': '([<|][a-z]\d)', 'fortran_order': False, 'shape': \(((?:\d{1,9}, ?)*(?:\d{1,9},?)?)\), \}[ ]*\n"
)
MAX_HEADER_BYTES = 1_000_000


class ArchiveUnreadable(ValueError):
    """The archive does not have its form; the message says what is wrong."""


def read_members(content: bytes, wanted: Iterable[str], optional: Iterable[str] = ()) -> dict[str, bytes]:
    """Content of the wanted members, and of the optional ones that are there; raises ArchiveUnreadable."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_members(archive.infolist(), len(content))
            names = set(archive.namelist())
            chosen = [*wanted, *(name for name in optional if name in names)]
            return {name: archive.read(name) for name in chosen}
    except KeyError as error:
        raise ArchiveUnreadable(f"a member is missing: {error}") from error
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ArchiveUnreadable(f"no readable archive: {error}") from error


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise ArchiveUnreadable("a member is there twice")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ArchiveUnreadable(f"{member.filename[:80]} is compressed; members are stored")
    if sum(member.file_size for member in members) > size:
        raise ArchiveUnreadable("the members say to be larger than their archive")


def read_json_object(content: bytes) -> dict[str, Any]:
    """Raises ArchiveUnreadable for anything but a JSON object of a sane size and depth."""
    if len(content) > MAX_HEADER_BYTES:
        raise ArchiveUnreadable(f"a header of {len(content)} bytes; at most {MAX_HEADER_BYTES}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArchiveUnreadable("the header is no JSON") from error
    if not isinstance(found, dict):
        raise ArchiveUnreadable("the header is no JSON object")
    return found


def read_array(content: bytes, dtype: str) -> np.ndarray:
    """An array in NumPy's format 1.0, of exactly this type and of the size that is there; raises ArchiveUnreadable."""
    if content[:8] != _MAGIC or len(content) < 10:
        raise ArchiveUnreadable("no array in NumPy's format 1.0")
    start = 10 + int.from_bytes(content[8:10], "little")
    match = _HEADER.fullmatch(content[10:start].decode("latin-1"))
    if match is None:
        raise ArchiveUnreadable("the array's header does not have the usual form")
    if match[1] != dtype:
        raise ArchiveUnreadable(f"an array of type {match[1][:8]}, expected {dtype}")
    shape = tuple(int(side) for side in match[2].replace(",", " ").split())
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if len(shape) > 8 or size != len(content) - start:
        raise ArchiveUnreadable(f"an array of {size} bytes by its shape, {max(len(content) - start, 0)} are there")
    return np.frombuffer(content, dtype, offset=start).reshape(shape).copy()
