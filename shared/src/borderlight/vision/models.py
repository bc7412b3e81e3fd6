"""Load verified ONNX models: the hash is checked before the file is parsed, one thread each."""

import hashlib
import os
from pathlib import Path

import numpy as np

# The runtime's own builds report to their maker unless told before they are loaded. Nothing here calls anybody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime as ort

from borderlight.errors import BorderlightError
from borderlight.vision.pinned import pinned_models


class ModelMissing(BorderlightError):
    """A face model is missing: run `./dev models` (or `borderlight models build`)."""


class ModelCorrupt(BorderlightError):
    """A face model does not have the pinned SHA-256: delete it and run `./dev models`."""


def default_models_folder() -> Path:
    """`BORDERLIGHT_MODELS_DIR`, or the user's cache."""
    stated = os.environ.get("BORDERLIGHT_MODELS_DIR")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(stated) if stated else cache / "borderlight" / "models"


class OnnxModel:
    """One verified model; `run` takes and returns arrays with the batch first."""

    def __init__(self, name: str, folder: Path) -> None:
        path = folder / f"{name}.onnx"
        if not path.is_file():
            raise ModelMissing(f"{path} is missing: run `./dev models`")
        self._load(path, pinned_models()["models"][name]["onnx_sha256"], "delete it and run `./dev models`")

    @classmethod
    def from_file(cls, path: Path, sha256: str) -> "OnnxModel":
        """A model from elsewhere; raises ModelMissing, ModelCorrupt."""
        if not path.is_file():
            raise ModelMissing(f"{path} is missing")
        made = cls.__new__(cls)
        made._load(path, sha256, "state the file's own SHA-256 beside it")
        return made

    def _load(self, path: Path, sha256: str, remedy: str) -> None:
        content = path.read_bytes()
        self.sha256 = hashlib.sha256(content).hexdigest()
        if self.sha256 != sha256:
            raise ModelCorrupt(f"{path} does not have the stated SHA-256: {remedy}")
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(output) for output in self._session.run(None, {self._input: batch})]
