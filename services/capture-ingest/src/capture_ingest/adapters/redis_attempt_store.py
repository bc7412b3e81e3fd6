"""Attempts per traveller in Redis, shared by all api processes."""

from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError, WatchError

from borderlight.errors import Unavailable
from capture_ingest.domain.attempts import DAY_S, AttemptCount, AttemptRefused


class RedisAttemptStore:
    """One string "seen last_s" per traveller; it expires a day after the first attempt."""

    def __init__(self, redis: "Redis", prefix: str = "attempts:") -> None:
        self._redis = redis
        self._prefix = prefix

    async def spend(
        self, name: str, now_s: float, judge: Callable[[AttemptCount], AttemptRefused | None]
    ) -> AttemptRefused | None:
        key = self._prefix + name
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                while True:
                    try:
                        await pipe.watch(key)
                        stored: bytes | None = await pipe.get(key)  # pyright: ignore[reportAssignmentType]
                        seen, last_s = ("0", "0") if stored is None else stored.decode().split()
                        count = AttemptCount(int(seen), float(last_s))
                        refused = judge(count)
                        if refused is not None:
                            return refused
                        pipe.multi()
                        text = f"{count.seen + 1} {now_s}"
                        if stored is None:
                            pipe.set(key, text, ex=int(DAY_S))
                        else:
                            pipe.set(key, text, keepttl=True)
                        await pipe.execute()
                        return None
                    except WatchError:
                        continue
        except RedisError as error:
            raise Unavailable("the session store is away") from error
