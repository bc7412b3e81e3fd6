"""A reader for the few ONNX messages that the source models use, so that the build depends on numpy alone.

Field numbers follow the ONNX protobuf definition. Whatever the converters do not know is refused, not skipped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

Attribute = int | float | str | list[int]
_TYPES = {1: "<f4", 2: "|u1", 3: "|i1", 6: "<i4", 7: "<i8", 9: "|b1"}
"""TensorProto.DataType to numpy."""
_FLOAT, _INT, _STRING, _TENSOR, _INTS = 1, 2, 3, 4, 7
"""AttributeProto.AttributeType."""


class UnsupportedOnnx(ValueError):
    """The file holds something that the converters were not written for."""


@dataclass(frozen=True)
class OnnxNode:
    """One operator; attributes that hold tensors are left out (only `Constant` has them, and only for Dropout)."""

    op_type: str
    inputs: list[str]
    outputs: list[str]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True)
class OnnxFile:
    """Nodes in execution order; tensors: the initializers; inputs: those that are read and not initializers.

    outputs: their names and shapes, 0 where a size is open.
    """

    opset: int
    nodes: list[OnnxNode]
    tensors: Mapping[str, np.ndarray]
    inputs: list[str]
    outputs: dict[str, list[int]]


@dataclass
class _Message:
    """Fields of one protobuf message by number: integers, or the bytes of what has a length or four bytes."""

    fields: dict[int, list[int | bytes]] = field(default_factory=dict[int, list[int | bytes]])

    def texts(self, number: int) -> list[str]:
        return [bytes(item).decode() for item in self.raw(number)]

    def raw(self, number: int) -> list[bytes]:
        found = self.fields.get(number, [])
        if not all(isinstance(item, bytes) for item in found):
            raise UnsupportedOnnx(f"field {number} is not of bytes")
        return [item for item in found if isinstance(item, bytes)]

    def integers(self, number: int) -> list[int]:
        """Repeated integers, packed or not."""
        found: list[int] = []
        for item in self.fields.get(number, []):
            if isinstance(item, int):
                found.append(item)
            else:
                found.extend(_packed(item))
        return found

    def messages(self, number: int) -> Iterator["_Message"]:
        for item in self.raw(number):
            yield _parse(item)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise UnsupportedOnnx("a number does not end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (value - (1 << 64) if value >> 63 else value), at


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _parse(data: bytes) -> _Message:
    message, at = _Message(), 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        item: int | bytes
        if wire == 0:
            item, at = _varint(data, at)
        elif wire in (2, 5):
            size, at = _varint(data, at) if wire == 2 else (4, at)
            item, at = data[at : at + size], at + size
            if at > len(data):
                raise UnsupportedOnnx("a field is longer than its message")
        else:
            raise UnsupportedOnnx(f"wire type {wire}")
        message.fields.setdefault(number, []).append(item)
    return message


def _tensor(message: _Message) -> tuple[str, np.ndarray]:
    kind = message.integers(2)[0]
    if kind not in _TYPES:
        raise UnsupportedOnnx(f"tensor of type {kind}")
    dimensions = message.integers(1)
    raw = b"".join(message.raw(9)) or (b"".join(message.raw(4)) if kind == 1 else b"")
    values = np.frombuffer(raw, _TYPES[kind])
    if values.size != int(np.prod(dimensions)):
        raise UnsupportedOnnx(f"tensor with {values.size} values of shape {dimensions}")
    return message.texts(8)[0], values.reshape(dimensions)


def _attribute(message: _Message) -> tuple[str, Attribute | None]:
    name, kind = message.texts(1)[0], message.integers(20)[0]
    if kind == _FLOAT:
        return name, float(np.frombuffer(message.raw(2)[0], "<f4")[0])
    if kind == _INT:
        return name, message.integers(3)[0]
    if kind == _STRING:
        return name, message.texts(4)[0]
    if kind == _INTS:
        return name, message.integers(8)
    if kind == _TENSOR:
        return name, None
    raise UnsupportedOnnx(f"attribute {name} of type {kind}")


def _shape(value_info: _Message) -> list[int]:
    (kind,) = value_info.messages(2)
    (tensor,) = kind.messages(1)
    (shape,) = tensor.messages(2)
    return [next(iter(size.integers(1)), 0) for size in shape.messages(1)]


def read_onnx(data: bytes) -> OnnxFile:
    """The graph in `data`; raises UnsupportedOnnx."""
    model = _parse(data)
    (graph,) = model.messages(7)
    opsets = [one.integers(2)[0] for one in model.messages(8) if not any(one.texts(1))]
    nodes = [
        OnnxNode(
            node.texts(4)[0],
            node.texts(1),
            node.texts(2),
            {name: value for name, value in map(_attribute, node.messages(5)) if value is not None},
        )
        for node in graph.messages(1)
    ]
    tensors = dict(_tensor(one) for one in graph.messages(5))
    read = {name for node in nodes for name in node.inputs}
    inputs = [one.texts(1)[0] for one in graph.messages(11)]
    outputs = {one.texts(1)[0]: _shape(one) for one in graph.messages(12)}
    return OnnxFile(opsets[0], nodes, tensors, [n for n in inputs if n in read and n not in tensors], outputs)
