"""Read dlib's serialised face recognition network and write it as ONNX.

The file nests layers from the output inwards: version integers on the way in, details on the way out.
"""

from dataclasses import dataclass, field

import numpy as np

from borderlight_tools.models.onnx_writer import OnnxGraph
from borderlight_tools.models.tflite import UnsupportedModel

_MEAN_RGB = np.array([122.782, 117.001, 104.298])
_SCALE = 256.0
INPUT_SIDE_PX = 150


@dataclass
class _Reader:
    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise UnsupportedModel("truncated dlib file")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self) -> int:
        control = self.take(1)[0]
        value = int.from_bytes(self.take(control & 0x0F), "little")
        return -value if control & 0x80 else value

    def boolean(self) -> bool:
        return self.take(1) == b"1"

    def number(self) -> float:
        mantissa = self.integer()
        return mantissa * 2.0 ** self.integer()

    def text(self) -> str:
        return self.take(self.integer()).decode()

    def tensor(self) -> np.ndarray:
        if self.integer() != 2:
            raise UnsupportedModel("tensor version")
        shape = [self.integer() for _ in range(4)]
        count = int(np.prod(shape))
        return np.frombuffer(self.take(4 * count), "<f4").reshape(shape)

    def aliases(self) -> None:
        """Skip two views into the parameters: a version and four sizes each."""
        for _ in range(10):
            self.integer()

    def expect(self, *values: int) -> None:
        for value in values:
            found = self.integer()
            if found != value:
                raise UnsupportedModel(f"expected {value}, found {found} at byte {self.at}")


@dataclass
class _Layer:
    kind: str
    numbers: list[int] = field(default_factory=list[int])
    params: np.ndarray | None = None


def _details(r: _Reader) -> _Layer:
    kind = r.text()
    if kind.startswith("con_"):
        params = r.tensor()
        numbers = [r.integer() for _ in range(7)]
        r.aliases()
        [r.number() for _ in range(4)]
        return _Layer("con", numbers, params)
    if kind.startswith("affine_"):
        params = r.tensor()
        r.aliases()
        return _Layer("affine", [r.integer()], params)
    if kind.startswith(("max_pool", "avg_pool")):
        return _Layer(kind[:8], [r.integer() for _ in range(6)])
    if kind.startswith("relu_"):
        return _Layer("relu")
    if kind.startswith("add_prev"):
        return _Layer("add_prev")
    if kind.startswith("fc_"):
        numbers = [r.integer(), r.integer()]
        params = r.tensor()
        r.aliases()
        numbers.append(r.integer())
        [r.number() for _ in range(4)]
        return _Layer("fc", numbers, params)
    raise UnsupportedModel(f"layer {kind!r}")


def _finish_layer(r: _Reader) -> None:
    for _ in range(3):
        r.boolean()
    for _ in range(3):
        if r.tensor().size:
            raise UnsupportedModel("a stored activation")


def _read(r: _Reader) -> list[_Layer]:
    """Layers from input to output; tags and skips appear as `mark`."""
    r.expect(1)
    if not r.text().startswith("loss_metric"):
        raise UnsupportedModel("not the face recognition network")
    r.number()
    r.number()
    nesting: list[str] = []
    while True:
        version = r.integer()
        if version == 2:
            nesting.append("layer")
        elif version == 1:
            nesting.append("mark")
        elif version == 3:
            break
        else:
            raise UnsupportedModel(f"layer version {version}")
    if not r.text().startswith("input_rgb_image_sized"):
        raise UnsupportedModel("unknown input layer")
    for _ in range(3):
        r.number()
    r.expect(INPUT_SIDE_PX, INPUT_SIDE_PX)
    layers = [_details(r)]
    _finish_layer(r)
    r.expect(1)
    for kind in reversed(nesting):
        if kind == "mark":
            layers.append(_Layer("mark"))
        else:
            layers.append(_details(r))
            _finish_layer(r)
    return layers


def convert_dlib_resnet(data: bytes) -> bytes:
    """ONNX bytes: `input` [N,3,150,150] raw RGB 0..255 -> `embedding` [N,128], not normalised."""
    reader = _Reader(data)
    layers = _read(reader)
    return _build(layers)


def _kernel(layer: _Layer, channels: int) -> tuple[np.ndarray, np.ndarray]:
    assert layer.params is not None
    filters, rows, columns = layer.numbers[:3]
    flat = layer.params.reshape(-1).astype(np.float64)
    split = filters * channels * rows * columns
    return flat[:split].reshape(filters, channels, rows, columns), flat[split:]


def _build(layers: list[_Layer]) -> bytes:
    g = OnnxGraph("dlib_face_embedding")
    g.input("input", ["N", 3, INPUT_SIDE_PX, INPUT_SIDE_PX])
    value, channels, size, count = "input", 3, INPUT_SIDE_PX, 0
    tag: tuple[str, int, int] | None = None  # name, channels, side of the residual's start
    block: tuple[str, int, int] | None = None  # the convolution branch, kept while the shortcut is pooled
    i = 0
    while i < len(layers):
        layer = layers[i]
        name = f"n{count}"
        count += 1
        if layer.kind == "con":
            weights, bias = _kernel(layer, channels)
            if i + 1 < len(layers) and layers[i + 1].kind == "affine":
                affine = layers[i + 1].params
                assert affine is not None
                gamma, beta = affine.reshape(2, -1).astype(np.float64)
                weights, bias = weights * gamma[:, None, None, None], bias * gamma + beta
                i += 1
            if value == "input":  # fold (rgb - mean) / 256 into the unpadded first convolution: exact
                weights = weights / _SCALE
                bias = bias - np.einsum("fcij,c->f", weights, _MEAN_RGB)
            stride, padding = layer.numbers[3], layer.numbers[5]
            kernel = weights.shape[2]
            inputs = [value, g.constant(name + "w", weights.astype(np.float32))]
            inputs.append(g.constant(name + "b", bias.astype(np.float32)))
            value = g.node("Conv", inputs, name, strides=[stride, stride], pads=[padding] * 4,
                           kernel_shape=[kernel, kernel])  # fmt: skip
            channels, size = weights.shape[0], (size + 2 * padding - kernel) // stride + 1
        elif layer.kind == "relu":
            value = g.node("Relu", [value], name)
        elif layer.kind in ("max_pool", "avg_pool"):
            rows, _, stride, _, padding, _ = layer.numbers
            if rows == 0:
                value, size = g.node("GlobalAveragePool", [value], name), 1
            else:
                op = "MaxPool" if layer.kind == "max_pool" else "AveragePool"
                value = g.node(op, [value], name, kernel_shape=[rows, rows], strides=[stride, stride],
                               pads=[padding] * 4)  # fmt: skip
                size = (size + 2 * padding - rows) // stride + 1
        elif layer.kind == "mark":
            following = layers[i + 1].kind if i + 1 < len(layers) else ""
            if following == "mark":  # the end of a convolution branch: return to the tag, shortcut follows
                block, (value, channels, size) = (value, channels, size), _known(tag)
                i += 1
            else:
                tag = (value, channels, size)
        elif layer.kind == "add_prev":
            left, right = block or _known(tag), (value, channels, size)
            value, channels, size = _padded_sum(g, left, right, name)
            block = None
        elif layer.kind == "fc":
            assert layer.params is not None
            flat = g.node("Flatten", [value], name + "flat", axis=1)
            weights = layer.params.reshape(channels, -1)
            value = g.node("MatMul", [flat, g.constant(name + "w", weights)], "embedding")
        else:
            raise UnsupportedModel(layer.kind)
        i += 1
    g.output("embedding", ["N", 128])
    return g.serialize()


def _known(tag: tuple[str, int, int] | None) -> tuple[str, int, int]:
    if tag is None:
        raise UnsupportedModel("residual without a start")
    return tag


def _padded_sum(
    g: OnnxGraph, left: tuple[str, int, int], right: tuple[str, int, int], name: str
) -> tuple[str, int, int]:
    """dlib adds unequal shapes by padding with zeros at the end, in channels and in space."""
    channels, size = max(left[1], right[1]), max(left[2], right[2])
    operands: list[str] = []
    for k, (value, own_channels, own_size) in enumerate((left, right)):
        grown = value
        if (own_channels, own_size) != (channels, size):
            spare = size - own_size
            pads = np.array([0, 0, 0, 0, 0, channels - own_channels, spare, spare], np.int64)
            grown = g.node("Pad", [value, g.constant(f"{name}p{k}", pads)], f"{name}pad{k}")
        operands.append(grown)
    return g.node("Add", operands, name), channels, size
