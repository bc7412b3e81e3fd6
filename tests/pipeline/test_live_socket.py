"""Live captures over real sockets: the ordinary way, and threat by threat what must not work."""

import asyncio
import hashlib
import json
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fakes.live_service import LiveService, Opened

from borderlight.contracts.events import Freshness, ObjectRef, SessionCaptured
from borderlight_lab.live_client import Conduct, LiveOutcome
from capture_ingest.domain import live_capture, slot_release
from capture_ingest.domain.hash_chain import chain_start, check_film
from capture_ingest.domain.live_transcript import LiveTranscript


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[LiveService]:
    made = LiveService(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def send_film(service: LiveService, opened: Opened, film: bytes) -> httpx.Response:
    path = f"/v1/sessions/{opened.session_id}"
    headers = {**opened.auth, "Content-Type": "video/webm"}
    stored = await service.http.put(f"{path}/video", content=film, headers=headers)
    if stored.status_code != 200:
        return stored
    body = {"sha256": hashlib.sha256(film).hexdigest()}
    return await service.http.post(f"{path}/finish", json=body, headers=opened.auth)


def captured(service: LiveService) -> SessionCaptured:
    (record,) = service.bus.log[SessionCaptured.topic]
    assert record.value is not None
    return SessionCaptured.model_validate_json(record.value)


async def transcript_of(service: LiveService, reference: ObjectRef) -> LiveTranscript:
    return LiveTranscript.from_json(json.loads(await service.objects.get(reference.bucket, reference.key)))


async def live(service: LiveService, conduct: Conduct | None = None) -> tuple[Opened, LiveOutcome]:
    opened = await service.open()
    return opened, await service.client(opened, conduct).run()


async def test_a_capture_is_committed_while_it_is_filmed_and_the_film_follows(service: LiveService) -> None:
    opened, seen = await live(service)
    assert (seen.kind, seen.close_code, seen.held) == ("sealed", 1000, 0)
    assert await service.state(opened) == "committed"
    finished = await send_film(service, opened, seen.film)
    assert finished.status_code == 202, finished.text
    event = captured(service)
    assert event.freshness is Freshness.LIVE and event.transcript is not None
    transcript = await transcript_of(service, event.transcript)
    start = chain_start(opened.session_id, transcript.nonce)
    assert check_film(seen.film, start, transcript.links())[-1] == len(seen.film)
    issued = json.loads(await service.objects.get(event.capture.bucket, event.capture.key))["challenge"]
    told = [(tuple(slot["srgb"]), slot["duration_ms"]) for slot in seen.slots]
    assert told == [(tuple(step["srgb"]), step["duration_ms"]) for step in issued["steps"]]
    gaps = [after - before for (_, before), (_, after) in zip(seen.shown[1:], seen.shown[2:], strict=False)]
    assert min(gaps) > 200.0, "after the first two, colours come one by one"


async def test_of_two_sockets_one_gets_the_challenge(service: LiveService) -> None:
    opened = await service.open()
    first, second = await asyncio.gather(service.client(opened).run(), service.client(opened).run())
    assert sorted((first.kind, second.kind)) == ["challenge-already-issued", "sealed"]
    loser = first if second.kind == "sealed" else second
    assert loser.shown == [], "it has seen no colour"


async def test_a_foreign_token_gets_nothing(service: LiveService) -> None:
    opened, other = await service.open(), await service.open()
    seen = await service.client(opened, token=other.token).run()
    assert (seen.kind, seen.shown, seen.close_code) == ("token-refused", [], 4400)
    assert await service.state(opened) == "opened", "no attempt was spent"


async def test_a_stalled_client_is_interrupted_and_takes_it_again(service: LiveService) -> None:
    opened, seen = await live(service, Conduct(stall_at=4))
    assert (seen.kind, seen.close_code) == ("interrupted", 4408)
    assert seen.held == 1 and len(seen.shown) < 10, "it was held, and has not seen the rest"
    again = await service.http.post(f"/v1/sessions/{opened.session_id}/retake", json={}, headers=opened.auth)
    assert again.status_code == 201 and again.json()["attempt"] == 2, "what was seen counts"


async def test_a_lost_socket_leaves_a_session_that_takes_no_film(service: LiveService) -> None:
    opened, seen = await live(service, Conduct(drop_at=6))
    assert seen.kind == "lost"
    refused = await send_film(service, opened, seen.film)
    assert refused.status_code == 409 and refused.json()["type"].endswith("challenge-missing")
    fetched = await service.http.post(f"/v1/sessions/{opened.session_id}/challenge", headers=opened.auth)
    assert fetched.json()["type"].endswith("challenge-already-issued"), "nor another challenge"
    second = await service.client(opened).run()
    assert second.kind == "challenge-already-issued"


async def test_an_answer_that_comes_before_its_colour_ends_the_capture(service: LiveService) -> None:
    opened, seen = await live(service, Conduct(claim_ahead=3))
    assert (seen.kind, seen.close_code) == ("interrupted", 4400), "why is not told"
    assert await service.state(opened) == "filming"


async def test_a_late_link_is_sealed_and_called_late(service: LiveService) -> None:
    opened, seen = await live(service, Conduct(pause_ms=900.0))
    assert seen.kind == "sealed"
    await send_film(service, opened, seen.film)
    assert captured(service).freshness is Freshness.LATE


async def test_a_replaced_slice_does_not_fit_the_seal(service: LiveService) -> None:
    """The api takes any film; the normalizer compares it with the seal (test_committed_film.py) and refers."""
    opened, seen = await live(service)
    other = seen.film[:-1] + b"\x00"
    assert (await send_film(service, opened, other)).status_code == 202
    event = captured(service)
    assert event.transcript is not None and event.video.sha256 == hashlib.sha256(other).hexdigest()


async def test_a_server_that_is_killed_in_the_middle_costs_a_retake(service: LiveService) -> None:
    opened = await service.open()
    client = service.client(opened)
    running = asyncio.create_task(client.run())
    await client.began.wait()
    await service.stop(force=True)
    seen = await running
    assert seen.kind == "lost"
    await service.start()
    assert await service.state(opened) == "filming"
    assert (await send_film(service, opened, seen.film)).status_code == 409
    again = await service.http.post(f"/v1/sessions/{opened.session_id}/retake", json={}, headers=opened.auth)
    following = Opened(again.json()["session_id"], again.json()["token"])
    assert (await service.client(following).run()).kind == "sealed"


async def test_a_signal_lets_captures_end_and_takes_no_new_ones(service: LiveService) -> None:
    opened, late = await service.open(), await service.open()
    client = service.client(opened)
    running = asyncio.create_task(client.run())
    await client.began.wait()
    service.server.handle_exit(signal.SIGTERM, None)
    while not service.running.is_draining:
        await asyncio.sleep(0)
    refused = await service.client(late).run()
    assert (refused.kind, refused.close_code) == ("lost", 1012)
    assert (await running).kind == "sealed"
    await service.serving
    await service.start()
    assert (await send_film(service, opened, client.outcome.film)).status_code == 202


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"type":"hello"}', "x" * 3000, '{"type":"link","i":-1}'])
async def test_what_is_not_the_protocol_is_closed(service: LiveService, text: str) -> None:
    from websockets.asyncio.client import connect

    opened = await service.open()
    async with connect(f"{service.base.replace('http', 'ws')}/v1/sessions/{opened.session_id}/live") as socket:
        await socket.send(text)
        assert json.loads(await socket.recv()) == {"type": "closed", "kind": "interrupted"}
        await socket.wait_closed()
        assert socket.close_code == 4400


async def test_attempts_of_one_traveller_are_counted_over_sessions(tmp_path: Path) -> None:
    service = LiveService(tmp_path, attempts_per_day=4)
    await service.start()
    for _ in range(3):
        opened = await service.open("t-eager")
        answer = await service.http.post(f"/v1/sessions/{opened.session_id}/challenge", headers=opened.auth)
        assert answer.status_code == 200
    opened = await service.open("t-eager")
    waiting = await service.http.post(f"/v1/sessions/{opened.session_id}/challenge", headers=opened.auth)
    assert waiting.status_code == 429 and int(waiting.headers["retry-after"]) > 10
    seen = await service.client(opened).run()
    assert (seen.kind, seen.shown) == ("rate-limited", []), "the socket counts the same attempts"
    other = await service.open("t-patient")
    assert (await service.http.post(f"/v1/sessions/{other.session_id}/challenge", headers=other.auth)).is_success
    await service.stop()


async def test_five_hundred_captures_at_once_on_one_process(
    service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five hundred clients share this process with the server, so lateness says nothing here; tests above hold it."""
    monkeypatch.setattr(slot_release, "LINK_OVERDUE_MS", 60_000.0)
    monkeypatch.setattr(slot_release, "MOST_HELD_MS", 60_000.0)
    monkeypatch.setattr(live_capture, "LAST_LINKS_MS", 60_000.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    opened = [await service.open(f"t-{n}") for n in range(500)]
    seen = await asyncio.gather(*(service.client(one, Conduct(slice_ms=250.0)).run() for one in opened))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    ends = {kind: sum(one.kind == kind for one in seen) for kind in {one.kind for one in seen}}
    assert ends == {"sealed": 500}
    assert service.running.count == 0
