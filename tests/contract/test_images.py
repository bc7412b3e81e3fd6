"""What the Dockerfiles do, step by step without an engine: each service alone with its own locked requirements."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
MODULES = {
    "capture-ingest": "capture_ingest",
    "liveness": "liveness",
    "matcher": "matcher",
    "decision": "decision",
    "retention": "retention",
}


def steps(dockerfile: Path, stage: str) -> list[str]:
    """RUN instructions of a stage, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", dockerfile.read_text())
    (found,) = [part for part in text.split("\nFROM ") if part.splitlines()[0].endswith(f" AS {stage}")]
    return [line.removeprefix("RUN ") for line in found.splitlines() if line.startswith("RUN ")]


def run(command: str | list[str], cwd: Path, shell: bool = False, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, shell=shell, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("service", sorted(MODULES))
def test_a_service_builds_and_imports_with_only_its_own_packages(service: str, tmp_path: Path) -> None:
    """COPY and RUN of the build stage in an empty folder, /opt/venv replaced by a folder of the test."""
    venv, source = tmp_path / "venv", tmp_path / "src"
    for part in (f"requirements/{service}.txt", "shared", f"services/{service}"):
        target = source / part
        target.parent.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules", "page", "build")
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target, ignore=ignore)
        else:
            shutil.copy(ROOT / part, target)
    if service == "capture-ingest":
        page = source / "services" / service / "web"
        for step in steps(ROOT / "services" / service / "Dockerfile", "page"):
            run(step, cwd=page, shell=True)
    environment = {**os.environ, "PATH": f"{UV.parent}:{os.environ['PATH']}"}
    for step in steps(ROOT / "services" / service / "Dockerfile", "build")[1:]:  # the first installs uv
        command = step.replace("/opt/venv", str(venv)).replace("uv venv", f"uv venv --python {sys.executable}")
        run(command, cwd=source, shell=True, env=environment)
    code = f"import {MODULES[service]}.app; from borderlight.contracts.topics import registry; print(len(registry()))"
    assert int(run([str(venv / "bin" / "python"), "-c", code], cwd=tmp_path)) >= 8, "the topics travel with the package"
    if service == "capture-ingest":
        code = (
            "import capture_ingest.entrypoints.page_routes as p; print(sorted(f.name for f in p.PAGE_FOLDER.iterdir()))"
        )
        shipped = run([str(venv / "bin" / "python"), "-c", code], cwd=tmp_path)
        assert "index.html" in shipped and "guidance" in shipped, "the built page travels with the package"
    listed = run([str(UV), "pip", "list", "--python", str(venv)], cwd=tmp_path)
    assert "borderlight-lab" not in listed and "pytest" not in listed
