"""One part of an upload that may be resumed: `Content-Range: bytes 0-131071/412345`."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"^bytes (\d{1,12})-(\d{1,12})/(\d{1,12})$")
MAX_PARTS = 128  # of 131,072 bytes, as the page sends them, hold the largest video


@dataclass(frozen=True)
class UploadPart:
    """first, last: byte positions, both inclusive; total: size of the whole video [bytes]."""

    first: int
    last: int
    total: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    @property
    def is_last(self) -> bool:
        return self.last + 1 == self.total

    @staticmethod
    def parse(text: str) -> "UploadPart":
        """Raises ValueError that says what is wrong."""
        found = _RANGE.match(text.strip())
        if found is None:
            raise ValueError("Content-Range is like: bytes 0-131071/412345")
        first, last, total = (int(group) for group in found.groups())
        if not first <= last < total:
            raise ValueError("Content-Range: first <= last < total")
        return UploadPart(first, last, total)
