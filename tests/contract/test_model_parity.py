"""The converted models answer as the originals do: numbers in the fixture came from LiteRT and dlib themselves."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import borderlight_lab.simulator.head as simulator
from borderlight.vision.models import ModelCorrupt, OnnxModel
from borderlight.vision.pinned import pinned_models

FIXTURE: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures" / "model_parity.json").read_text())
SHAPES = {"face_detection": (128, -1.0), "face_landmark": (192, 0.0), "iris_landmark": (64, 0.0)}
PORTRAIT = Path(simulator.__file__).parent / "portraits" / "eileen_collins_nasa.png"
TOLERANCE = {"face_detection": 2e-3, "face_landmark": 2e-3, "iris_landmark": 1e-3, "face_embedding": 5e-6}


def model_input(model: str, name: str) -> np.ndarray:
    """[1, 3, side, side], made exactly as for the fixture."""
    random = np.random.default_rng(7)
    portrait = cv2.imread(str(PORTRAIT))
    assert portrait is not None
    face = np.ascontiguousarray(portrait[40:200, 50:210, ::-1])
    if model == "face_embedding":
        chip = random.integers(0, 256, (150, 150, 3), dtype=np.uint8)
        if name.startswith("portrait"):
            chip = cv2.resize(face, (150, 150), interpolation=cv2.INTER_LINEAR)
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
    for expected in case["outputs"].values():
        found = by_size[expected["size"]][:: expected["every"]]
        np.testing.assert_allclose(found, expected["values"], atol=TOLERANCE[case["model"]], rtol=2e-5)


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
