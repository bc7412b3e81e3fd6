"""Embed aligned face chips: SFace by default, or an embedding model of the operator's own."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from borderlight.vision.chip import ARCFACE, TEMPLATES, ChipTemplate, rewarp_chip, with_eyes_at
from borderlight.vision.models import ModelCorrupt, ModelMissing, OnnxModel

DEFAULT_EMBEDDER = "face_embedding_sface"


class StatedLimit(BaseModel):
    """A match limit with where it comes from; value: cosine."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float = Field(gt=-1, lt=1)
    run: str
    reason: str


class EmbedderSpec(BaseModel):
    """How an embedding model wants its chips.

    template: a known alignment, `arcface_112` or `dlib_150`; or eyes: where it wants the middles of the two eyes, the
    one further left first [px], on a chip of `side` [px]. mean, scale: input = (code value - mean) * scale; bgr: order
    of the channels. min_match_score: the model's own match limit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    template: str | None = None
    side: int = Field(default=ARCFACE.side, ge=32, le=512)
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None
    mean: float = 0.0
    scale: float = Field(default=1.0, gt=0)
    bgr: bool = False
    min_match_score: StatedLimit | None = None

    def chip_template(self) -> ChipTemplate:
        """Raises ValueError for an unknown or doubly stated template."""
        if self.template is not None:
            if self.eyes is not None or "side" in self.model_fields_set:
                raise ValueError("state template, or side and eyes")
            if self.template not in TEMPLATES:
                raise ValueError(f"template is one of {', '.join(TEMPLATES)}")
            return TEMPLATES[self.template]
        if self.eyes is None:
            return ARCFACE if self.side == ARCFACE.side else with_eyes_at(ARCFACE.eyes * self.side / 112, self.side)
        return with_eyes_at(np.array(self.eyes), self.side)


class EmbedderDescription(EmbedderSpec):
    """An operator's TOML file; file: the ONNX file beside it."""

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def read_description(path: Path) -> EmbedderDescription:
    """The TOML file of an embedding model, without loading the model; raises ModelMissing, ModelCorrupt."""
    if not path.is_file():
        raise ModelMissing(f"{path} is missing")
    try:
        stated = EmbedderDescription.model_validate(tomllib.loads(path.read_text()))
        stated.chip_template()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelCorrupt(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelCorrupt(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    except ValueError as error:
        raise ModelCorrupt(f"{path}: {error}") from error
    return stated


class FaceEmbedder:
    """128 numbers of unit length per face by default; the score of two faces is the cosine of their embeddings.

    An operator's own model is given as a TOML file beside the ONNX file:

        file = "my.onnx"
        sha256 = "..."
        side = 112
        eyes = [[38.3, 51.7], [73.5, 51.5]]    # the model's own alignment
        mean = 127.5
        scale = 0.0078125
        bgr = false
        min_match_score = { value = 0.4, run = "...", reason = "..." }

    Its limit is its own: a limit of another model is never applied to it.
    """

    def __init__(self, folder: Path) -> None:
        self._use(OnnxModel(DEFAULT_EMBEDDER, folder), EmbedderSpec())

    def _use(self, model: OnnxModel, spec: EmbedderSpec) -> None:
        self._model, self._spec = model, spec
        self.template = spec.chip_template()
        self.model_sha256 = model.sha256

    @classmethod
    def from_file(cls, path: Path) -> "FaceEmbedder":
        """An operator's model; raises ModelMissing, and ModelCorrupt when hash or description are wrong."""
        stated = read_description(path)
        made = cls.__new__(cls)
        made._use(OnnxModel.from_file(path.parent / stated.file, stated.sha256), stated)
        return made

    def embed(self, chips: Sequence[np.ndarray], template: ChipTemplate | None = None) -> np.ndarray:
        """[n, k] embeddings of unit length; chips: each [side, side, 3] RGB code values.

        template: how the chips were cut; None: as this model wants them (`self.template`).
        """
        if template is not None:
            chips = [rewarp_chip(chip, template, self.template) for chip in chips]
        batch = np.stack(chips).astype(np.float32).transpose(0, 3, 1, 2)
        if self._spec.bgr:
            batch = batch[:, ::-1]
        if (self._spec.mean, self._spec.scale) != (0.0, 1.0):
            batch = (batch - np.float32(self._spec.mean)) * np.float32(self._spec.scale)
        found = self._model.run(np.ascontiguousarray(batch))[0]
        return found / np.linalg.norm(found, axis=1, keepdims=True)
