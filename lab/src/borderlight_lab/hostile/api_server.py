"""The capture API alone behind its real public port, over Redis and a folder: what the hostile run talks to.

`python -m borderlight_lab.hostile.api_server PORT FOLDER REDIS_URL`
"""

import asyncio
import sys
from pathlib import Path

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.http.public_server import PublicPort, serving
from borderlight.runtime.logs import configure_logs
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight_lab.benchmark.upload_server import ForgetfulKafka
from capture_ingest.adapters.redis_session_store import RedisSessionStore
from capture_ingest.app import wire_api
from capture_ingest.settings import CaptureIngestSettings


async def serve(port: int, folder: Path, redis_url: str) -> None:
    """Until killed. The rates are off: they would hide what the other limits hold."""
    configure_logs("hostile", "CRITICAL")
    clock, metrics = SystemClock(), Metrics()
    settings = CaptureIngestSettings(
        allow_anonymous_agency=True, rate_per_address="", rate_per_agency="", rate_per_session="", attempts_per_day=0
    )
    bus = MemoryBus("hostile", clock, metrics, memory=ForgetfulKafka(clock))
    sessions = RedisSessionStore(Redis.from_url(redis_url))
    counters = RedisStorage(f"async+{redis_url}", implementation="redispy", key_prefix="rate")
    app = wire_api(bus, sessions, FileObjectStore(folder), settings, clock, metrics, counters)

    async def healthz(_: Request) -> PlainTextResponse:
        return PlainTextResponse("here")

    app.router.routes.append(Route("/healthz", healthz))
    await bus.start()
    async with serving(app, PublicPort("127.0.0.1", port, settings.max_connections)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
