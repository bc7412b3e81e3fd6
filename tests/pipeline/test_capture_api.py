"""The capture API as its two kinds of client meet it: agencies with scopes, travellers with one-time tokens."""

import asyncio
import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fakes.capture_service import MP4, TYPE, WEBM, Service, bearer, digest, kind, parts_of

from borderlight.contracts.events import SessionCaptured
from capture_ingest.domain.session_life import Step


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    made = Service(tmp_path)
    yield made
    await made.http.aclose()


async def test_an_agency_needs_a_key_and_its_scope(service: Service) -> None:
    body = {"traveller_ref": "t-1"}
    assert kind(await service.http.post("/v1/sessions", json=body)) == "not-authorized"
    assert kind(await service.http.post("/v1/sessions", json=body, headers=bearer("wrong"))) == "not-authorized"
    assert kind(await service.http.post("/v1/sessions", json=body, headers=bearer("reader"))) == "scope-missing"
    opened = await service.open()
    path = f"/v1/sessions/{opened['session_id']}"
    assert (await service.http.get(path, headers=bearer("full"))).json()["state"] == "opened"
    assert kind(await service.http.get(path, headers=bearer("other"))) == "session-unknown", "another agency's session"
    assert kind(await service.http.get(path)) == "not-authorized"


async def test_the_link_carries_its_token_in_the_fragment(service: Service) -> None:
    opened = await service.open(language="fr", return_url="https://agency.example/next")
    assert opened["link"] == f"https://border.example/capture/#{opened['session_id']}.{opened['token']}"
    path = f"/v1/sessions/{opened['session_id']}"
    claimed = (await service.http.post(f"{path}/claim", headers=bearer(opened["token"]))).json()
    assert claimed["language"] == "fr" and claimed["return_url"] == "https://agency.example/next"


async def test_an_agency_chooses_the_policy_of_a_session(tmp_path: Path) -> None:
    service = Service(tmp_path, policies=["kiosk"])
    refused = await service.http.post(
        "/v1/sessions", json={"traveller_ref": "t", "policy": "x"}, headers=bearer("full")
    )
    assert kind(refused) == "policy-unknown"
    opened = await service.open(policy="kiosk")
    path, auth = f"/v1/sessions/{opened['session_id']}", bearer(opened["token"])
    await service.http.post(f"{path}/challenge", headers=auth)
    again = (await service.http.post(f"{path}/retake", json={}, headers=auth)).json()
    path, auth = f"/v1/sessions/{again['session_id']}", bearer(again["token"])
    await service.http.post(f"{path}/challenge", headers=auth)
    stored = (await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE})).json()
    await service.http.post(f"{path}/finish", json={"sha256": stored["sha256"]}, headers=auth)
    (record,) = service.bus.log[SessionCaptured.topic]
    assert record.value is not None
    assert SessionCaptured.model_validate_json(record.value).policy == "kiosk", "retakes keep it"
    await service.http.aclose()


async def test_a_link_is_claimed_once_and_then_only_looks(service: Service) -> None:
    opened = await service.open()
    path, link = f"/v1/sessions/{opened['session_id']}", bearer(opened["token"])
    first = await service.http.post(f"{path}/claim", headers=link)
    acting = bearer(first.json()["token"])
    assert kind(await service.http.post(f"{path}/claim", headers=link)) == "token-used"
    assert kind(await service.http.post(f"{path}/challenge", headers=link)) == "token-used"
    assert (await service.http.get(path, headers=link)).json()["state"] == "claimed"
    assert (await service.http.post(f"{path}/challenge", headers=acting)).status_code == 200
    assert kind(await service.http.post(f"{path}/challenge", headers=acting)) == "challenge-already-issued"


async def test_an_upload_in_parts_is_resumed_where_it_stands(service: Service) -> None:
    path, auth = await service.challenged()
    pieces = list(parts_of(WEBM, 4096))
    for headers, piece in pieces[:2]:
        answer = await service.http.put(f"{path}/video", content=piece, headers={**auth, **TYPE, **headers})
        assert answer.status_code == 202
    stands = (await service.http.get(f"{path}/video?total={len(WEBM)}", headers=auth)).json()
    assert stands == {"offset": 8192}
    again = await service.http.put(f"{path}/video", content=pieces[1][1], headers={**auth, **TYPE, **pieces[1][0]})
    assert again.json() == {"offset": 8192}, "a part whose answer was lost is taken again"
    ahead = dict(pieces[2][0], **{"Content-Range": f"bytes 9000-9001/{len(WEBM)}"})
    conflict = await service.http.put(f"{path}/video", content=b"xx", headers={**auth, **TYPE, **ahead})
    assert kind(conflict) == "offset-conflict" and conflict.json()["offset"] == 8192
    sent = [
        await service.http.put(f"{path}/video", content=piece, headers={**auth, **TYPE, **headers, **digest(WEBM)})
        for headers, piece in pieces[2:]
    ]
    last = sent[-1]
    assert last.status_code == 200 and last.json()["sha256"] == hashlib.sha256(WEBM).hexdigest()
    assert not [name for name in await service.objects.list_keys("captures", "") if "/parts/" in name]
    done = await service.http.post(f"{path}/finish", json={"sha256": last.json()["sha256"]}, headers=auth)
    assert done.status_code == 202
    again = await service.http.post(f"{path}/finish", json={"sha256": last.json()["sha256"]}, headers=auth)
    assert again.status_code == 202, "idempotent"


async def test_two_uploads_at_once_give_one_whole_video(service: Service) -> None:
    """Two tabs, or a client that retries too early: parts are taken once, and what is stored is one of the two."""
    path, auth = await service.challenged()
    other = WEBM[:4] + bytes(len(WEBM) - 4)

    async def send(content: bytes, size: int) -> list[httpx.Response]:
        return [
            await service.http.put(
                f"{path}/video", content=piece, headers={**auth, **TYPE, **ranged, **digest(content)}
            )
            for ranged, piece in parts_of(content, size)
        ]

    answers = [one for sent in await asyncio.gather(send(WEBM, 3000), send(other, 3000)) for one in sent]
    assert {one.status_code for one in answers} <= {200, 202, 409, 422}
    for one in answers:
        if one.status_code >= 400:
            assert kind(one) in ("offset-conflict", "digest-mismatch")
    whole = await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE, **digest(WEBM)})
    assert whole.status_code == 200 and whole.json()["sha256"] == hashlib.sha256(WEBM).hexdigest()
    done = await service.http.post(f"{path}/finish", json={"sha256": whole.json()["sha256"]}, headers=auth)
    assert done.status_code == 202


async def test_a_damaged_upload_begins_anew(service: Service) -> None:
    path, auth = await service.challenged()
    pieces = list(parts_of(WEBM, 6000))
    answers = [
        await service.http.put(
            f"{path}/video",
            content=bytes(len(piece)) if number == 1 else piece,
            headers={**auth, **TYPE, **headers, **digest(WEBM)},
        )
        for number, (headers, piece) in enumerate(pieces)
    ]
    assert kind(answers[-1]) == "digest-mismatch"
    assert (await service.http.get(f"{path}/video?total={len(WEBM)}", headers=auth)).json() == {"offset": 0}
    whole = await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE, **digest(WEBM)})
    assert whole.status_code == 200


@pytest.mark.parametrize(
    ("headers", "content", "wanted"),
    [
        ({"Content-Type": "video/webm"}, b"GIF89a....", "capture-type-unsupported"),
        ({"Content-Type": "video/mp4"}, WEBM, "capture-type-unsupported"),
        ({"Content-Type": "text/html"}, WEBM, "capture-type-unsupported"),
        ({**TYPE, **digest(b"another")}, WEBM, "digest-mismatch"),
        ({**TYPE, "Repr-Digest": "md5=:x:"}, WEBM, "request-invalid"),
        ({**TYPE, "Content-Range": "bytes 5-2/9"}, b"x", "request-invalid"),
        ({**TYPE, "Content-Range": "bytes 0-9/20"}, b"short", "request-invalid"),
        ({**TYPE, "Content-Range": "bytes 0-9/900000000"}, bytes(10), "capture-too-large"),
        ({**TYPE, "Content-Range": "bytes 0-9/20"}, bytes(40), "capture-too-large"),
        (TYPE, bytes(12_000_001), "capture-too-large"),
    ],
)
async def test_a_bad_upload_is_refused_without_effect(
    service: Service, headers: dict[str, str], content: bytes, wanted: str
) -> None:
    path, auth = await service.challenged()
    answer = await service.http.put(f"{path}/video", content=content, headers={**auth, **headers})
    assert kind(answer) == wanted
    good = await service.http.put(f"{path}/video", content=MP4, headers={**auth, "Content-Type": "video/mp4"})
    assert good.status_code == 200


async def test_tokens_and_finished_captures_are_not_interchangeable(service: Service) -> None:
    path, auth = await service.challenged()
    other, other_auth = await service.challenged()
    assert (
        kind(await service.http.put(f"{path}/video", content=WEBM, headers={**other_auth, **TYPE})) == "token-refused"
    )
    for where, who in ((path, auth), (other, other_auth)):
        stored = await service.http.put(f"{where}/video", content=WEBM, headers={**who, **TYPE})
        await service.http.post(f"{where}/finish", json={"sha256": stored.json()["sha256"]}, headers=who)
    replay = await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE})
    assert kind(replay) == "capture-already-finished"


async def test_an_upload_that_drips_is_ended(tmp_path: Path) -> None:
    service = Service(tmp_path, upload_timeout_s=0.1)
    path, auth = await service.challenged()

    async def drip() -> AsyncIterator[bytes]:
        for byte in WEBM[:50]:
            yield bytes([byte])
            await asyncio.sleep(0.02)

    assert kind(await service.http.put(f"{path}/video", content=drip(), headers={**auth, **TYPE})) == "upload-too-slow"
    assert (await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE})).status_code == 200
    await service.http.aclose()


async def test_retakes_are_bounded_and_go_on_once(service: Service) -> None:
    path, auth = await service.challenged()
    both = await asyncio.gather(*(service.http.post(f"{path}/retake", json={}, headers=auth) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    second = next(answer.json() for answer in both if answer.status_code == 201)
    assert second["attempt"] == 2
    seen = (await service.http.get(path, headers=auth)).json()
    assert seen["state"] == "continued" and seen["continued_by"]["session_id"] == second["session_id"]
    path, auth = f"/v1/sessions/{second['session_id']}", bearer(second["token"])
    assert kind(await service.http.post(f"{path}/retake", json={}, headers=auth)) == "retake-not-possible"
    await service.http.post(f"{path}/challenge", headers=auth)
    third = (await service.http.post(f"{path}/retake", json={"calm": True}, headers=auth)).json()
    assert third["attempt"] == 3 and third["calm"] is True
    path, auth = f"/v1/sessions/{third['session_id']}", bearer(third["token"])
    await service.http.post(f"{path}/challenge", headers=auth)
    assert kind(await service.http.post(f"{path}/retake", json={}, headers=auth)) == "attempts-exhausted"


@pytest.mark.parametrize(("outcome", "status"), [("retake", 201), ("refer", 409), ("admit", 409)])
async def test_only_the_advice_to_retake_opens_a_further_capture(service: Service, outcome: str, status: int) -> None:
    path, auth = await service.challenged()
    session = path.rsplit("/", 1)[-1]
    await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE})
    for step in (Step.FINISH_RESERVED, Step.CAPTURE_FINISHED):
        await service.sessions.take(session, step, {})
    await service.sessions.take(session, Step.VERDICT_ARRIVED, {"outcome": outcome})
    assert (await service.http.post(f"{path}/retake", json={}, headers=auth)).status_code == status


async def test_a_waiting_reader_is_told_at_once(service: Service) -> None:
    path, auth = await service.challenged()
    waiting = asyncio.create_task(service.http.get(f"{path}?wait_s=10", headers=auth))
    await asyncio.sleep(0.05)
    await service.http.put(f"{path}/video", content=WEBM, headers={**auth, **TYPE})
    answer = await asyncio.wait_for(waiting, 2)
    assert answer.json()["state"] == "uploaded"


async def test_an_expired_link_says_so(service: Service) -> None:
    opened = await service.open()
    service.clock.advance(901)
    path = f"/v1/sessions/{opened['session_id']}"
    assert kind(await service.http.post(f"{path}/claim", headers=bearer(opened["token"]))) == "session-expired"
    assert (await service.http.get(path, headers=bearer(opened["token"]))).json()["state"] == "expired"


async def test_requests_are_limited_per_session_and_told_when_to_return(tmp_path: Path) -> None:
    service = Service(tmp_path, rate_per_session="5/minute")
    path, auth = await service.challenged()
    answers = [await service.http.get(f"{path}/video?total=5", headers=auth) for _ in range(6)]
    assert kind(answers[-1]) == "rate-limited" and int(answers[-1].headers["retry-after"]) > 0
    other, other_auth = await service.challenged()
    assert (await service.http.get(f"{other}/video?total=5", headers=other_auth)).status_code == 200
    await service.http.aclose()


async def test_the_description_is_complete_and_readable(service: Service) -> None:
    ops = httpx.AsyncClient(transport=httpx.ASGITransport(app=service.ops), base_url="http://ops")
    schema = (await ops.get("/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)
            assert operation["description"], (method, path)
    page = await ops.get("/docs")
    await ops.aclose()
    assert "sessions/{session_id}/challenge" in page.text and "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "wanted"), [("GET", "/nothing", "not-found"), ("PATCH", "/v1/sessions", "method-not-allowed")]
)
async def test_wrong_addresses_are_problems_too(service: Service, method: str, path: str, wanted: str) -> None:
    assert kind(await service.http.request(method, path)) == wanted


async def test_a_printed_agency_key_opens_sessions_and_the_settings_hold_no_key(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "borderlight_cli", "agency-key", "Port of Entry"]
    printed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    key, setting = printed.stdout.splitlines()
    assert key not in setting
    name, _, value = setting.partition("=")
    assert name == "CAPTURE_INGEST_AGENCIES"
    accepted = Service(tmp_path, agencies=json.loads(value))
    await accepted.open(key)
    refused = await accepted.http.post("/v1/sessions", json={"traveller_ref": "t"}, headers=bearer(setting))
    assert refused.status_code == 401
    await accepted.http.aclose()


async def test_the_page_is_sent_compressed_to_whoever_takes_it(service: Service) -> None:
    plain = await service.http.get("/capture/page.js", headers={"Accept-Encoding": "identity"})
    assert plain.status_code == 200, "run ./dev page"
    async with service.http.stream("GET", "/capture/page.js", headers={"Accept-Encoding": "br, gzip;q=0.5"}) as small:
        sent = b"".join([chunk async for chunk in small.aiter_raw()])
    assert small.headers["content-encoding"] == "gzip" and "javascript" in small.headers["content-type"]
    assert small.headers["vary"] == "Accept-Encoding"
    assert len(sent) < len(plain.content) / 2 and gzip.decompress(sent) == plain.content
    looked = await service.http.head("/capture/")
    assert looked.status_code == 200 and "text/html" in looked.headers["content-type"]
