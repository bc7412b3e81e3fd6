"""Sessions in Redis: optimistic transactions make a step atomic over several api processes."""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, WatchError

from borderlight.errors import Unavailable
from capture_ingest.adapters.session_codec import decode, encode
from capture_ingest.domain.session_life import Session, Step, after


class RedisSessionStore:
    """One string per session with its own time to live."""

    def __init__(self, redis: "Redis", prefix: str = "session:") -> None:
        self._redis = redis
        self._prefix = prefix

    async def create(self, session: Session, keep_s: int) -> None:
        try:
            await self._redis.set(self._prefix + session.session_id, encode(session), ex=keep_s, nx=True)
        except RedisError as error:
            raise Unavailable("the session store is away") from error

    async def find(self, session_id: str) -> Session | None:
        try:
            text = await self._redis.get(self._prefix + session_id)
        except RedisError as error:
            raise Unavailable("the session store is away") from error
        return None if text is None else decode(text)

    async def take(
        self, session_id: str, step: Step, changes: dict[str, Any], expecting: Mapping[str, Any] | None = None
    ) -> Session | None:
        key = self._prefix + session_id
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                while True:
                    try:
                        await pipe.watch(key)
                        text = await pipe.get(key)
                        session = None if text is None else decode(text)
                        following = None if session is None else after(session, step, changes, expecting or {})
                        if following is None:
                            return None
                        pipe.multi()
                        pipe.set(key, encode(following), keepttl=True)
                        await pipe.execute()
                        return following
                    except WatchError:
                        continue
        except RedisError as error:
            raise Unavailable("the session store is away") from error
