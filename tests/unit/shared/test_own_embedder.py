"""An operator's own embedding model."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from borderlight.vision.embedder import CHIP_SIDE, FaceEmbedder
from borderlight.vision.models import ModelCorrupt, ModelMissing


def described(folder: Path, models: Path, **changes: object) -> Path:
    """The bundled network under another name, with a description of it."""
    onnx = folder / "own.onnx"
    shutil.copy(models / "face_embedding.onnx", onnx)
    stated = {"file": "own.onnx", "sha256": hashlib.sha256(onnx.read_bytes()).hexdigest(), **changes}
    path = folder / "own.toml"
    path.write_text("".join(f"{name} = {value!r}\n".replace("True", "true") for name, value in stated.items()))
    return path


def chips() -> list[np.ndarray]:
    random = np.random.default_rng(4)
    return [random.integers(0, 256, (CHIP_SIDE, CHIP_SIDE, 3), dtype=np.uint8) for _ in range(2)]


def test_a_description_is_followed(models: Path, tmp_path: Path) -> None:
    bundled = FaceEmbedder(models).embed(chips())
    own = FaceEmbedder.from_file(described(tmp_path, models, normalise=True))
    assert np.allclose(own.embed(chips()), bundled / np.linalg.norm(bundled, axis=1, keepdims=True), atol=1e-5)
    swapped = FaceEmbedder.from_file(described(tmp_path, models, bgr=True)).embed(chips())
    assert np.allclose(swapped, FaceEmbedder(models).embed([chip[:, :, ::-1] for chip in chips()]), atol=1e-4)


def test_eyes_are_put_where_the_model_wants_them(models: Path, tmp_path: Path) -> None:
    chip = np.zeros((CHIP_SIDE, CHIP_SIDE, 3), np.uint8)
    chip[42:52, 43:53] = 255  # around the middle of the eye further left
    own = FaceEmbedder.from_file(described(tmp_path, models, eyes=[[60.0, 80.0], [110.0, 80.0]]))
    seen: list[np.ndarray] = []

    class Watching:
        def run(self, batch: np.ndarray) -> list[np.ndarray]:
            seen.append(batch)
            return [np.ones((len(batch), 4))]

    own._model = Watching()  # type: ignore[assignment]
    own.embed([chip])
    y, x = np.nonzero(seen[0][0, 0] > 128)
    assert abs(x.mean() - 60) < 1.5 and abs(y.mean() - 80) < 1.5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"sides": 112}, "sides"),
        ({"sha256": "abc"}, "sha256"),
        ({"side": 5}, "side"),
    ],
)
def test_a_wrong_description_is_refused(models: Path, tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ModelCorrupt, match=words):
        FaceEmbedder.from_file(described(tmp_path, models, **changes))


def test_a_missing_or_unreadable_description_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        FaceEmbedder.from_file(tmp_path / "nowhere.toml")
    (tmp_path / "own.toml").write_text("file =")
    with pytest.raises(ModelCorrupt, match="no TOML"):
        FaceEmbedder.from_file(tmp_path / "own.toml")
