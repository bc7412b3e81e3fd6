"""A writer for the few ONNX messages the converters need, so that the build depends on numpy alone.

Field numbers follow the ONNX protobuf definition (IR version 8, opset 17).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

IR_VERSION = 8
OPSET = 17
_FLOAT, _INT64 = 1, 7
Attribute = int | float | str | Sequence[int]


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _float(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + np.float32(value).tobytes()


def _tensor(name: str, array: np.ndarray) -> bytes:
    kind = _INT64 if array.dtype == np.int64 else _FLOAT
    stored = np.ascontiguousarray(array, dtype="<i8" if kind == _INT64 else "<f4")
    dims = b"".join(_int(1, size) for size in array.shape)
    return dims + _int(2, kind) + _bytes(8, name) + _bytes(9, stored.tobytes())


def _attribute(name: str, value: Attribute) -> bytes:
    head = _bytes(1, name)
    if isinstance(value, int):
        return head + _int(3, value) + _int(20, 2)
    if isinstance(value, float):
        return head + _float(2, value) + _int(20, 1)
    if isinstance(value, str):
        return head + _bytes(4, value) + _int(20, 3)
    return head + b"".join(_int(8, item) for item in value) + _int(20, 7)


def _value_info(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _bytes(2, size) if isinstance(size, str) else _int(1, size)) for size in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _int(1, _FLOAT) + _bytes(2, dims)))


@dataclass
class OnnxGraph:
    """A graph under construction; nodes must be added in execution order."""

    name: str
    _nodes: list[bytes] = field(default_factory=list[bytes])
    _initializers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _inputs: list[bytes] = field(default_factory=list[bytes])
    _outputs: list[bytes] = field(default_factory=list[bytes])

    def input(self, name: str, shape: Sequence[int | str]) -> None:
        self._inputs.append(_value_info(name, shape))

    def output(self, name: str, shape: Sequence[int | str]) -> None:
        self._outputs.append(_value_info(name, shape))

    def constant(self, name: str, array: np.ndarray) -> str:
        self._initializers[name] = _tensor(name, array)
        return name

    def node(self, op_type: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        body = b"".join(_bytes(1, item) for item in inputs) + _bytes(2, output) + _bytes(3, output)
        body += _bytes(4, op_type) + b"".join(_bytes(5, _attribute(k, v)) for k, v in sorted(attributes.items()))
        self._nodes.append(body)
        return output

    def serialize(self) -> bytes:
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _bytes(2, self.name)
        graph += b"".join(_bytes(5, tensor) for tensor in self._initializers.values())
        graph += b"".join(_bytes(11, item) for item in self._inputs)
        graph += b"".join(_bytes(12, item) for item in self._outputs)
        opset = _bytes(1, "") + _int(2, OPSET)
        return _int(1, IR_VERSION) + _bytes(2, "borderlight") + _bytes(7, graph) + _bytes(8, opset)
