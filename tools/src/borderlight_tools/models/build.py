"""`borderlight models build`: pinned archives in, verified ONNX files and a manifest out.

The archives are fetched by pip with their hashes required; each member's hash is checked again before conversion.
The output is byte-for-byte reproducible, and `models.toml` pins the hashes of the files it must produce.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from borderlight.errors import BorderlightError
from borderlight.vision.pinned import pinned_models
from borderlight_tools.models.block_quantised import convert_block_quantised
from borderlight_tools.models.dlib_resnet import convert_dlib_resnet
from borderlight_tools.models.tflite import convert_tflite

HERE = Path(__file__).parent
MANIFEST = "manifest.json"


class ModelBuildFailed(BorderlightError):
    """The face models could not be built."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _download(folder: Path) -> None:
    base = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", str(folder)]
    pins = (HERE / "pins.txt").read_text().splitlines()
    for pin in pins:
        one = folder / "pin.txt"
        one.write_text(pin + "\n")
        extra: list[str] = []
        if pin.startswith("mediapipe"):  # the wheel that holds the weights exists for one Python and platform only
            extra = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--only-binary=:all:"]
        done = subprocess.run([*base, *extra, "-r", str(one)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ModelBuildFailed(f"pip could not fetch {pin.split()[0]}: {done.stderr.strip()[-600:]}")
        one.unlink()


def _read_member(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archive) as source:
        for entry in source:
            if entry.name.endswith(member):
                stream = source.extractfile(entry)
                if stream is not None:
                    return stream.read()
    raise ModelBuildFailed(f"{archive.name} has no member {member}")


def _convert(name: str, model: Mapping[str, Any], data: bytes) -> bytes:
    match Path(model["member"]).suffix:
        case ".dat":
            return convert_dlib_resnet(data)
        case ".tflite":
            return convert_tflite(data, name)
        case ".onnx":
            return convert_block_quantised(data, name, ["N", 3, *model["input_size"]])
        case other:
            raise ModelBuildFailed(f"{name}: nothing here reads {other} files")


def embedder_description(name: str, model: Mapping[str, Any]) -> str:
    """The embedder file of a model that the matcher can be told to use instead of its own."""
    return f'file = "{name}.onnx"\nsha256 = "{model["onnx_sha256"]}"\n{model["embedder"].strip()}\n'


def is_built(folder: Path) -> bool:
    """Whether every pinned model is present with the right hash."""
    for name, model in pinned_models()["models"].items():
        path = folder / f"{name}.onnx"
        if not path.is_file() or sha256(path.read_bytes()) != model["onnx_sha256"]:
            return False
        described = folder / f"{name}.toml"
        if "embedder" in model and (
            not described.is_file() or described.read_text() != embedder_description(name, model)
        ):
            return False
    return (folder / MANIFEST).is_file()


def build_models(folder: Path, archives: Path | None = None, report: Callable[[str], None] = lambda line: None) -> None:
    """Build all models into `folder`; `archives` may hold the downloads already (air-gapped build)."""
    if is_built(folder):
        report(f"models are already built in {folder}")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        source = archives or Path(temporary)
        if archives is None:
            report("fetching the pinned archives (146 MB) ...")
            _download(source)
        pinned = pinned_models()
        manifest: dict[str, Any] = {"schema": "borderlight.models/1", "models": {}}
        for name, model in pinned["models"].items():
            archive = pinned["archives"][model["archive"]]
            path = source / archive["file"]
            if not path.is_file():
                raise ModelBuildFailed(f"{path} is missing; put the archive there or leave out --archives")
            data = _read_member(path, model["member"])
            if sha256(data) != model["member_sha256"]:
                raise ModelBuildFailed(f"{model['member']} is not the pinned file (SHA-256 differs)")
            onnx = _convert(name, model, data)
            if sha256(onnx) != model["onnx_sha256"]:
                raise ModelBuildFailed(f"{name}.onnx came out as {sha256(onnx)}, not as pinned")
            temporary_file = folder / f".{name}.onnx.part"
            temporary_file.write_bytes(onnx)
            temporary_file.replace(folder / f"{name}.onnx")
            if "embedder" in model:
                (folder / f"{name}.toml").write_text(embedder_description(name, model))
            manifest["models"][name] = {
                "sha256": model["onnx_sha256"],
                "source": archive["name"],
                "source_sha256": archive["sha256"],
                "member": model["member"],
                "licence": archive["licence"],
            }
            report(f"built {name}.onnx ({len(onnx) / 1e6:.1f} MB)")
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
