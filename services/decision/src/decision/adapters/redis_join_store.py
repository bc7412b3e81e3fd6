"""The join in Redis: a hash per undecided session, deadlines in a sorted set, positions in one hash.

A decided session leaves a short mark. Single node: a script touches the keys of many sessions.
"""

from collections.abc import Awaitable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from borderlight.errors import Unavailable
from borderlight.runtime.bus.position import Partition, RecordPosition
from decision.adapters import join_scripts
from decision.domain.session_join import JoinState, Side, Stored
from decision.ports import Input, Replay, StateBehind

KEEP_MARK_S = 86_400
"""How long a decided session is known [s]: repeats of its events come within this time."""


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _place(partition: Partition) -> str:
    return f"{partition.topic}/{partition.partition}"


def _partition(place: str) -> Partition:
    topic, _, number = place.rpartition("/")
    return Partition(topic, int(number))


def _packed(stored: Stored) -> str:
    return f"{stored.at_ms} {stored.text}"


def _unpacked(value: str | None) -> Stored | None:
    if value is None:
        return None
    at_ms, _, text = value.partition(" ")
    return Stored(text, int(at_ms))


def _state(session_id: str, flat: Sequence[bytes | str]) -> JoinState:
    fields = {_text(flat[i]): _text(flat[i + 1]) for i in range(0, len(flat), 2)}
    sides = {side.value: _unpacked(fields.get(side.value)) for side in Side}
    return JoinState(session_id, **sides, verdict=fields.get("verdict"), published="published" in fields)


class RedisJoinStore:
    """The JoinStore port. `prefix` isolates tests that share a server."""

    def __init__(self, redis: "Redis", prefix: str = "") -> None:
        self._redis = redis
        self._prefix = f"{prefix}join:"
        names = ("PUT", "SAY", "REPLAY", "PUBLISHED", "VERDICT", "DUE", "LEASE", "END_LEASE")
        self._scripts = {name: redis.register_script(getattr(join_scripts, name)) for name in names}

    @classmethod
    def at(cls, url: str, prefix: str = "") -> Self:
        """A store with a connection of its own, closed at the end of `async with`."""
        return cls(Redis.from_url(url, socket_timeout=5.0, socket_connect_timeout=5.0), prefix)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    @property
    def redis(self) -> "Redis":
        return self._redis

    async def _call(self, awaitable: Awaitable[Any]) -> Any:
        try:
            return await awaitable
        except (RedisError, OSError) as error:
            raise Unavailable(f"the join store is away: {type(error).__name__}") from error

    async def _run(self, script: str, *arguments: str | int) -> Any:
        keys = [f"{self._prefix}positions", f"{self._prefix}deadlines"]
        return await self._call(self._scripts[script](keys=keys, args=[self._prefix, *arguments]))

    async def put(self, given: Input, position: RecordPosition) -> JoinState:
        deadline = "" if given.deadline_ms is None else given.deadline_ms
        place = _place(position.in_partition)
        packed = _packed(given.stored)
        answer = await self._run("PUT", place, position.offset, given.session_id, given.side.value, packed, deadline)
        if len(answer) == 1:
            raise StateBehind(position.in_partition, position.offset)
        return _state(given.session_id, answer)

    async def say(self, session_id: str, position: RecordPosition) -> None:
        place = _place(position.in_partition)
        if not await self._run("SAY", place, position.offset, session_id, KEEP_MARK_S):
            raise StateBehind(position.in_partition, position.offset)

    async def replay(self, batch: Replay) -> bool:
        arguments: list[str | int] = [_place(batch.partition), batch.start, batch.next, KEEP_MARK_S, len(batch.said)]
        arguments += batch.said
        for given in batch.inputs:
            deadline = "" if given.deadline_ms is None else given.deadline_ms
            arguments += [given.session_id, given.side.value, _packed(given.stored), deadline]
        return bool(await self._run("REPLAY", *arguments))

    async def positions(self) -> dict[Partition, int]:
        found = await self._call(self._redis.hgetall(f"{self._prefix}positions"))
        return {_partition(_text(place)): int(offset) for place, offset in found.items()}

    async def set_positions(self, positions: Mapping[Partition, int]) -> None:
        if positions:
            mapping: dict[Any, Any] = {_place(partition): offset for partition, offset in positions.items()}
            await self._call(self._redis.hset(f"{self._prefix}positions", mapping=mapping))

    async def find(self, session_ids: Sequence[str]) -> list[JoinState]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for session_id in session_ids:
                pipe.exists(f"{self._prefix}d:{session_id}")
                pipe.hgetall(f"{self._prefix}s:{session_id}")
            answers = await self._call(pipe.execute())
        states: list[JoinState] = []
        for number, session_id in enumerate(session_ids):
            published, fields = answers[2 * number], answers[2 * number + 1]
            flat = [b"published", b"1"] if published else [item for pair in fields.items() for item in pair]
            states.append(_state(session_id, flat))
        return states

    async def store_verdict(self, session_id: str, verdict: str) -> str | None:
        standing = await self._run("VERDICT", session_id, verdict)
        return None if standing is None else _text(standing)

    async def mark_published(self, session_id: str) -> None:
        await self._run("PUBLISHED", session_id, KEEP_MARK_S)

    async def claim_due(
        self, until_ms: int, lease_until_ms: int, count: int, required: Mapping[Partition, int]
    ) -> list[JoinState]:
        pairs = [item for partition, offset in required.items() for item in (_place(partition), offset)]
        answer = await self._run("DUE", until_ms, lease_until_ms, count, *pairs)
        if answer and isinstance(answer[0], bytes | str):
            raise StateBehind(_partition(_text(answer[0])), int(answer[1]))
        return [_state(_text(session_id), flat) for session_id, flat in answer]

    async def set_aside(self, session_id: str) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(f"{self._prefix}unreadable", session_id)
            pipe.zrem(f"{self._prefix}deadlines", session_id)
            await self._call(pipe.execute())

    async def forget(self, session_id: str) -> None:
        await self._call(self._redis.zrem(f"{self._prefix}deadlines", session_id))

    async def claim_catch_up(self, holder: str, lease_ms: int) -> bool:
        script = self._scripts["LEASE"]
        return bool(await self._call(script(keys=[f"{self._prefix}catching-up"], args=[holder, lease_ms])))

    async def end_catch_up(self, holder: str) -> None:
        await self._call(self._scripts["END_LEASE"](keys=[f"{self._prefix}catching-up"], args=[holder]))

    async def pending(self) -> int:
        return int(await self._call(self._redis.zcard(f"{self._prefix}deadlines")))
