"""An intruder inside the decoder's worker: everything that he tries is denied, and what he says is not believed."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from borderlight.runtime.sandbox.client import (
    SandboxedWorker,
    SandboxLacking,
    SandboxPlan,
    WorkerBroken,
    WorkerNotStarted,
    WorkerSlow,
)
from borderlight.runtime.sandbox.confinement import Held
from borderlight.runtime.sandbox.frames import FrameBroken, read_frame, write_frame
from borderlight.runtime.sandbox.seccomp import filter_program

SUPPORT = str(Path(__file__).parent.parent / "support")


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What an intruder would like to reach, all of it there and open to everybody."""
    folder = tmp_path_factory.mktemp("goal")
    folder.chmod(0o777)
    secret = folder / "keys.json"
    secret.write_text("master keys")
    secret.chmod(0o666)
    listening = socket.create_server(("127.0.0.1", 0))
    beside = socket.socket(socket.AF_UNIX)
    beside.bind(str(folder / "socket"))
    beside.listen()
    (folder / "socket").chmod(0o777)
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0borderlight-test")
    abstract.listen()
    held = ctypes.create_string_buffer(b"in the parent's memory")
    yield {
        "parent": os.getpid(), "secret_file": str(secret), "folder": str(folder), "port": listening.getsockname()[1],
        "socket_file": str(folder / "socket"), "address": ctypes.addressof(held),
    }  # fmt: skip
    for each in (listening, beside, abstract):
        each.close()


def plan(goal: dict[str, Any], **more: Any) -> SandboxPlan:
    made = SandboxPlan("hostile_task:make_task", goal, memory_bytes=400_000_000, wall_s=20.0, paths=(SUPPORT,))
    return replace(made, **more)


class WithoutLandlock(SandboxedWorker):
    """A worker on a kernel that has none."""

    _program = ("-c", (
        "import sys, json; from borderlight.runtime.sandbox import confinement, worker;"
        "confinement.restrict_to_reading = lambda folders: 0; worker.main(json.loads(sys.argv[1]))"
    ))  # fmt: skip


@pytest.fixture(
    scope="module",
    params=[(SandboxedWorker, True), (SandboxedWorker, False), (WithoutLandlock, True)],
    ids=["own user", "the parent's user", "no Landlock"],
)
def worker(request: pytest.FixtureRequest, goal: dict[str, Any]) -> Iterator[SandboxedWorker]:
    kind, change_user = request.param
    made = kind(plan(goal, change_user=change_user))
    held = made.start()
    assert held is not None and held.seccomp, "the machine of the tests has seccomp"
    assert (held.landlock > 0) == (kind is SandboxedWorker), "and Landlock"
    yield made
    made.close()


def attack_names() -> list[str]:
    sys.path.insert(0, SUPPORT)
    from hostile_task import _attacks  # pyright: ignore[reportPrivateUsage]

    places = {"parent": 1, "secret_file": "", "folder": "", "port": 1, "socket_file": "", "address": 0}
    return sorted(_attacks(places))


@pytest.mark.parametrize("attack", attack_names())
def test_an_intruder_is_denied(worker: SandboxedWorker, attack: str) -> None:
    came = "denied: the worker ended"
    try:
        answer, _ = worker.ask({"attack": attack}, b"")
        came = answer.get("came") or f"denied: {answer['failed']}"
    except WorkerBroken:
        assert attack in ("replace itself", "take all memory"), "nothing else needs to end it"
    assert came.startswith("denied"), came


def test_without_a_sandbox_the_same_attacks_come_through(goal: dict[str, Any]) -> None:
    """The attacks are real: a bare process is not denied these."""
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import hostile_task as h;"
        "a = h._attacks(json.loads(sys.argv[2]));"
        "print(json.dumps({n: h._tried(a[n]) for n in json.loads(sys.argv[3])}))"
    )
    names = [
        "environment", "read the key file", "read /etc/passwd", "list processes", "write to /tmp", "connect",
        "connect to a socket file", "connect to an abstract socket", "send a datagram", "fork", "run a program",
        "signal the parent",
    ]  # fmt: skip
    words = [sys.executable, "-c", code, SUPPORT, json.dumps(goal), json.dumps(names)]
    came = json.loads(subprocess.run(words, capture_output=True, check=True).stdout.splitlines()[-1])
    assert {name for name, answer in came.items() if "came through" in answer} == set(names)


# --- what the parent makes of a worker's answers


def test_a_body_goes_and_comes_back(worker: SandboxedWorker) -> None:
    body = os.urandom(3_000_000)
    answer, content = worker.ask({"do": "echo"}, body)
    assert (answer["size"], content) == (len(body), body) and answer["cpu_ms"] >= 0


def test_a_worker_that_ends_is_replaced(goal: dict[str, Any]) -> None:
    made = SandboxedWorker(plan(goal))
    with pytest.raises(WorkerBroken):
        made.ask({"do": "end"}, b"")
    assert made.ask({"do": "echo"}, b"12")[1] == b"12"
    made.close()


def test_a_worker_that_hangs_is_ended(goal: dict[str, Any]) -> None:
    made = SandboxedWorker(plan(goal, wall_s=1.0))
    made.start()
    with pytest.raises(WorkerSlow):
        made.ask({"do": "hang"}, b"")
    assert made.pid is None
    made.close()


def test_an_answer_that_is_too_large_is_not_taken_in(goal: dict[str, Any]) -> None:
    made = SandboxedWorker(plan(goal, max_answer=1_000))
    with pytest.raises(WorkerBroken, match="at most 1000"):
        made.ask({"do": "huge", "size": 5_000}, b"")
    made.close()


def test_noise_in_the_pipe_is_no_answer(goal: dict[str, Any]) -> None:
    made = SandboxedWorker(plan(goal))
    made.start()
    for descriptor in range(3, 8):
        try:
            answer, _ = made.ask({"do": "noise", "descriptor": descriptor, "attack": "environment"}, b"")
        except WorkerBroken:
            continue
        assert answer["came"].startswith("denied"), "written elsewhere"
    made.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        (5).to_bytes(4, "little") + (0).to_bytes(8, "little") + b"[[[[[",
        (2).to_bytes(4, "little") + (0).to_bytes(8, "little") + b"[]",
        (4).to_bytes(4, "little") + (0).to_bytes(8, "little") + b"null",
        (200_000).to_bytes(4, "little") + (0).to_bytes(8, "little") + b"[" * 200_000,
        (0xFFFFFFFF).to_bytes(4, "little") + (0).to_bytes(8, "little"),
        (2).to_bytes(4, "little") + (1 << 63).to_bytes(8, "little") + b"{}",
        (2).to_bytes(4, "little") + (9).to_bytes(8, "little") + b"{}short",
    ],
)
def test_a_broken_frame_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "pipe").write_bytes(content)
    with (tmp_path / "pipe").open("rb") as stream, pytest.raises(FrameBroken):
        read_frame(stream, 1_000_000)


def test_a_frame_comes_back(tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("wb") as stream:
        write_frame(stream, {"a": [1, "ä"]}, b"body")
    with (tmp_path / "pipe").open("rb") as stream:
        assert read_frame(stream, 10) == ({"a": [1, "ä"]}, b"body")


# --- life and start


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_the_worker_dies_with_its_parent(goal: dict[str, Any]) -> None:
    code = (
        "import sys, os, time; from borderlight.runtime.sandbox.client import SandboxedWorker, SandboxPlan;"
        f"w = SandboxedWorker(SandboxPlan('hostile_task:make_task', {goal!r}, paths=({SUPPORT!r},)));"
        "w.start(); print(w.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    lines = iter(parent.stdout.readline, b"")
    pid = next(int(line) for line in lines if line.strip().isdigit())
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


def test_a_task_that_cannot_be_loaded_is_said(goal: dict[str, Any]) -> None:
    with pytest.raises(WorkerNotStarted, match="nowhere"):
        SandboxedWorker(plan(goal, task="nowhere:task")).start()


def test_what_is_lacking_is_said_and_can_be_refused(goal: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert Held(landlock=7, seccomp=True, own_user=False).lacking == ()
    assert len(Held(landlock=0, seccomp=False, own_user=False).lacking) == 2
    assert "network" in Held(landlock=2, seccomp=True, own_user=True).lacking[0]
    monkeypatch.setattr(Held, "lacking", ("Landlock",))
    relaxed = SandboxedWorker(plan(goal))
    assert relaxed.start() is not None
    relaxed.close()
    strict = SandboxedWorker(plan(goal, is_required=True))
    with pytest.raises(SandboxLacking, match="Landlock"):
        strict.start()
    assert strict.pid is None


def test_without_landlock_the_filter_keeps_files_away() -> None:
    for machine in ("x86_64", "aarch64"):
        with_files, without = (len(filter_program(machine, files, 7)) for files in (True, False))
        assert without < with_files < 8 * 4096
    with pytest.raises(ValueError):
        filter_program("riscv64", True, 7)
