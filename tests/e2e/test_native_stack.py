"""The whole system as processes: servers, services, HTTP upload, and a consumer that knows nothing of us."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from simulated_sessions import Sessions

from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight_lab.simulator.bundle_writer import Simulated, Wish, simulate
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting
from borderlight_tools.devstack.stack import Stack


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("e2e"))
    stack.start()
    yield stack
    stack.stop()


def borderlight(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "borderlight_cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **stack.environment}, timeout=120
    )


async def verdict_of(stack: Stack, session: str, seconds: float = 60.0) -> dict[str, Any]:
    """As an integrator's own consumer would read it."""
    consumer = AIOKafkaConsumer(
        "entry.verdict.v1", bootstrap_servers=f"127.0.0.1:{stack.kafka_port}", auto_offset_reset="earliest"
    )
    await consumer.start()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.key == session.encode() and record.value is not None:
                        return json.loads(record.value)
    finally:
        await consumer.stop()
    raise AssertionError(f"no verdict for {session}")


class Traveller:
    """A phone, as far as HTTP can tell."""

    def __init__(self, stack: Stack) -> None:
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{stack.api_port}", timeout=30.0)
        opened = self.api.post("/v1/sessions", json={"traveller_ref": "traveller-e2e"}).json()
        self.session, self.token = opened["session_id"], opened["token"]
        self.path = f"/v1/sessions/{self.session}"

    def __enter__(self) -> "Traveller":
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def challenge(self) -> httpx.Response:
        return self.api.post(f"{self.path}/challenge", headers=self.auth)

    def upload(self, content: bytes, media_type: str = "video/webm") -> httpx.Response:
        return self.api.put(f"{self.path}/video", content=content, headers={**self.auth, "Content-Type": media_type})

    def finish(self, content: bytes) -> httpx.Response:
        body = {"sha256": hashlib.sha256(content).hexdigest(), "displayed": []}
        return self.api.post(f"{self.path}/finish", json=body, headers=self.auth)

    def state(self) -> dict[str, Any]:
        return self.api.get(self.path, headers=self.auth).json()


Travellers = Callable[[], Traveller]


@pytest.fixture
def travellers(running: Stack) -> Iterator[Callable[[], Traveller]]:
    """Makes travellers, and closes their connections."""
    with ExitStack() as open_ones:
        yield lambda: open_ones.enter_context(Traveller(running))


def answer(schedule: dict[str, Any]) -> Simulated:
    wish = Wish(person=4, document_person=4, melanin=0.3, lighting=Lighting(room_lx=90.0), camera=Camera(), seed=12)
    return simulate(wish, ColourSchedule.from_json(schedule))


async def test_a_traveller_is_admitted_over_http(running: Stack, travellers: Travellers, tmp_path: Path) -> None:
    traveller = travellers()
    film = answer(traveller.challenge().json())
    (tmp_path / "traveller-e2e").mkdir()
    (tmp_path / "traveller-e2e" / "passport.jpg").write_bytes(film.photo)
    imported = borderlight(running, "documents", "import", str(tmp_path))
    assert imported.returncode == 0, imported.stderr
    assert traveller.upload(film.video, film.media_type).status_code == 200
    assert traveller.finish(film.video).status_code == 202
    assert traveller.finish(film.video).status_code == 202, "finish is idempotent"
    verdict = await verdict_of(running, traveller.session)
    assert verdict["outcome"] == "admit", verdict
    end = time.monotonic() + 10
    while traveller.state()["state"] != "decided" and time.monotonic() < end:
        time.sleep(0.1)
    assert traveller.state()["outcome"] == "admit"


def test_what_is_wrong_is_refused_with_a_problem_and_no_effect(travellers: Travellers) -> None:
    traveller = travellers()

    def kind(response: httpx.Response) -> tuple[int, str]:
        assert response.headers["content-type"] == "application/problem+json", response.text
        return response.status_code, response.json()["type"].rsplit(":", 1)[-1]

    webm = b"\x1a\x45\xdf\xa3" + b"x" * 100
    assert kind(traveller.upload(webm)) == (409, "challenge-missing")
    assert traveller.challenge().status_code == 200
    assert kind(traveller.challenge()) == (409, "challenge-already-issued")
    assert kind(traveller.upload(b"no video at all")) == (415, "capture-type-unsupported")
    assert kind(traveller.upload(webm, "text/plain")) == (415, "capture-type-unsupported")
    assert kind(traveller.upload(webm + b"0" * 13_000_000)) == (413, "capture-too-large")
    assert kind(traveller.finish(webm)) == (409, "video-missing")
    assert traveller.upload(webm).status_code == 200
    assert kind(traveller.finish(b"another")) == (422, "digest-mismatch")
    other = travellers()
    stolen = traveller.api.post(f"{traveller.path}/challenge", headers=other.auth)
    assert kind(stolen) == (401, "token-refused")
    assert kind(traveller.api.get("/v1/sessions/nobody", headers=traveller.auth)) == (404, "session-unknown")
    assert kind(traveller.api.post("/v1/sessions", json={"traveller_ref": "Ada Lovelace"})) == (422, "request-invalid")
    assert traveller.state()["state"] == "uploaded"


async def test_killing_a_service_costs_nothing_but_time(running: Stack, sessions: Sessions) -> None:
    for name in ("liveness", "normalizer", "decision"):
        running.services[name].kill()
    sent = borderlight(running, "submit", "--fresh-ids", str(sessions["honest"]))
    assert sent.returncode == 0, sent.stderr
    for name in ("liveness", "normalizer", "decision"):
        running.services[name].start()
    verdict = await verdict_of(running, sent.stdout.strip())
    assert verdict["outcome"] == "admit"


async def test_an_object_store_that_is_away_for_a_while(running: Stack, travellers: Travellers) -> None:
    traveller = travellers()
    schedule = traveller.challenge().json()
    running.servers["object-store"].kill()
    webm = b"\x1a\x45\xdf\xa3" + b"x" * 100
    refused = traveller.upload(webm)
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
    film = answer(schedule)
    running.servers["object-store"].start()
    end = time.monotonic() + 30
    while traveller.upload(film.video, film.media_type).status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.5)
    assert traveller.finish(film.video).status_code == 202
    assert (await verdict_of(running, traveller.session))["outcome"] in ("admit", "refer", "retake")


async def test_embedded_and_native_agree(running: Stack, sessions: Sessions) -> None:
    """The same verdict, byte for byte, but for times, ids of storage and the session."""
    for name in ("honest", "stranger", "print"):
        sent = borderlight(running, "submit", "--fresh-ids", str(sessions[name]))
        assert sent.returncode == 0, sent.stderr
        native = await verdict_of(running, sent.stdout.strip())
        embedded = json.loads(borderlight(running, "verify", "--json", str(sessions[name])).stdout)
        assert native["outcome"] == embedded["outcome"] and native["reasons"] == embedded["reasons"]
        assert native["liveness"]["score"] == embedded["liveness"]["score"]
        assert native["comparison"]["score"] == embedded["comparison"]["score"]


async def test_a_verdict_can_be_followed_from_the_command_line(running: Stack) -> None:
    done = borderlight(running, "verdicts", "follow", "--json", "--from-beginning", "--count", "1", "--seconds", "30")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] in ("admit", "refer", "retake")


def test_every_service_shows_its_metrics(running: Stack) -> None:
    for name, port in running.ports.items():
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        assert "borderlight_build_info{" in text, name
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    decided = httpx.get(f"http://127.0.0.1:{running.ports['decision']}/metrics", timeout=5).text
    assert 'borderlight_verdicts_total{outcome="admit"}' in decided
