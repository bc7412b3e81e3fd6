"""What the API answers to callers who mean no good: limits come before names, sizes before keys."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes.capture_service import TYPE, WEBM, Service, bearer, kind
from limits.aio.storage import MemoryStorage
from structlog.testing import capture_logs

from borderlight.errors import Unavailable
from capture_ingest.entrypoints.upload_turns import UploadTurns


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    made = Service(tmp_path)
    yield made
    await made.http.aclose()


async def test_names_that_a_caller_chose_are_not_counted(service: Service) -> None:
    """A thousand invented sessions leave what one leaves: the count of their address."""
    known = await service.challenged()
    for number in range(1000):
        name = secrets.token_urlsafe(16) if number % 2 else "x" * 6000
        answer = await service.http.post(f"/v1/sessions/{name}/claim", headers=bearer("nobody"))
        assert kind(answer) == "session-unknown"
    wrong = await service.http.get(f"{known[0]}/video?total=5", headers=bearer("nobody"))
    assert kind(wrong) == "token-refused"
    assert isinstance(service.counters, MemoryStorage)
    names = set(service.counters.storage)
    assert len([name for name in names if "/session/" in name]) <= 2, "the window of one session with its own token"
    assert len(names) <= 8 and max(len(name) for name in names) < 120


async def test_a_request_that_is_large_is_refused_before_anybody_is_asked_for_a_key(service: Service) -> None:
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(5000):
            taken += 60_000
            yield b" " * 60_000

    path, auth = await service.challenged()
    for headers in ({}, auth):
        for stated in ({}, {"Content-Length": "300000000"}):
            taken = 0
            answer = await service.http.post(
                f"{path}/finish", content=body(), headers={**headers, **stated, "Content-Type": "application/json"}
            )
            assert kind(answer) == "request-too-large"
            assert taken <= 180_000


async def test_a_document_of_brackets_is_no_failure_of_ours(service: Service) -> None:
    path, auth = await service.challenged()
    json_type = {"Content-Type": "application/json"}
    for content in (b"[" * 60_000, b'{"sha256":' * 6000, b"\xff\xfe", b"null", b'"' + b"a" * 60_000 + b'"', b"1e99999"):
        answer = await service.http.post(f"{path}/finish", content=content, headers={**auth, **json_type})
        assert answer.status_code in (409, 422), (content[:20], answer.text)
        answer = await service.http.post("/v1/sessions", content=content, headers={**bearer("full"), **json_type})
        assert kind(answer) == "request-invalid"


async def test_a_request_that_drips_is_ended(tmp_path: Path) -> None:
    service = Service(tmp_path, request_timeout_s=0.05)
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    answer = await service.http.post("/v1/sessions", content=body(), headers={"Content-Type": "application/json"})
    assert kind(answer) == "request-too-slow"
    await service.http.aclose()


async def test_a_session_has_one_upload_at_a_time_and_the_newest_wins(service: Service) -> None:
    path, auth = await service.challenged()
    go_on = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield WEBM[:100]
        await go_on.wait()
        yield WEBM[100:]

    uploads = [
        asyncio.create_task(service.http.put(f"{path}/video", content=stalled(), headers={**auth, **TYPE}))
        for _ in range(40)
    ]
    ended = asyncio.as_completed(uploads)
    refused = [await next(ended) for _ in range(39)]
    assert {kind(answer) for answer in refused} == {"upload-too-slow"}
    go_on.set()
    assert (await next(ended)).status_code == 200


async def test_all_uploads_together_hold_a_bounded_number_of_bytes(tmp_path: Path) -> None:
    service = Service(tmp_path, upload_memory_bytes=3 * len(WEBM))
    turns = next(part.turns for part in service.app.state.parts.values() if hasattr(part, "turns"))
    assert isinstance(turns, UploadTurns)
    go_on = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield WEBM[:-1]
        await go_on.wait()
        yield WEBM[-1:]

    sessions = [await service.challenged() for _ in range(6)]
    uploads = [
        asyncio.create_task(service.http.put(f"{path}/video", content=stalled(), headers={**auth, **TYPE}))
        for path, auth in sessions
    ]
    refused: list[httpx.Response] = []
    for upload in asyncio.as_completed(uploads):
        refused.append(await upload)
        assert turns.held <= 2 * len(WEBM)
        if len(refused) == 4:
            go_on.set()
    assert sorted(answer.status_code for answer in refused) == [200, 200, 503, 503, 503, 503]
    assert all(answer.headers["retry-after"] for answer in refused if answer.status_code == 503)
    assert turns.held == 0, "nothing is held for uploads that are over"
    await service.http.aclose()


async def test_large_uploads_leave_room_for_small_ones() -> None:
    """Stolen tokens that hold large videos back cannot keep a page's part out."""
    turns = UploadTurns(96_000)
    async with turns.of("large") as one, turns.of("another") as two, turns.of("page") as page:
        one.hold(60_000)
        with pytest.raises(Unavailable):
            two.hold(10_000)
        page.hold(3_000)
        with pytest.raises(Unavailable):
            page.hold(3_000)
    assert turns.held == 0


async def test_a_search_for_keys_is_slowed_and_seen(tmp_path: Path) -> None:
    service = Service(tmp_path, rate_of_wrong_keys="5/minute")
    with capture_logs() as logs:
        answers = [
            await service.http.post("/v1/sessions", json={"traveller_ref": "t"}, headers=bearer(f"guess-{n}"))
            for n in range(50)
        ]
    assert [kind(answer) for answer in answers] == ["not-authorized"] * 5 + ["rate-limited"] * 45
    assert len([entry for entry in logs if "wrong agency key" in entry["event"]]) == 5, "and the log stays small"
    assert service.metrics.registry.get_sample_value("borderlight_keys_refused_total") == 50
    assert await service.open(), "the agency is not locked out by somebody behind the same address"
    await service.http.aclose()


async def test_an_agency_opens_a_bounded_number_of_sessions(tmp_path: Path) -> None:
    service = Service(tmp_path, rate_per_agency="3/minute")
    for _ in range(3):
        await service.open()
    body = {"traveller_ref": "t"}
    assert kind(await service.http.post("/v1/sessions", json=body, headers=bearer("full"))) == "rate-limited"
    await service.open("other")
    await service.http.aclose()


@pytest.mark.parametrize(
    ("trusted", "peer", "allowed"),
    [("10.0.0.0/8", "10.1.2.3", True), ("10.0.0.0/8", "192.0.2.7", False), ("", "10.1.2.3", False)],
)
async def test_behind_a_trusted_proxy_every_client_has_its_own_limit(
    tmp_path: Path, trusted: str, peer: str, allowed: bool
) -> None:
    service = Service(tmp_path, trusted_proxies=trusted, rate_per_address="4/minute")
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=service.app, client=(peer, 1)), base_url="https://border.example"
    )

    async def ask(address: str) -> httpx.Response:
        return await client.get("/v1/sessions/unknown", headers={"X-Forwarded-For": address})

    assert [(await ask("198.51.100.1")).status_code for _ in range(5)] == [404] * 4 + [429]
    other = await ask("198.51.100.2")
    assert (other.status_code == 404) == allowed, "who may not say so, does not choose its address"
    await client.aclose()
    await service.http.aclose()


async def test_links_do_not_follow_the_host_header(service: Service) -> None:
    answer = await service.http.post(
        "/v1/sessions", json={"traveller_ref": "t"}, headers={**bearer("full"), "Host": "evil.example"}
    )
    assert answer.json()["link"].startswith("https://border.example/capture/#")


async def test_every_answer_tells_browsers_to_keep_and_guess_nothing(service: Service) -> None:
    path, auth = await service.challenged()
    for answer in (
        await service.http.get(path, headers=auth),
        await service.http.get(f"{path}/page", headers=auth),
        await service.http.post("/v1/sessions", json={"traveller_ref": "t"}, headers=bearer("full")),
        await service.http.get("/nothing"),
        await service.http.post("/v1/sessions", content=b"x" * 70_000),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "max-age=" in answer.headers["strict-transport-security"]
    page = await service.http.get("/capture/")
    assert page.headers["cache-control"] == "no-cache" and page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/sessions", "POST"),
        ("DELETE", "/v1/sessions/abc", "GET"),
        ("DELETE", "/v1/sessions/abc/video", "GET, PUT"),
        ("GET", "/v1/sessions/abc/finish", "POST"),
        ("POST", "/capture/", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(service: Service, method: str, path: str, allowed: str) -> None:
    answer = await service.http.request(method, path)
    assert kind(answer) == "method-not-allowed" and answer.headers["allow"] == allowed


async def test_the_operators_pages_are_not_on_the_public_port(service: Service) -> None:
    for path in ("/metrics", "/docs", "/docs.css", "/openapi.json", "/healthz", "/readyz"):
        assert kind(await service.http.get(path)) == "not-found"
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=service.ops), base_url="http://ops")
    await service.bus.start()
    for path in ("/metrics", "/docs", "/docs.css", "/openapi.json", "/healthz", "/readyz"):
        assert (await client.get(path)).status_code == 200
    await service.bus.stop()
    await client.aclose()


async def test_no_telemetry_leaves_the_api(service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    app: Any = Service(tmp_path / "other").app
    assert not any(app._telemetry[name] for name in ("tracing", "metrics", "logs", "operation_spans", "auto_configure"))
    assert not app._native_telemetry.enabled()
