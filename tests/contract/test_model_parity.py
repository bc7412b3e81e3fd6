"""The converted models answer as the originals do: numbers in the fixture came from the originals' own runtimes."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import borderlight_lab.simulator.head as simulator
from borderlight.vision.document_detector import DocumentFaceDetector
from borderlight.vision.embedder import FaceEmbedder
from borderlight.vision.models import ModelCorrupt, OnnxModel
from borderlight.vision.pinned import pinned_models

FIXTURE: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures" / "model_parity.json").read_text())
SHAPES = {"face_detection": (128, -1.0), "face_landmark": (192, 0.0), "iris_landmark": (64, 0.0)}
PORTRAIT = Path(simulator.__file__).parent / "portraits" / "eileen_collins_nasa.png"
TOLERANCE = {
    "face_detection": 2e-3,
    "face_landmark": 2e-3,
    "iris_landmark": 1e-3,
    "face_embedding_dlib": 5e-6,
    "face_embedding_sface": 5e-5,
    "face_detection_yunet": 1e-4,
}
CODE_VALUE_SIDES = {"face_embedding_dlib": 150, "face_embedding_sface": 112, "face_detection_yunet": 640}


def model_input(model: str, name: str) -> np.ndarray:
    """[1, 3, side, side], made exactly as for the fixture."""
    random = np.random.default_rng(7)
    portrait = cv2.imread(str(PORTRAIT))
    assert portrait is not None
    face = np.ascontiguousarray(portrait[40:200, 50:210, ::-1])
    if (side := CODE_VALUE_SIDES.get(model)) is not None:
        chip = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
        if name.startswith("portrait"):
            chip = cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR)
        return chip.astype(np.float32).transpose(2, 0, 1)[None]
    side, low = SHAPES[model]
    values = random.random((side, side, 3), dtype=np.float32)
    if name.startswith("portrait"):
        values = cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    return np.ascontiguousarray((values * (1.0 - low) + low).transpose(2, 0, 1)[None])


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"{case['model']}-{case['input'].split()[0]}")
def test_a_converted_model_answers_as_the_original(case: dict[str, Any], models: Path) -> None:
    outputs = OnnxModel(case["model"], models).run(model_input(case["model"], case["input"]))
    by_size = {output.size: output.ravel() for output in outputs}
    in_order = len(by_size) < len(outputs)
    for k, expected in enumerate(case["outputs"].values()):
        found = outputs[k].ravel() if in_order else by_size[expected["size"]]
        assert found.size == expected["size"]
        tolerance = TOLERANCE[case["model"]]
        np.testing.assert_allclose(found[:: expected["every"]], expected["values"], atol=tolerance, rtol=2e-5)
        if "peak" in expected:
            place, value = expected["peak"]
            np.testing.assert_allclose(found[place], value, atol=tolerance, rtol=2e-5)


def test_a_batch_answers_as_one_by_one(models: Path) -> None:
    model = OnnxModel("face_embedding_sface", models)
    chips = np.concatenate([model_input("face_embedding_sface", name) for name in ("random", "portrait")])
    together = model.run(chips)[0]
    for k, chip in enumerate(chips):
        np.testing.assert_allclose(model.run(chip[None])[0][0], together[k], atol=2e-5)


def test_sface_answers_as_opencvs_own_recognizer(models: Path) -> None:
    """OpenCV runs the converted file with its own engine, channel order and scaling."""
    portrait = cv2.imread(str(PORTRAIT))
    assert portrait is not None
    chip = cv2.resize(portrait[40:200, 50:210], (112, 112))
    theirs = cv2.FaceRecognizerSF.create(str(models / "face_embedding_sface.onnx"), "").feature(chip)[0]
    ours = FaceEmbedder(models).embed([np.ascontiguousarray(chip[:, :, ::-1])])[0]
    assert float(ours @ theirs / np.linalg.norm(theirs)) > 0.99999


def test_yunet_finds_what_opencvs_own_detector_finds(models: Path) -> None:
    """Two portraits on one page: boxes, points and scores."""
    portrait = cv2.imread(str(PORTRAIT))
    assert portrait is not None
    page = np.full((640, 640, 3), 200, np.uint8)
    page[40:296, 30:286] = portrait
    page[380:508, 400:528] = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
    detector = cv2.FaceDetectorYN.create(str(models / "face_detection_yunet.onnx"), "", (640, 640), 0.6, 0.3)
    theirs = sorted(detector.detect(page)[1].tolist())
    ours = sorted(
        DocumentFaceDetector(models).search(np.ascontiguousarray(page[:, :, ::-1]), 1.0), key=lambda b: -b.score
    )
    assert len(theirs) == 2
    for row in theirs:
        best = next(box for box in ours if np.abs(box.centre - (row[0] + row[2] / 2, row[1] + row[3] / 2)).max() < 0.5)
        np.testing.assert_allclose(best.size, row[2:4], atol=0.05)
        np.testing.assert_allclose(best.points.ravel(), row[4:14], atol=0.05)
        np.testing.assert_allclose(best.score, row[14], atol=1e-4)


def test_a_changed_model_is_refused(models: Path, tmp_path: Path) -> None:
    content = bytearray((models / "face_landmark.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "face_landmark.onnx").write_bytes(content)
    with pytest.raises(ModelCorrupt, match="SHA-256"):
        OnnxModel("face_landmark", tmp_path)


def test_every_model_states_source_and_licence() -> None:
    pinned = pinned_models()
    for model in pinned["models"].values():
        assert pinned["archives"][model["archive"]]["licence"] in ("Apache-2.0", "CC0-1.0")
        assert len(model["member_sha256"]) == len(model["onnx_sha256"]) == 64
