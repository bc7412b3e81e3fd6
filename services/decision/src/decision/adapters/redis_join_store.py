"""The join in Redis: one hash per session, deadlines in a sorted set, scripts for what must be atomic.

Uses only commands that Redis 7.0 and Valkey share. Single node: the sorted set is another slot than the hashes.
"""

from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from borderlight.errors import Unavailable
from decision.domain.session_join import JoinState, Side

_KEEP_S = 172_800

_PUT = """
if ARGV[5] == '0' and redis.call('EXISTS', KEYS[3]) == 0 then return {'no-epoch'} end
if redis.call('HEXISTS', KEYS[1], 'verdict') == 0 then redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) end
if redis.call('HEXISTS', KEYS[1], 'published') == 0 then redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[4]) end
redis.call('EXPIRE', KEYS[1], ARGV[6])
return redis.call('HGETALL', KEYS[1])
"""
_VERDICT = """
redis.call('HSETNX', KEYS[1], 'verdict', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('HGET', KEYS[1], 'verdict')
"""
_PUBLISHED = """
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], 'published', '1')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
_DUE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do redis.call('ZADD', KEYS[1], 'XX', ARGV[1] + ARGV[2], id) end
return due
"""


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


class RedisJoinStore:
    """The JoinStore port. `prefix` isolates tests that share a server."""

    def __init__(self, redis: "Redis", prefix: str = "") -> None:
        self._redis = redis
        self._prefix = prefix
        self._put = redis.register_script(_PUT)
        self._verdict = redis.register_script(_VERDICT)
        self._published = redis.register_script(_PUBLISHED)
        self._due = redis.register_script(_DUE)

    def _key(self, session_id: str) -> str:
        return f"{self._prefix}j:{{{session_id}}}"

    @property
    def _deadlines(self) -> str:
        return f"{self._prefix}join:deadlines"

    @property
    def _epoch(self) -> str:
        return f"{self._prefix}join:epoch"

    async def _call(self, awaitable: Any) -> Any:
        try:
            return await awaitable
        except (RedisError, OSError) as error:
            raise Unavailable(f"the join store is away: {type(error).__name__}") from error

    def _state(self, session_id: str, flat: list[bytes]) -> JoinState:
        fields = {_text(flat[i]): _text(flat[i + 1]) for i in range(0, len(flat), 2)}
        sides = {side.value: fields.get(side.value) for side in Side}
        return JoinState(session_id, **sides, verdict=fields.get("verdict"), published="published" in fields)

    async def put(
        self, session_id: str, side: Side, event: str, deadline_ms: int, rebuilding: bool = False
    ) -> JoinState:
        keys = [self._key(session_id), self._deadlines, self._epoch]
        arguments = [side.value, event, deadline_ms, session_id, "1" if rebuilding else "0", _KEEP_S]
        answer = await self._call(self._put(keys=keys, args=arguments))
        if len(answer) == 1:
            raise Unavailable("the join is being rebuilt")
        return self._state(session_id, answer)

    async def find(self, session_id: str) -> JoinState | None:
        fields = await self._call(self._redis.hgetall(self._key(session_id)))
        if not fields:
            return None
        return self._state(session_id, [item for pair in fields.items() for item in pair])

    async def store_verdict(self, session_id: str, verdict: str) -> str:
        return _text(await self._call(self._verdict(keys=[self._key(session_id)], args=[verdict, _KEEP_S])))

    async def mark_published(self, session_id: str) -> None:
        keys = [self._key(session_id), self._deadlines]
        await self._call(self._published(keys=keys, args=[session_id, _KEEP_S]))

    async def claim_due(self, now_ms: int, lease_ms: int, count: int) -> list[str]:
        due = await self._call(self._due(keys=[self._deadlines], args=[now_ms, lease_ms, count]))
        return [_text(item) for item in due]

    async def has_epoch(self) -> bool:
        return bool(await self._call(self._redis.exists(self._epoch)))

    async def set_epoch(self) -> None:
        await self._call(self._redis.set(self._epoch, "1"))
        await self._call(self._redis.delete(f"{self._prefix}join:rebuild"))

    async def claim_rebuild(self, lease_ms: int) -> bool:
        return bool(await self._call(self._redis.set(f"{self._prefix}join:rebuild", "1", px=lease_ms, nx=True)))

    async def pending(self) -> int:
        return int(await self._call(self._redis.zcard(self._deadlines)))
