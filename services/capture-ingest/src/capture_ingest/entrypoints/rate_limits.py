"""Requests per session and address, counted in a moving window that all api processes share."""

from limits import parse
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from borderlight.errors import Unavailable
from capture_ingest.entrypoints.problems import Refused


class RateLimits:
    """per_session, per_address: like "120/minute"; an empty text switches a limit off."""

    def __init__(self, storage: Storage, per_session: str, per_address: str) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._limits = {
            name: parse(text) for name, text in (("session", per_session), ("address", per_address)) if text
        }

    async def count(self, kind: str, name: str) -> None:
        """Raises Refused("rate-limited") when `name` has had its share, Unavailable when nobody can count."""
        limit = self._limits.get(kind)
        if limit is None:
            return
        try:
            if await self._limiter.hit(limit, kind, name):
                return
        except (RedisError, OSError) as error:
            raise Unavailable("the session store is away") from error
        seconds = limit.get_expiry()
        raise Refused(
            "rate-limited", f"at most {limit.amount} in {seconds} s per {kind}", retry_after_s=seconds // 6 + 1
        )
