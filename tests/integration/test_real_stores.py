"""The port suites on real Redis and a real S3 server."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from servers import Endpoints
from suites.join_store_suite import JoinStoreSuite
from suites.object_store_suite import BUCKET, ObjectStoreSuite
from suites.session_store_suite import SessionStoreSuite

from borderlight.errors import Unavailable
from borderlight.plumbing.s3_object_store import S3ObjectStore, S3Settings
from borderlight_lab.native.server import free_ports
from borderlight_lab.native.servers import S3_ACCESS_KEY, S3_SECRET_KEY
from capture_ingest.adapters.redis_session_store import RedisSessionStore
from decision.adapters.redis_join_store import RedisJoinStore


@pytest.fixture
async def redis(stack: Endpoints) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(f"{stack.redis}/5")
    yield client
    await client.aclose()


class TestS3ObjectStore(ObjectStoreSuite):
    @pytest.fixture
    async def store(self, stack: Endpoints) -> S3ObjectStore:
        store = S3ObjectStore(S3Settings(endpoint=stack.s3, access_key=S3_ACCESS_KEY, secret_key=S3_SECRET_KEY))
        await store.ensure_bucket(BUCKET)
        return store

    async def test_a_wrong_secret_is_unavailable(self, stack: Endpoints) -> None:
        store = S3ObjectStore(S3Settings(endpoint=stack.s3, access_key=S3_ACCESS_KEY, secret_key="wrong"))
        with pytest.raises(Unavailable, match="answered"):
            await store.get(BUCKET, "a/b.bin")

    async def test_a_server_that_is_away_is_unavailable_soon(self) -> None:
        (port,) = free_ports(1)
        store = S3ObjectStore(S3Settings(endpoint=f"http://127.0.0.1:{port}"))
        with pytest.raises(Unavailable, match="cannot be reached"):
            await store.put(BUCKET, "x", b"1", "text/plain")


class TestRedisSessionStore(SessionStoreSuite):
    @pytest.fixture
    def store(self, redis: Redis, prefix: str) -> RedisSessionStore:
        return RedisSessionStore(redis, prefix)


class TestRedisJoinStore(JoinStoreSuite):
    @pytest.fixture
    def store(self, redis: Redis, prefix: str) -> RedisJoinStore:
        return RedisJoinStore(redis, prefix)
