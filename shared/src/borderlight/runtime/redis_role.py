"""What a Redis must be set to for what we keep in it, checked when a process starts.

An eviction policy that does not fit loses sessions silently, or lets strangers' counters fill the memory of the join.
"""

import asyncio
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from borderlight.runtime.logs import logger

_EVICTING_WITH_END = ("volatile-ttl", "volatile-lru", "volatile-lfu")
_EVICTING = (*_EVICTING_WITH_END, "allkeys-lru", "allkeys-lfu")


class RedisRole(StrEnum):
    """What one Redis holds; two roles of the same policy may share one, the join shares with none."""

    JOIN = "join"
    SESSIONS = "sessions"
    COUNTERS = "counters"
    CACHE = "cache"


POLICIES: dict[RedisRole, tuple[str, ...]] = {
    RedisRole.JOIN: ("noeviction",),
    RedisRole.SESSIONS: ("noeviction", *_EVICTING_WITH_END),
    RedisRole.COUNTERS: _EVICTING,
    RedisRole.CACHE: _EVICTING,
}
"""Eviction policies that fit a role: the join must never lose a key, counters and caches must never be full."""


class RedisMisconfigured(RuntimeError):
    """The Redis is not set as its role needs; the process does not start."""


def problems(role: RedisRole, memory: dict[str, Any], persistence: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(what keeps the process from starting, what is only told) of the answers of INFO memory and INFO persistence."""
    policy = str(memory.get("maxmemory_policy", "unknown"))
    wrong: list[str] = []
    if policy not in POLICIES[role]:
        wrong.append(f"maxmemory-policy is {policy}; {role.value} needs {' or '.join(POLICIES[role])}")
    told = [] if int(memory.get("maxmemory", 0)) else ["maxmemory is not set: the server may grow until it is killed"]
    if role is RedisRole.JOIN and not int(persistence.get("aof_enabled", 0)):
        told.append("appendonly is off: a restart reads the topics again")
    return wrong, told


async def check_role(redis: "Redis", role: RedisRole) -> None:
    """Wait for the server and check it; raises RedisMisconfigured."""
    while True:
        try:
            memory: dict[str, Any] = await redis.info("memory")
            persistence: dict[str, Any] = await redis.info("persistence")
            break
        except (RedisError, OSError) as error:
            logger().warning("waiting for Redis", stage=role.value, error=type(error).__name__)
            await asyncio.sleep(1.0)
    wrong, told = problems(role, memory, persistence)
    for line in told:
        logger().warning("redis", stage=role.value, error=line)
    if wrong:
        raise RedisMisconfigured(f"the Redis of the {role.value}: {'; '.join(wrong)}")
