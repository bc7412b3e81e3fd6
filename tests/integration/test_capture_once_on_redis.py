"""One capture per session, on sessions in a real Redis."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.capture_service import Service
from redis.asyncio import Redis
from servers import Endpoints
from suites.capture_once_suite import CaptureOnceSuite

from capture_ingest.adapters.redis_session_store import RedisSessionStore


class TestCaptureOnceOnRedis(CaptureOnceSuite):
    @pytest.fixture
    async def service(self, stack: Endpoints, prefix: str, tmp_path: Path) -> AsyncIterator[Service]:
        redis: Redis = Redis.from_url(f"{stack.redis}/5")
        made = Service(tmp_path, RedisSessionStore(redis, prefix), rate_per_session="")
        yield made
        await made.http.aclose()
        await redis.aclose()
