"""Align a face to the embedding model's chip and embed it: dlib's 128-D face descriptor."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from borderlight.vision.models import ModelCorrupt, ModelMissing, OnnxModel

CHIP_SIDE = 150
# Where the chip wants outer and inner eye corners and the nose base (subject's left first).
_TEMPLATE = np.array([(110.96, 46.35), (89.61, 47.90), (37.06, 46.37), (58.41, 47.91), (74.01, 87.78)])
_CHIP_EYES = np.array([_TEMPLATE[2:4].mean(0), _TEMPLATE[0:2].mean(0)])
"""Middles of the eyes in our chip, the one further left first."""
_MESH_POINTS = ((263, 249), (362, 382), (33, 7), (133, 155), (2, 2))


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[..., 2, 3] least-squares similarities that map `source` [..., n, 2] on `target` [n, 2] (Umeyama, no mirror)."""
    source_mean, target_mean = source.mean(-2), target.mean(-2)
    a, b = source - source_mean[..., None, :], target - target_mean
    norm = (a**2).sum((-2, -1))
    cos = (a * b).sum((-2, -1)) / norm
    sin = (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).sum(-1) / norm
    rotation = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    return np.concatenate([rotation, (target_mean - (rotation @ source_mean[..., None])[..., 0])[..., None]], -1)


def align_chip(rgb: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[150, 150, 3] chip of the face whose mesh `points` [468, 2 or 3] lie in `rgb`."""
    source = np.array([points[list(pair), :2].mean(0) for pair in _MESH_POINTS])
    matrix = similarity(source, _TEMPLATE)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    while scale <= 0.5 and min(rgb.shape[:2]) > 2:  # halve first, so that bilinear sampling does not alias
        rgb = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
        source = (source + 0.5) / 2 - 0.5
        matrix = similarity(source, _TEMPLATE)
        scale *= 2
    return cv2.warpAffine(rgb, matrix, (CHIP_SIDE, CHIP_SIDE), flags=cv2.INTER_LINEAR)


class EmbedderSpec(BaseModel):
    """How an embedding model wants its chips, and what to do with what it gives.

    side: of the square chip [px]; eyes: where it wants the middles of the two eyes, the one further left first [px],
    None: where our own chip has them, scaled; mean, scale: input = (code value - mean) * scale; bgr: channel order;
    normalise: to unit length.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    side: int = Field(default=CHIP_SIDE, ge=32, le=512)
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None
    mean: float = 0.0
    scale: float = Field(default=1.0, gt=0)
    bgr: bool = False
    normalise: bool = False


class _EmbedderFile(EmbedderSpec):
    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class FaceEmbedder:
    """128-D embedding by default; Euclidean distance below about 0.57 means the same face.

    An operator's own model is given as a TOML file beside the ONNX file:

        file = "my.onnx"
        sha256 = "..."
        side = 112
        eyes = [[38.3, 51.7], [73.5, 51.5]]    # the model's own alignment
        mean = 127.5
        scale = 0.0078125
        bgr = false
        normalise = true

    Its embeddings are compared by Euclidean distance, and calibrated anew (`borderlight calibrate comparison`).
    """

    def __init__(self, folder: Path) -> None:
        self._model = OnnxModel("face_embedding", folder)
        self._spec = EmbedderSpec()
        self.model_sha256 = self._model.sha256

    @classmethod
    def from_file(cls, path: Path) -> "FaceEmbedder":
        """An operator's model; raises ModelMissing, and ModelCorrupt when hash or description are wrong."""
        if not path.is_file():
            raise ModelMissing(f"{path} is missing")
        try:
            stated = _EmbedderFile.model_validate(tomllib.loads(path.read_text()))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ModelCorrupt(f"{path} is no TOML: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise ModelCorrupt(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
        made = cls.__new__(cls)
        made._model = OnnxModel.from_file(path.parent / stated.file, stated.sha256)
        made._spec = EmbedderSpec(**stated.model_dump(exclude={"file", "sha256"}))
        made.model_sha256 = made._model.sha256
        return made

    def embed(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        """[n, k] embeddings of `chips`, each [150, 150, 3] RGB code values."""
        spec = self._spec
        if spec.eyes is not None:
            target = similarity(_CHIP_EYES, np.array(spec.eyes))
            chips = [cv2.warpAffine(chip, target, (spec.side, spec.side), flags=cv2.INTER_LINEAR) for chip in chips]
        elif spec.side != CHIP_SIDE:
            chips = [cv2.resize(chip, (spec.side, spec.side), interpolation=cv2.INTER_AREA) for chip in chips]
        batch = np.stack(chips).astype(np.float32).transpose(0, 3, 1, 2)
        if spec.bgr:
            batch = batch[:, ::-1]
        if (spec.mean, spec.scale) != (0.0, 1.0):
            batch = (batch - np.float32(spec.mean)) * np.float32(spec.scale)
        found = self._model.run(np.ascontiguousarray(batch))[0]
        return found / np.linalg.norm(found, axis=1, keepdims=True) if spec.normalise else found
