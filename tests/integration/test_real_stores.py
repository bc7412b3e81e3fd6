"""The port suites on real Redis and a real S3 server."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from servers import Endpoints
from suites.attempt_store_suite import AttemptStoreSuite
from suites.join_store_suite import JoinStoreSuite
from suites.object_store_suite import BUCKET, ObjectStoreSuite
from suites.reference_store_suite import MODEL, PHOTO, ReferenceStoreSuite, embedding, record
from suites.session_store_suite import SessionStoreSuite

from borderlight.errors import Unavailable
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from borderlight.runtime.sealing import KeyRing
from borderlight_tools.devstack.server import free_ports
from borderlight_tools.devstack.servers import S3_ACCESS_KEY, S3_SECRET_KEY
from capture_ingest.adapters.redis_attempt_store import RedisAttemptStore
from capture_ingest.adapters.redis_session_store import RedisSessionStore
from decision.adapters.redis_join_store import RedisJoinStore
from matcher.adapters.object_reference_store import BUCKET as REFERENCES
from matcher.adapters.object_reference_store import ObjectReferenceStore
from matcher.adapters.redis_reference_cache import RedisReferenceCache
from matcher.domain.dossier import ALL_DOCUMENTS


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


class TestRedisAttemptStore(AttemptStoreSuite):
    @pytest.fixture
    def store(self, redis: Redis, prefix: str) -> RedisAttemptStore:
        return RedisAttemptStore(redis, prefix)


class TestRedisJoinStore(JoinStoreSuite):
    @pytest.fixture
    def store(self, redis: Redis, prefix: str) -> RedisJoinStore:
        return RedisJoinStore(redis, prefix)


class TestReferencesOnS3AndRedis(ReferenceStoreSuite):
    @pytest.fixture
    async def objects(self, stack: Endpoints) -> S3ObjectStore:
        store = S3ObjectStore(S3Settings(endpoint=stack.s3, access_key=S3_ACCESS_KEY, secret_key=S3_SECRET_KEY))
        await store.ensure_bucket(REFERENCES)
        for name in await store.list_keys(REFERENCES, ""):
            await store.delete(REFERENCES, name)
        return store

    @pytest.fixture
    def cache(self, redis: Redis, keys: KeyRing, prefix: str) -> RedisReferenceCache:
        return RedisReferenceCache(redis, keys.cache_key(), prefix)

    async def test_a_flush_in_the_middle_of_comparisons_is_not_noticed(
        self, store: ObjectReferenceStore, redis: Redis
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        for turn in range(20):
            if turn % 4 == 2:
                await redis.flushdb()
            (found,) = await store.references_of("traveller-1")
            assert found.embedding is not None

    async def test_a_slow_reader_cannot_bring_an_erased_face_back(
        self, store: ObjectReferenceStore, cache: RedisReferenceCache, keys: KeyRing, redis: Redis
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        traveller = keys.name_of("traveller-1")
        generation, _ = await cache.look_up(traveller)
        assert generation is not None
        read = await store.references_of("traveller-1")
        for flushed in (False, True):
            await store.erase("traveller-1", ALL_DOCUMENTS, record(minute=9).submitted_at)
            if flushed:
                await redis.flushdb()
            await cache.fill(traveller, generation, read)
            assert await store.references_of("traveller-1") == []

    async def test_the_cache_holds_nothing_readable(self, store: ObjectReferenceStore, redis: Redis) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        await store.references_of("traveller-1")
        for name in await redis.keys("*"):
            value = await redis.get(name)
            assert isinstance(value, bytes) and isinstance(name, bytes)
            assert b"passport-1" not in value and b"traveller-1" not in name + value

    async def test_comparisons_go_on_while_redis_is_away(self, objects: S3ObjectStore, keys: KeyRing) -> None:
        (port,) = free_ports(1)
        away: Redis = Redis.from_url(f"redis://127.0.0.1:{port}", socket_timeout=0.2)
        store = ObjectReferenceStore(objects, keys, MODEL, RedisReferenceCache(away, keys.cache_key()))
        with pytest.raises(Unavailable, match="cannot be told"):
            await store.enrol(record(), PHOTO, embedding(record()))
        assert len(await store.references_of("traveller-1")) == 1
        with pytest.raises(Unavailable, match="cannot be told"):
            await store.erase("traveller-1", ALL_DOCUMENTS, record(minute=9).submitted_at)
        assert await store.references_of("traveller-1") == []
        await away.aclose()
