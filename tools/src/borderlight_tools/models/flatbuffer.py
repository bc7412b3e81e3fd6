"""Just enough of the FlatBuffers format to read a TFLite file."""

import struct
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Table:
    """One table of a flatbuffer: `buffer` and the table's absolute position [bytes]."""

    buffer: bytes
    position: int

    @staticmethod
    def root(buffer: bytes) -> "Table":
        return Table(buffer, struct.unpack_from("<I", buffer, 0)[0])

    def _field(self, slot: int) -> int | None:
        vtable = self.position - struct.unpack_from("<i", self.buffer, self.position)[0]
        entry = 4 + 2 * slot
        if entry >= struct.unpack_from("<H", self.buffer, vtable)[0]:
            return None
        offset = struct.unpack_from("<H", self.buffer, vtable + entry)[0]
        return self.position + offset if offset else None

    def scalar(self, slot: int, code: str, default: int = 0) -> int:
        at = self._field(slot)
        return default if at is None else struct.unpack_from("<" + code, self.buffer, at)[0]

    def _indirect(self, slot: int) -> int | None:
        at = self._field(slot)
        return None if at is None else at + struct.unpack_from("<I", self.buffer, at)[0]

    def table(self, slot: int) -> "Table | None":
        at = self._indirect(slot)
        return None if at is None else Table(self.buffer, at)

    def vector(self, slot: int, dtype: str) -> np.ndarray:
        at = self._indirect(slot)
        if at is None:
            return np.empty(0, dtype)
        count = struct.unpack_from("<I", self.buffer, at)[0]
        return np.frombuffer(self.buffer, dtype, count, at + 4)

    def tables(self, slot: int) -> "list[Table]":
        at = self._indirect(slot)
        if at is None:
            return []
        count = struct.unpack_from("<I", self.buffer, at)[0]
        places = [at + 4 + 4 * i for i in range(count)]
        return [Table(self.buffer, p + struct.unpack_from("<I", self.buffer, p)[0]) for p in places]

    def text(self, slot: int) -> str:
        return self.vector(slot, "u1").tobytes().decode()
