"""Requests per address, session and agency, counted in a moving window that all api processes share."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from limits import parse
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from borderlight.errors import Unavailable
from capture_ingest.entrypoints.problems import Refused


class Counted(StrEnum):
    """What has a limit of its own."""

    ADDRESS = "address"
    SESSION = "session"
    AGENCY = "agency"
    WRONG_KEY = "wrong-key"


class RateLimits:
    """limits: like "120/minute" for what is counted; an empty text switches one off."""

    def __init__(self, storage: Storage, limits: Mapping[Counted, str]) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._limits = {kind: parse(text) for kind, text in limits.items() if text}

    async def count(self, kind: Counted, name: str) -> None:
        """Raises Refused("rate-limited") when `name` has had its share, Unavailable when nobody can count.

        A key of the store is a digest of fixed length: no caller chooses what is stored, and no address lies there.
        """
        limit = self._limits.get(kind)
        if limit is None:
            return
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        try:
            if await self._limiter.hit(limit, kind.value, digest):
                return
        except (RedisError, OSError) as error:
            raise Unavailable("the counters are away") from error
        seconds = limit.get_expiry()
        raise Refused(
            "rate-limited", f"at most {limit.amount} in {seconds} s per {kind}", retry_after_s=seconds // 6 + 1
        )
