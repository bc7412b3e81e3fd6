"""Block-quantised ONNX models (SFace, YuNet) as plain ones that ONNX Runtime runs fast.

What is done: the weights are dequantised, `(q - zero) * scale` per block; Dropout goes; batch normalisation is folded
in float64 into the layer before it (where it stands before the fully connected layer, into that); PReLU becomes two
depthwise products, `a x + (1 - a) relu(x)`, which holds for every slope, also negative ones and those above 1. Sums
over many weights are taken exactly (`math.fsum`), so that the output does not depend on the processor.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from borderlight_tools.models.onnx_reader import Attribute, OnnxFile, OnnxNode, UnsupportedOnnx, read_onnx
from borderlight_tools.models.onnx_writer import OnnxGraph

_COPIED = {
    "Relu": (),
    "Sigmoid": (),
    "Add": (),
    "Sub": (),
    "Mul": (),
    "Flatten": ("axis",),
    "Transpose": ("perm",),
    "MaxPool": ("kernel_shape", "pads", "strides", "ceil_mode"),
    "Resize": ("coordinate_transformation_mode", "mode", "nearest_mode", "cubic_coeff_a"),
}
"""Operators that stay as they are, and the attributes that they may have."""
_DEFAULTS: dict[str, Attribute] = {"ceil_mode": 0, "axis": 1}
"""Attributes left out when they are as the operator's own default."""


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise UnsupportedOnnx(what)


def dequantise(quantised: np.ndarray, scale: np.ndarray, zero: np.ndarray, axis: int, block: int) -> np.ndarray:
    """float32 `(q - zero) * scale`; value `i` along `axis` belongs to block `i // block` of `scale` and `zero`."""
    blocks = np.arange(quantised.shape[axis]) // block
    _require(blocks[-1] + 1 == scale.shape[axis] == zero.shape[axis], "blocks that do not fit the tensor")
    shifted = quantised.astype(np.float32) - np.take(zero.astype(np.float32), blocks, axis)
    return shifted * np.take(scale.astype(np.float32), blocks, axis)


@dataclass
class _Layer:
    """A convolution or fully connected layer that still takes what follows it; weights, bias: float64."""

    node: OnnxNode
    source: str
    weights: np.ndarray
    bias: np.ndarray
    is_full: bool


class _Converter:
    def __init__(self, file: OnnxFile, name: str) -> None:
        self._graph = OnnxGraph(name)
        self._file = file
        self._constants: dict[str, np.ndarray] = dict(file.tensors)
        self._alias: dict[str, str] = {}
        self._layers: dict[str, _Layer] = {}
        self._scaled: dict[str, tuple[str, np.ndarray, np.ndarray]] = {}
        """Outputs of a batch normalisation that waits for the layer after it: source, scale and shift per channel."""
        self._readers: dict[str, int] = {}
        for node in file.nodes:
            for one in node.inputs:
                self._readers[one] = self._readers.get(one, 0) + 1

    def convert(self, input_shape: Sequence[int | str]) -> bytes:
        (source,) = self._file.inputs
        self._graph.input(source, list(input_shape))
        for node in self._file.nodes:
            self._node(node)
        for name, shape in self._file.outputs.items():
            # A size between batch and channels follows the picture's size.
            self._graph.output(self._value(name), ["N", *(f"{name}_{k}" for k in range(len(shape) - 2)), shape[-1]])
        _require(not self._layers and not self._scaled, "a layer that nothing reads")
        return self._graph.serialize()

    def _node(self, node: OnnxNode) -> None:
        (output, *rest) = node.outputs
        _require(not rest, f"{node.op_type} with several outputs")
        handlers = {
            "DequantizeLinear": self._dequantise,
            "Reshape": self._reshape,
            "Conv": self._convolution,
            "Gemm": self._full,
            "BatchNormalization": self._normalisation,
            "PRelu": self._prelu,
            "Dropout": self._dropout,
        }
        if node.op_type == "Constant":  # the rate of Dropout, which goes
            return
        handlers.get(node.op_type, self._copied)(node, output)

    def _constant(self, name: str) -> np.ndarray:
        _require(name in self._constants, f"{name} is not a constant")
        return self._constants[name]

    def _value(self, name: str) -> str:
        """Where a value stands in the new graph, its layer written if it was not yet."""
        name = self._alias.get(name, name)
        layer = self._layers.pop(name, None)
        if layer is not None:
            self._write(layer, name)
        return name

    def _operand(self, name: str) -> str:
        if name in self._constants:
            return self._graph.constant(name, self._constants[name])
        return self._value(name) if name else ""

    def _write(self, layer: _Layer, output: str) -> None:
        inputs = [
            layer.source,
            self._graph.constant(output + "/w", layer.weights.astype(np.float32)),
            self._graph.constant(output + "/b", layer.bias.astype(np.float32)),
        ]
        if layer.is_full:
            self._graph.node("Gemm", inputs, output, transB=1)
            return
        found = layer.node.attributes
        kept = {key: found[key] for key in ("group", "kernel_shape", "pads", "strides") if key in found}
        self._graph.node("Conv", inputs, output, **kept)

    def _dequantise(self, node: OnnxNode, output: str) -> None:
        axis, block = node.attributes.get("axis", 1), node.attributes.get("block_size", 0)
        assert isinstance(axis, int)
        assert isinstance(block, int)
        _require(block > 0, "quantisation that is not by blocks")
        quantised, scale, zero = (self._constant(name) for name in node.inputs)
        self._constants[output] = dequantise(quantised, scale, zero, axis, block)

    def _reshape(self, node: OnnxNode, output: str) -> None:
        shape = self._constant(node.inputs[1])
        if node.inputs[0] in self._constants:
            self._constants[output] = self._constants[node.inputs[0]].reshape(shape.tolist())
            return
        # The batch is left open: where the source wrote 1, the new graph copies what comes in.
        _require(len(shape) == 3 and shape[0] in (1, -1, 0), "reshape of a value to an unknown form")
        free = np.array([0, -1, shape[2]], np.int64)
        self._graph.node(
            "Reshape", [self._value(node.inputs[0]), self._graph.constant(output + "/shape", free)], output
        )

    def _convolution(self, node: OnnxNode, output: str) -> None:
        _require(node.attributes.get("dilations", [1, 1]) == [1, 1], "dilated convolution")
        weights = self._constant(node.inputs[1]).astype(np.float64)
        bias = self._constant(node.inputs[2]) if len(node.inputs) > 2 else np.zeros(len(weights))
        source = self._value(node.inputs[0])
        self._layers[output] = _Layer(node, source, weights, bias.astype(np.float64), is_full=False)

    def _full(self, node: OnnxNode, output: str) -> None:
        wanted = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
        _require({**wanted, **node.attributes} == wanted, "fully connected layer of another form")
        weights = self._constant(node.inputs[1]).astype(np.float64)
        bias = self._constant(node.inputs[2]).astype(np.float64)
        source = self._alias.get(node.inputs[0], node.inputs[0])
        before = self._scaled.pop(source, None)
        if before is not None:
            source, scale, shift = before
            repeats = weights.shape[1] // len(scale)
            spread, added = np.repeat(scale, repeats), np.repeat(shift, repeats)
            bias = bias + np.array([math.fsum(row) for row in (weights * added).tolist()])
            weights = weights * spread
        self._layers[output] = _Layer(node, self._value(source), weights, bias, is_full=True)

    def _normalisation(self, node: OnnxNode, output: str) -> None:
        gamma, beta, mean, variance = (self._constant(name).astype(np.float64) for name in node.inputs[1:])
        epsilon = node.attributes["epsilon"]
        assert isinstance(epsilon, float)
        scale = gamma / np.sqrt(variance + epsilon)
        shift = beta - mean * scale
        source = self._alias.get(node.inputs[0], node.inputs[0])
        layer = self._layers.pop(source, None)
        if layer is None:
            self._scaled[output] = (self._value(source), scale, shift)
            return
        _require(self._readers[node.inputs[0]] == 1, "a layer that is read before and after its normalisation")
        layer.weights = layer.weights * scale.reshape(-1, *[1] * (layer.weights.ndim - 1))
        layer.bias = layer.bias * scale + shift
        self._layers[output] = layer

    def _prelu(self, node: OnnxNode, output: str) -> None:
        slope = self._constant(node.inputs[1]).reshape(-1, 1, 1, 1)
        value, channels = self._value(node.inputs[0]), len(slope)
        each: dict[str, Attribute] = {"group": channels, "kernel_shape": [1, 1]}
        relu = self._graph.node("Relu", [value], output + "/relu")
        a = self._graph.constant(output + "/slope", slope)
        rest = self._graph.constant(output + "/rest", 1 - slope)
        scaled = self._graph.node("Conv", [value, a], output + "/scaled", **each)
        remainder = self._graph.node("Conv", [relu, rest], output + "/remainder", **each)
        self._graph.node("Add", [scaled, remainder], output)

    def _dropout(self, node: OnnxNode, output: str) -> None:
        self._alias[output] = self._alias.get(node.inputs[0], node.inputs[0])

    def _copied(self, node: OnnxNode, output: str) -> None:
        _require(node.op_type in _COPIED, f"operator {node.op_type}")
        source = self._alias.get(node.inputs[0], node.inputs[0])
        if node.op_type == "Flatten" and source in self._scaled:
            before, scale, shift = self._scaled.pop(source)
            self._graph.node("Flatten", [before], output)
            self._scaled[output] = (output, scale, shift)
            return
        unknown = set(node.attributes) - set(_COPIED[node.op_type])
        _require(not unknown, f"{node.op_type} with {', '.join(sorted(unknown))}")
        kept = {key: value for key, value in node.attributes.items() if _DEFAULTS.get(key) != value}
        self._graph.node(node.op_type, [self._operand(name) for name in node.inputs], output, **kept)


def convert_block_quantised(data: bytes, name: str, input_shape: Sequence[int | str]) -> bytes:
    """ONNX bytes of the block-quantised model in `data`; raises UnsupportedOnnx for anything unknown."""
    return _Converter(read_onnx(data), name).convert(input_shape)
