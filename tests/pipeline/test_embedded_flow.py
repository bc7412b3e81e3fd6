"""The whole flow in memory, on simulated video: what a newcomer runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from simulated_sessions import Sessions

from borderlight_lab.simulated_limits import SIMULATED_LIMITS


def verify(*bundles: Path) -> tuple[list[dict[str, Any]], int]:
    limits = ["--comparison-limits", str(SIMULATED_LIMITS)]
    command = [sys.executable, "-m", "borderlight_cli", "verify", "--json", *limits, *map(str, bundles)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


@pytest.fixture(scope="module")
def answers(sessions: Sessions) -> dict[str, dict[str, Any]]:
    names = ("honest", "stranger", "print", "replay")
    found, status = verify(*(sessions[name] for name in names))
    assert status == 0
    assert [answer["bundle"] for answer in found] == list(names), "answers come in order"
    return dict(zip(names, found, strict=True))


def test_the_honest_traveller_is_admitted(answers: dict[str, dict[str, Any]]) -> None:
    answer = answers["honest"]
    assert (answer["outcome"], answer["reasons"]) == ("admit", [])
    assert answer["liveness"]["outcome"] == "bona_fide" and answer["comparison"]["outcome"] == "match"
    assert answer["comparison_limits"] == SIMULATED_LIMITS.name, "limits that are not the shipped ones are named"
    assert set(answer["cpu_ms"]) == {"normalizer", "liveness", "matcher", "flow"}


def test_somebody_elses_document_is_referred(answers: dict[str, dict[str, Any]]) -> None:
    answer = answers["stranger"]
    assert answer["outcome"] == "refer" and answer["comparison"]["outcome"] == "non_match"
    assert answer["liveness"]["outcome"] == "bona_fide"


@pytest.mark.parametrize("name", ["print", "replay"])
def test_an_attack_is_not_admitted(answers: dict[str, dict[str, Any]], name: str) -> None:
    assert answers[name]["outcome"] != "admit"
    assert answers[name]["liveness"]["outcome"] != "bona_fide"
    assert any(item["finding"] != "supports_bona_fide" for item in answers[name]["liveness"]["evidence"].values())


def test_a_broken_bundle_stops_nobody(sessions: Sessions, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "capture.json").write_text((sessions["honest"] / "capture.json").read_text())
    (broken / "video.webm").write_bytes(b"no video")
    (broken / "video.mp4").write_bytes(b"no video")
    (broken / "documents").mkdir()
    (broken / "documents" / "passport.jpg").write_bytes(b"no photograph")
    found, status = verify(tmp_path / "empty", broken, sessions["honest"])
    assert status == 2
    assert [answer["outcome"] for answer in found] == ["error", "error", "admit"]
    assert found[0]["reasons"] == ["input.bundle_unreadable"]
    assert found[1]["reasons"] == ["capture.not_a_video"]


def test_a_challenge_that_does_not_belong_to_the_video_is_not_admitted(sessions: Sessions, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for path in sessions["honest"].rglob("*"):
        if path.is_file() and path.name != "truth.json":
            target = mixed / path.relative_to(sessions["honest"])
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    capture = json.loads((mixed / "capture.json").read_text())
    capture["challenge"] = json.loads((sessions["stranger"] / "capture.json").read_text())["challenge"]
    (mixed / "capture.json").write_text(json.dumps(capture))
    (answer,), _ = verify(mixed)
    assert answer["outcome"] != "admit"


def test_the_same_bundle_gives_the_same_answer(sessions: Sessions) -> None:
    (first, second), _ = verify(sessions["honest"], sessions["honest"])
    for answer in (first, second):
        answer.pop("cpu_ms")
    assert first == second


def test_truth_is_never_read(sessions: Sessions, tmp_path: Path) -> None:
    copied = tmp_path / "blind"
    for path in sessions["print"].rglob("*"):
        if path.is_file() and path.name != "truth.json":
            target = copied / path.relative_to(sessions["print"])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (blind, seen), _ = verify(copied, sessions["print"])
    assert blind["liveness"] == seen["liveness"]
