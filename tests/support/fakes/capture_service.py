"""The capture API over memory and a folder, and what its clients send."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from limits.aio.storage import MemoryStorage, Storage

from borderlight.contracts.events import ObjectRef, SessionCaptured
from borderlight.errors import Unavailable
from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from capture_ingest.adapters.memory_session_store import MemorySessionStore
from capture_ingest.app import wire_api, wire_ops
from capture_ingest.domain.agency import Scope
from capture_ingest.ports import SessionStore
from capture_ingest.settings import AgencyEntry, CaptureIngestSettings
from fakes.clock import StandingClock

WEBM = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(5000)
TYPE = {"Content-Type": "video/webm"}


def digest(content: bytes) -> dict[str, str]:
    return {"Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Store(FileObjectStore):
    """A folder that can be away: `fails` says for which (operation, key)."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.fails: Callable[[str, str], bool] = lambda operation, key: False

    def _check(self, operation: str, key: str) -> None:
        if self.fails(operation, key):
            raise Unavailable("the object store is away")

    async def put(self, bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
        self._check("put", key)
        return await super().put(bucket, key, content, media_type)

    async def get(self, bucket: str, key: str) -> bytes:
        self._check("get", key)
        return await super().get(bucket, key)


class Service:
    """The API over memory and a folder."""

    def __init__(
        self, folder: Path, sessions: SessionStore | None = None, counters: Storage | None = None, **settings: Any
    ) -> None:
        entry = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("full", "reader", "other")}
        agencies = {
            "full": AgencyEntry(key_sha256=entry["full"]),
            "other": AgencyEntry(key_sha256=entry["other"]),
            "reader": AgencyEntry(key_sha256=entry["reader"], scopes=[Scope.READ]),
        }
        self.clock, self.sessions, self.objects = StandingClock(), sessions or MemorySessionStore(), Store(folder)
        self.bus = MemoryBus("test", self.clock, Metrics())
        base = "https://border.example"
        given = CaptureIngestSettings.model_validate(
            {"agencies": agencies, "public_url": base, "attempts_per_day": 0, **settings}
        )
        self.metrics, self.counters = Metrics(), counters or MemoryStorage()
        self.app = wire_api(self.bus, self.sessions, self.objects, given, self.clock, self.metrics, self.counters)
        self.ops = wire_ops(self.app, self.bus, self.metrics)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=base)

    async def open(self, key: str = "full", **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/v1/sessions", json={"traveller_ref": "t-1", **more}, headers=bearer(key))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def challenged(self) -> tuple[str, dict[str, str]]:
        """(path, headers) of a session whose challenge was issued."""
        opened = await self.open()
        path, auth = f"/v1/sessions/{opened['session_id']}", bearer(opened["token"])
        assert (await self.http.post(f"{path}/challenge", headers=auth)).status_code == 200
        return path, auth

    async def uploaded(self, content: bytes = WEBM) -> tuple[str, dict[str, str], str]:
        """(path, headers, SHA-256) of a session whose video is stored."""
        path, auth = await self.challenged()
        stored = await self.http.put(f"{path}/video", content=content, headers={**auth, **TYPE})
        assert stored.status_code == 200, stored.text
        return path, auth, stored.json()["sha256"]

    def captured(self) -> list[SessionCaptured]:
        """What was handed over, in order."""
        records = self.bus.log.get(SessionCaptured.topic, [])
        return [SessionCaptured.model_validate_json(record.value or b"") for record in records]


def kind(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code and body["title"]
    return body["type"].removeprefix("urn:borderlight:problem:")


def parts_of(content: bytes, size: int) -> Iterator[tuple[dict[str, str], bytes]]:
    for first in range(0, len(content), size):
        piece = content[first : first + size]
        yield {"Content-Range": f"bytes {first}-{first + len(piece) - 1}/{len(content)}"}, piece
