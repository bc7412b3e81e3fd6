"""The capture API alone, for the upload benchmark: its own wiring over Redis, a folder and a bus nobody listens to.

`python -m borderlight_lab.benchmark.upload_server PORT FOLDER REDIS_URL`
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
from aiokafka import TopicPartition
from aiokafka.structs import RecordMetadata
from limits.aio.storage import RedisStorage
from redis.asyncio import Redis

from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.bus.memory_kafka import MemoryKafka
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.process import service_app
from capture_ingest.adapters.redis_session_store import RedisSessionStore
from capture_ingest.app import wire_api
from capture_ingest.settings import CaptureIngestSettings


class ForgetfulKafka(MemoryKafka):
    """Takes what is published and forgets it: what comes after the API is not measured here."""

    async def append(self, topic: str, key: bytes | None, value: bytes | None, headers: Any) -> RecordMetadata:
        return RecordMetadata(topic, 0, TopicPartition(topic, 0), 0, 0, 0, 0)


def build(folder: Path, redis_url: str) -> Any:
    """The application as the api process wires it, but for Kafka and S3."""
    clock, metrics = SystemClock(), Metrics()
    settings = CaptureIngestSettings(
        allow_anonymous_agency=True, rate_per_address="", rate_per_agency="", attempts_per_day=0
    )
    sessions = RedisSessionStore(Redis.from_url(redis_url))
    counters = RedisStorage(f"async+{redis_url}", implementation="redispy", key_prefix="rate")
    bus = MemoryBus("bench-uploads", clock, metrics, memory=ForgetfulKafka(clock))
    app = wire_api(bus, sessions, FileObjectStore(folder), settings, clock, metrics, counters)
    return service_app("api", bus, metrics, app)


def main() -> None:
    port, folder, redis_url = sys.argv[1:]
    app = build(Path(folder), redis_url)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
