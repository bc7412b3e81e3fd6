"""Fixtures for every tier: servers that start once per run, models, simulated sessions."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from servers import Endpoints, start_stack
from simulated_sessions import Sessions

from borderlight.vision.models import default_models_folder

_AMBIENT = ("KAFKA_", "S3_", "CAPTURE_INGEST_", "LIVENESS_", "MATCHER_", "DECISION_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack", default="auto", choices=("auto", "external", "docker", "native"),
        help="where Kafka, Redis and S3 come from; auto: endpoints in the environment, else Docker, else processes",
    )  # fmt: skip


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Real Kafka, Redis and S3; started by the first test that asks."""
    kind = str(request.config.getoption("--stack"))
    with start_stack(kind, tmp_path_factory.mktemp("stack")) as endpoints:
        yield endpoints


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the test alone."""
    for name in list(os.environ):
        if name.startswith(_AMBIENT):
            monkeypatch.delenv(name)


@pytest.fixture
def prefix() -> str:
    """Unique per test: topics, groups, keys."""
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture(scope="session")
def models() -> Path:
    folder = default_models_folder()
    if not (folder / "manifest.json").is_file():
        pytest.fail("the face models are missing: run ./dev models")
    return folder


SIMULATED = {
    "honest": ["--species", "bona_fide", "--lux", "90", "--seed", "3"],
    "stranger": ["--species", "bona_fide", "--lux", "120", "--seed", "5", "--mismatch"],
    "print": ["--species", "print_flat", "--lux", "90", "--seed", "7"],
    "replay": ["--species", "inject_replay", "--lux", "90", "--seed", "11"],
}


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    """One small set of simulated sessions, made once per run: test processes that run side by side share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "simulated-sessions"
    with FileLock(f"{folder}.lock"):
        for name, arguments in SIMULATED.items():
            if not (folder / name).is_dir():
                simulate_into(folder / name, arguments)
    return Sessions(folder)


def simulate_into(folder: Path, arguments: list[str]) -> None:
    """One bundle, moved into place when it is whole."""
    out = folder.parent / f".{folder.name}"
    command = [sys.executable, "-m", "borderlight_cli", "simulate", *arguments, "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    shutil.move(next(out.iterdir()), folder)
