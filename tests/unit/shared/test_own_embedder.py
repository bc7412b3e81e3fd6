"""An operator's own embedding model, and the chips it is given."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from borderlight.vision.chip import ARCFACE, DLIB, align_chip, chip_bounds, rewarp_chip
from borderlight.vision.embedder import FaceEmbedder
from borderlight.vision.models import ModelCorrupt, ModelMissing
from borderlight.vision.pinned import pinned_models
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from borderlight_tools.models.build import embedder_description
from matcher.app import limits_in_force, make_face_reader
from matcher.domain.comparison import comparison_score
from matcher.settings import MatcherSettings


def described(folder: Path, models: Path, **changes: object) -> Path:
    """The bundled network under another name, with a description of it."""
    onnx = folder / "own.onnx"
    shutil.copy(models / "face_embedding_sface.onnx", onnx)
    stated = {"file": "own.onnx", "sha256": hashlib.sha256(onnx.read_bytes()).hexdigest(), **changes}
    path = folder / "own.toml"
    path.write_text("".join(f"{name} = {value!r}\n".replace("True", "true") for name, value in stated.items()))
    return path


def chips() -> list[np.ndarray]:
    random = np.random.default_rng(4)
    return [random.integers(0, 256, (ARCFACE.side, ARCFACE.side, 3), dtype=np.uint8) for _ in range(2)]


def test_a_description_is_followed(models: Path, tmp_path: Path) -> None:
    bundled = FaceEmbedder(models).embed(chips())
    assert np.allclose(np.linalg.norm(bundled, axis=1), 1.0, atol=1e-6)
    own = FaceEmbedder.from_file(described(tmp_path, models))
    assert np.allclose(own.embed(chips()), bundled, atol=1e-6)
    swapped = FaceEmbedder.from_file(described(tmp_path, models, bgr=True)).embed(chips())
    assert np.allclose(swapped, FaceEmbedder(models).embed([chip[:, :, ::-1] for chip in chips()]), atol=1e-5)


class Watching:
    """A model that keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        self.seen.append(batch)
        return [np.ones((len(batch), 4))]


def test_eyes_are_put_where_the_model_wants_them(models: Path, tmp_path: Path) -> None:
    chip = np.zeros((ARCFACE.side, ARCFACE.side, 3), np.uint8)
    chip[49:55, 36:42] = 255  # around the middle of the eye further left
    own = FaceEmbedder.from_file(described(tmp_path, models, side=160, eyes=[[60.0, 80.0], [110.0, 80.0]]))
    own._model = watching = Watching()  # type: ignore[assignment]
    own.embed([chip], ARCFACE)
    (batch,) = watching.seen
    assert batch.shape == (1, 3, 160, 160)
    y, x = np.nonzero(batch[0, 0] > 128)
    assert abs(x.mean() - 60) < 1.5 and abs(y.mean() - 80) < 1.5


@pytest.mark.parametrize("template", [ARCFACE, DLIB], ids=lambda template: template.name)
def test_a_chip_shows_the_five_points_where_the_template_has_them(template: object) -> None:
    """From the source picture, turned and at any size: bright dots come out at the template's places."""
    assert isinstance(template, type(ARCFACE))
    for size, angle in ((2.9, 0.0), (0.8, 0.3), (6.0, -0.5)):
        turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        places = template.points @ turn.T + (300.0, 260.0)
        mesh = np.full((468, 3), 5.0)
        picture = np.zeros((1400, 1600, 3), np.uint8)
        for group, (x, y) in zip(template.mesh, places, strict=True):
            mesh[list(group), :2] = (x, y)
            reach = max(1, round(1.5 * size))
            picture[round(y) - reach : round(y) + reach + 1, round(x) - reach : round(x) + reach + 1] = 255
        chip = align_chip(picture, mesh, template).astype(float)[..., 0]
        for x, y in template.points:
            window = chip[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5]
            rows, columns = np.mgrid[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5]
            assert abs((window * columns).sum() / window.sum() - x) < 0.8
            assert abs((window * rows).sum() / window.sum() - y) < 0.8
        left, top, right, bottom = chip_bounds(mesh, template)
        assert left < places[:, 0].min() and right > places[:, 0].max()
        assert top < places[:, 1].min() and bottom > places[:, 1].max()


def test_a_face_outside_the_picture_gives_a_black_chip() -> None:
    far = np.random.default_rng(1).uniform(5_000, 5_400, (468, 3))
    assert align_chip(np.full((64, 64, 3), 255, np.uint8), far).max() == 0


def test_a_chip_of_the_same_template_is_left_alone() -> None:
    (chip, _) = chips()
    assert rewarp_chip(chip, ARCFACE, ARCFACE) is chip
    assert rewarp_chip(chip, ARCFACE, DLIB).shape == (150, 150, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"sides": 112}, "sides"),
        ({"sha256": "abc"}, "sha256"),
        ({"side": 5}, "side"),
        ({"template": "unknown"}, "template is one of"),
        ({"template": "dlib_150", "side": 112}, "state template, or side and eyes"),
        ({"min_match_score": 0.4}, "min_match_score"),
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


def test_the_former_network_is_used_through_its_embedder_file_with_its_own_limit(models: Path, tmp_path: Path) -> None:
    name = "face_embedding_dlib"
    shutil.copy(models / f"{name}.onnx", tmp_path)
    (tmp_path / f"{name}.toml").write_text(embedder_description(name, pinned_models()["models"][name]))
    settings = MatcherSettings(embedder_file=tmp_path / f"{name}.toml")
    limits = limits_in_force(settings)
    assert (
        limits.min_match_score == 0.936
        and limits.model_sha256 == FaceEmbedder.from_file(tmp_path / f"{name}.toml").model_sha256
    )
    assert limits.min_match_score > limits_in_force(MatcherSettings()).min_match_score, "the shipped limit is not taken"
    reader = make_face_reader(settings)
    same, other = (document_photo(make_head(person, 0.3), 4) for person in (5, -5))
    photos = (same, document_photo(make_head(5, 0.3), 9), other)
    first, again, stranger = (reader.read_photo(photo).embedding for photo in photos)
    assert first is not None and again is not None and stranger is not None
    assert comparison_score(first, again) >= limits.min_match_score > comparison_score(first, stranger)
