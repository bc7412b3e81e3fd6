"""The import on real S3 and Redis: killed and resumed, two at once, and a report that tells every refusal."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers import Endpoints

from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from borderlight.runtime.sealing import KeyRing
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from matcher.adapters.object_reference_store import BUCKET

TRAVELLERS = 60


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for person in range(4):
        (folder / f"p{person}.jpg").write_bytes(document_photo(make_head(person, 0.2), 3))
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    with (folder / "manifest.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["traveller_ref", "document_id", "file"])
        rows.writerows([f"import-{k}", "passport-1", f"p{k % 4}.jpg"] for k in range(TRAVELLERS))
        rows.writerow(["import-bad", "passport-1", "bad.jpg"])
    return folder / "manifest.csv"


@pytest.fixture
async def environment(stack: Endpoints, tmp_path: Path) -> dict[str, str]:
    key_file = tmp_path / "keys.json"
    key_file.write_text(KeyRing.generate().to_text())
    found = {
        **os.environ,
        **stack.environment(),
        "MATCHER_REDIS_URL": f"{stack.redis}/6",
        "MATCHER_KEY_FILE": str(key_file),
        "BORDERLIGHT_STATE": str(tmp_path / "state"),
    }
    await empty(found)
    return found


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "borderlight_cli", "documents", *arguments]


def finish(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment, capture_output=True, text=True, timeout=180, check=False
    )


def listed(environment: dict[str, str]) -> list[str]:
    done = finish(environment, "list")
    assert done.returncode == 0, done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


async def empty(environment: dict[str, str]) -> None:
    """The bucket is shared by the tests: what another key sealed must be gone."""
    settings = S3Settings(
        endpoint=environment["S3_ENDPOINT"],
        access_key=environment["S3_ACCESS_KEY"],
        secret_key=environment["S3_SECRET_KEY"],
    )
    objects = S3ObjectStore(settings)
    await objects.ensure_bucket(BUCKET)
    for name in await objects.list_keys(BUCKET, ""):
        await objects.delete(BUCKET, name)


@pytest.mark.usefixtures("models")
def test_an_import_killed_in_the_middle_goes_on_where_it_stopped(
    environment: dict[str, str], manifest: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    arguments = ("import", str(manifest), "--workers", "1", "--journal", str(journal))
    killed = subprocess.Popen(
        command(*arguments), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while time.monotonic() < end and not (journal.is_file() and journal.read_text().count("\n") >= 10):
        assert killed.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    before = journal.read_text().count("\n")
    assert 10 <= before < TRAVELLERS, "killed in the middle"

    report = tmp_path / "report"
    done = finish(environment, *arguments, "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert f"{TRAVELLERS} enrolled, 1 not" in done.stdout
    assert "comparison.reference_not_an_image" in done.stdout
    said = json.loads((report / "report.json").read_text())
    assert said["counts"] == {"enrolled": TRAVELLERS, "refused": 1}
    assert "What would help" in (report / "report.html").read_text()
    assert sorted(listed(environment)) == sorted([*(f"import-{k}" for k in range(TRAVELLERS)), "import-bad"])
    verified = finish(environment, "verify")
    assert (verified.returncode, verified.stdout.strip()) == (0, "nothing is wrong")


@pytest.mark.usefixtures("models")
def test_two_importers_at_once_make_one_store(environment: dict[str, str], manifest: Path, tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            command("import", str(manifest), "--workers", "1", "--journal", str(tmp_path / f"{k}.jsonl")),
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for k in range(2)
    ]  # fmt: skip
    for process in running:
        out, error = process.communicate(timeout=180)
        assert f"{TRAVELLERS} enrolled" in out, error
    assert len(listed(environment)) == TRAVELLERS + 1
    assert finish(environment, "verify").stdout.strip() == "nothing is wrong"
    pairs = finish(environment, "duplicates").stdout.splitlines()
    assert any("import-0" in line and "import-4" in line for line in pairs), "the same photograph twice"


@pytest.mark.usefixtures("models")
def test_the_wrong_key_file_is_told(environment: dict[str, str], manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "import-x.jpg").write_bytes((manifest.parent / "p0.jpg").read_bytes())
    assert "1 enrolled" in finish(environment, "import", str(tmp_path / "one")).stdout
    ring = KeyRing.from_text(Path(environment["MATCHER_KEY_FILE"]).read_text())
    other = tmp_path / "other.json"
    other.write_text(KeyRing(ring.lookup, KeyRing.generate().masters).to_text())
    done = finish({**environment, "MATCHER_KEY_FILE": str(other)}, "show", "import-x")
    assert done.returncode == 1 and "is not given; add it to the key file" in done.stderr
    none = finish({**environment, "MATCHER_KEY_FILE": str(tmp_path / "none.json")}, "show", "import-x")
    assert none.returncode == 1 and "documents keys init" in none.stderr
