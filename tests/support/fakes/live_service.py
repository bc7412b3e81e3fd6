"""The capture API with live captures behind a real socket, and sessions to use with it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.http.server import DrainingServer, http_config
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight_lab.live_client import Conduct, LiveClient
from capture_ingest.adapters.memory_session_store import MemorySessionStore
from capture_ingest.app import wire_api
from capture_ingest.entrypoints.live_socket import live_captures
from capture_ingest.settings import CaptureIngestSettings


@dataclass(frozen=True)
class Opened:
    session_id: str
    token: str

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class LiveService:
    """uvicorn on a free port over stores that outlive it: `stop` and `start` are another process to the client."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock, self.sessions, self.objects = SystemClock(), MemorySessionStore(), FileObjectStore(folder)
        self.metrics = Metrics()
        self.bus = MemoryBus("test", self.clock, self.metrics)
        plain: dict[str, Any] = {"allow_anonymous_agency": True, "attempts_per_day": 0, "rate_per_address": ""}
        self._settings = CaptureIngestSettings.model_validate({**plain, **settings})
        self.http = httpx.AsyncClient()

    async def start(self) -> None:
        app = wire_api(self.bus, self.sessions, self.objects, self._settings, self.clock, self.metrics)
        self.running = live_captures(app)
        config = http_config(app, sockets=True, host="127.0.0.1", port=0, access_log=False, backlog=2048)
        self.server = DrainingServer(config, self.running.drain)
        self.serving = asyncio.create_task(self.server._serve())  # pyright: ignore[reportPrivateUsage]
        while not self.server.started:
            await asyncio.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        await self.http.aclose()
        self.http = httpx.AsyncClient(base_url=self.base, timeout=30)

    async def stop(self, force: bool = False) -> None:
        await self.http.aclose()
        self.server.should_exit = True
        self.server.force_exit = force
        await self.serving

    async def open(self, traveller: str = "t-live", **more: Any) -> Opened:
        answer = await self.http.post("/v1/sessions", json={"traveller_ref": traveller, **more})
        assert answer.status_code == 201, answer.text
        body = answer.json()
        return Opened(body["session_id"], body["token"])

    def client(self, opened: Opened, conduct: Conduct | None = None, token: str | None = None) -> LiveClient:
        url = f"{self.base.replace('http', 'ws')}/v1/sessions/{opened.session_id}/live"
        return LiveClient(url, opened.session_id, token or opened.token, conduct)

    async def state(self, opened: Opened) -> str:
        return (await self.http.get(f"/v1/sessions/{opened.session_id}", headers=opened.auth)).json()["state"]
