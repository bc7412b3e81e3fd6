"""Convert the pinned TFLite face models to ONNX: NCHW activations, float32, PReLU rewritten.

onnxruntime's own PRelu leaves the blocked convolution layout and costs three quarters of the run time; it is emitted
as `a*x + (1-a)*relu(x)` with both products as 1x1 depthwise convolutions, which stay blocked.
Every operator, option or shape outside the short list below raises: a silent approximation would be worse.
"""

from collections.abc import Sequence

import numpy as np

from borderlight_tools.models.flatbuffer import Table
from borderlight_tools.models.onnx_writer import OnnxGraph

_DTYPES = {0: "<f4", 1: "<f2", 2: "<i4"}
_OPERATORS = {
    0: "add", 1: "average_pool", 2: "concatenation", 3: "conv", 4: "depthwise_conv", 6: "dequantize", 14: "logistic",
    17: "max_pool", 18: "mul", 19: "relu", 22: "reshape", 23: "resize_bilinear", 32: "custom", 34: "pad", 40: "mean",
    54: "prelu", 117: "hard_swish",
}  # fmt: skip


class UnsupportedModel(ValueError):
    """The TFLite file uses something the converter does not know; it refuses to guess."""


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise UnsupportedModel(what)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Converter:
    def __init__(self, data: bytes, name: str) -> None:
        _require(data[4:8] == b"TFL3", "not a TFLite file")
        model = Table.root(data)
        _require(model.scalar(0, "I") == 3, "TFLite schema version is not 3")
        subgraphs = model.tables(2)
        _require(len(subgraphs) == 1, "expected one subgraph")
        self.graph = OnnxGraph(name)
        self.subgraph = subgraphs[0]
        self.tensors = self.subgraph.tables(0)
        self.codes = [max(c.scalar(0, "b"), c.scalar(3, "i")) for c in model.tables(1)]
        self.custom_names = [c.text(1) for c in model.tables(1)]
        self.buffers = model.tables(4)
        self.constants: dict[int, np.ndarray] = {}
        self.emitted: set[str] = set()

    def name(self, index: int) -> str:
        return f"{self.tensors[index].text(3)}"

    def shape(self, index: int) -> list[int]:
        return [int(size) for size in self.tensors[index].vector(0, "<i4")]

    def constant(self, index: int) -> np.ndarray | None:
        """The tensor's stored values, or None when it is computed at run time."""
        if index in self.constants:
            return self.constants[index]
        tensor = self.tensors[index]
        raw = self.buffers[tensor.scalar(2, "I")].vector(0, "u1")
        if not raw.size:
            return None
        return np.frombuffer(raw.tobytes(), _DTYPES[tensor.scalar(1, "b")]).reshape(self.shape(index))

    def weights(self, index: int) -> np.ndarray:
        values = self.constant(index)
        _require(values is not None, f"{self.name(index)} should be constant")
        assert values is not None
        return values.astype(np.float32)

    def operand(self, index: int) -> str:
        """Name of a run-time tensor, or of a constant emitted in NCHW."""
        values = self.constant(index)
        if values is None:
            return self.name(index)
        name = self.name(index)
        if name not in self.emitted:
            self.emitted.add(name)
            array = values.astype(np.float32)
            if array.ndim == 4:
                array = array.transpose(0, 3, 1, 2)
            elif array.ndim == 3:
                array = array.transpose(2, 0, 1)
            self.graph.constant(name, array)
        return name

    def activation(self, output: str, kind: int) -> tuple[str, str | None]:
        _require(kind in (0, 1, 3), f"fused activation {kind}")
        return (output, None) if kind == 0 else (output + "/linear", {1: "Relu", 3: "Clip"}[kind])

    def finish(self, raw: str, output: str, op: str | None) -> None:
        if op == "Relu":
            self.graph.node("Relu", [raw], output)
        elif op == "Clip":
            low = self.graph.constant(output + "/low", np.array(0, np.float32))
            high = self.graph.constant(output + "/high", np.array(6, np.float32))
            self.graph.node("Clip", [raw, low, high], output)

    def pads(self, padding: int, source: int, kernel: Sequence[int], strides: Sequence[int]) -> list[int]:
        if padding == 1:
            return [0, 0, 0, 0]
        _, height, width, _ = self.shape(source)
        top, bottom = _same_padding(height, kernel[0], strides[0])
        left, right = _same_padding(width, kernel[1], strides[1])
        return [top, left, bottom, right]

    # One method per operator; `o` is the operator table, `i` its inputs, `out` its output tensor.

    def conv(self, o: Table, i: list[int], out: int) -> None:
        options = o.table(4)
        assert options is not None
        _require(options.scalar(4, "i", 1) == 1 and options.scalar(5, "i", 1) == 1, "dilated convolution")
        self._convolve(i, out, self.weights(i[1]).transpose(0, 3, 1, 2), 1, options, options.scalar(3, "b"))

    def depthwise_conv(self, o: Table, i: list[int], out: int) -> None:
        options = o.table(4)
        assert options is not None
        _require(options.scalar(3, "i") == 1, "depth multiplier")
        _require(options.scalar(5, "i", 1) == 1 and options.scalar(6, "i", 1) == 1, "dilated convolution")
        weights = self.weights(i[1]).transpose(3, 0, 1, 2)
        self._convolve(i, out, weights, weights.shape[0], options, options.scalar(4, "b"))

    def _convolve(
        self, i: list[int], out: int, weights: np.ndarray, group: int, options: Table, activation: int
    ) -> None:
        output = self.name(out)
        raw, op = self.activation(output, activation)
        strides = [options.scalar(2, "i"), options.scalar(1, "i")]
        kernel = list(weights.shape[2:])
        inputs = [self.operand(i[0]), self.graph.constant(output + "/w", weights)]
        if len(i) > 2 and i[2] >= 0:
            inputs.append(self.graph.constant(output + "/b", self.weights(i[2])))
        pads = self.pads(options.scalar(0, "b"), i[0], kernel, strides)
        self.graph.node("Conv", inputs, raw, strides=strides, pads=pads, group=group, kernel_shape=kernel)
        self.finish(raw, output, op)

    def _pool_options(self, o: Table) -> tuple[int, list[int], list[int]]:
        options = o.table(4)
        assert options is not None
        _require(options.scalar(5, "b") == 0, "pool with activation")
        kernel = [options.scalar(4, "i"), options.scalar(3, "i")]
        return options.scalar(0, "b"), kernel, [options.scalar(2, "i"), options.scalar(1, "i")]

    def max_pool(self, o: Table, i: list[int], out: int) -> None:
        padding, kernel, strides = self._pool_options(o)
        pads = self.pads(padding, i[0], kernel, strides)
        name = self.name(out)
        self.graph.node("MaxPool", [self.operand(i[0])], name, kernel_shape=kernel, strides=strides, pads=pads)

    def average_pool(self, o: Table, i: list[int], out: int) -> None:
        _, kernel, _ = self._pool_options(o)
        _require(kernel == self.shape(i[0])[1:3], "average pool that is not global")
        self.graph.node("GlobalAveragePool", [self.operand(i[0])], self.name(out))

    def mean(self, o: Table, i: list[int], out: int) -> None:
        axes = self.constant(i[1])
        _require(axes is not None and sorted(axes.tolist()) == [1, 2], "mean over other axes")
        _require(len(self.shape(out)) == 4, "mean that drops dimensions")
        self.graph.node("GlobalAveragePool", [self.operand(i[0])], self.name(out))

    def prelu(self, o: Table, i: list[int], out: int) -> None:
        alpha = self.weights(i[1]).reshape(-1, 1, 1, 1)
        output, channels = self.name(out), alpha.shape[0]
        relu = self.graph.node("Relu", [self.operand(i[0])], output + "/relu")
        slope = self.graph.constant(output + "/slope", alpha)
        rest = self.graph.constant(output + "/rest", 1 - alpha)
        shape = {"group": channels, "kernel_shape": [1, 1]}
        negative = self.graph.node("Conv", [self.operand(i[0]), slope], output + "/scaled", **shape)
        positive = self.graph.node("Conv", [relu, rest], output + "/remainder", **shape)
        self.graph.node("Add", [negative, positive], output)

    def pad(self, o: Table, i: list[int], out: int) -> None:
        pads = self.constant(i[1])
        _require(pads is not None, "run-time padding")
        assert pads is not None
        order = [0, 3, 1, 2]
        begin, end = [int(pads[k, 0]) for k in order], [int(pads[k, 1]) for k in order]
        _require(sum(begin) == 0 and end[0] == end[2] == end[3] == 0, "padding other than channels at the end")
        name = self.name(out)
        constant = self.graph.constant(name + "/pads", np.array(begin + end, np.int64))
        self.graph.node("Pad", [self.operand(i[0]), constant], name)

    def reshape(self, o: Table, i: list[int], out: int) -> None:
        source, target = self.shape(i[0]), self.shape(out)
        name, value = self.name(out), self.operand(i[0])
        _require(len(source) == 4, "reshape of something not 4-D")
        if source[1:3] != [1, 1]:
            value = self.graph.node("Transpose", [value], name + "/nhwc", perm=[0, 2, 3, 1])
        _require(len(target) < 4, "reshape to 4-D")
        shape = self.graph.constant(name + "/shape", np.array([0, *target[1:]], np.int64))
        self.graph.node("Reshape", [value, shape], name)

    def concatenation(self, o: Table, i: list[int], out: int) -> None:
        options = o.table(4)
        assert options is not None
        _require(len(self.shape(out)) == 3 and options.scalar(0, "i") == 1, "concatenation of 4-D tensors")
        self.graph.node("Concat", [self.operand(k) for k in i], self.name(out), axis=1)

    def resize_bilinear(self, o: Table, i: list[int], out: int) -> None:
        options = o.table(4)
        assert options is not None
        _require(options.scalar(2, "b") == 0 and options.scalar(3, "b") == 1, "resize with other corner rules")
        source, target, name = self.shape(i[0]), self.shape(out), self.name(out)
        scales = np.array([1, 1, target[1] / source[1], target[2] / source[2]], np.float32)
        constant = self.graph.constant(name + "/scales", scales)
        inputs = [self.operand(i[0]), "", constant]
        self.graph.node("Resize", inputs, name, mode="linear", coordinate_transformation_mode="half_pixel")

    def custom(self, o: Table, i: list[int], out: int) -> None:
        _require(self.custom_names[o.scalar(0, "I")] == "Convolution2DTransposeBias", "unknown custom operator")
        padding, stride_w, stride_h = np.frombuffer(o.vector(5, "u1").tobytes(), "<i4")[:3].tolist()
        weights = self.weights(i[1]).transpose(3, 0, 1, 2)
        kernel = list(weights.shape[2:])
        _require(padding == 1 and kernel == [stride_h, stride_w], "transposed convolution that overlaps")
        name = self.name(out)
        inputs = [
            self.operand(i[0]),
            self.graph.constant(name + "/w", weights),
            self.graph.constant(name + "/b", self.weights(i[2])),
        ]
        self.graph.node("ConvTranspose", inputs, name, strides=[stride_h, stride_w], kernel_shape=kernel)

    def dequantize(self, o: Table, i: list[int], out: int) -> None:
        self.constants[out] = self.weights(i[0])

    def _simple(self, op: str, i: list[int], out: int) -> None:
        self.graph.node(op, [self.operand(k) for k in i], self.name(out))

    def add(self, o: Table, i: list[int], out: int) -> None:
        options = o.table(4)
        _require(options is None or options.scalar(0, "b") == 0, "add with activation")
        self._simple("Add", i, out)

    def mul(self, o: Table, i: list[int], out: int) -> None:
        options = o.table(4)
        _require(options is None or options.scalar(0, "b") == 0, "mul with activation")
        self._simple("Mul", i, out)

    def relu(self, o: Table, i: list[int], out: int) -> None:
        self._simple("Relu", i, out)

    def logistic(self, o: Table, i: list[int], out: int) -> None:
        self._simple("Sigmoid", i, out)

    def hard_swish(self, o: Table, i: list[int], out: int) -> None:
        self._simple("HardSwish", i, out)

    def convert(self) -> bytes:
        for index in self.subgraph.vector(1, "<i4").tolist():
            _, height, width, channels = self.shape(index)
            self.graph.input(self.name(index), ["N", channels, height, width])
        for operator in self.subgraph.tables(3):
            code = self.codes[operator.scalar(0, "I")]
            _require(code in _OPERATORS, f"operator {code}")
            inputs = operator.vector(1, "<i4").tolist()
            outputs = operator.vector(2, "<i4").tolist()
            _require(len(outputs) == 1, "operator with several outputs")
            getattr(self, _OPERATORS[code])(operator, inputs, outputs[0])
        for index in self.subgraph.vector(2, "<i4").tolist():
            shape = self.shape(index)
            nchw = [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else shape
            self.graph.output(self.name(index), ["N", *nchw[1:]])
        return self.graph.serialize()


def convert_tflite(data: bytes, name: str) -> bytes:
    """ONNX bytes of the TFLite model in `data`; raises UnsupportedModel for anything unknown."""
    return _Converter(data, name).convert()
