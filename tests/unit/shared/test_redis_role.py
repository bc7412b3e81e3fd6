"""A Redis that does not fit its role is refused at the start."""

from collections.abc import Mapping

import pytest

from borderlight.runtime.redis_role import RedisMisconfigured, RedisRole, check_role, problems

AOF = {"aof_enabled": 1}


class Server:
    def __init__(self, policy: str) -> None:
        self.policy = policy

    async def info(self, section: str) -> Mapping[str, object]:
        return {"memory": {"maxmemory_policy": self.policy, "maxmemory": 1}, "persistence": AOF}[section]


@pytest.mark.parametrize(
    ("role", "policy", "fits"),
    [
        (RedisRole.JOIN, "noeviction", True),
        (RedisRole.JOIN, "allkeys-lru", False),
        (RedisRole.JOIN, "volatile-ttl", False),
        (RedisRole.SESSIONS, "volatile-ttl", True),
        (RedisRole.SESSIONS, "allkeys-lru", False),
        (RedisRole.COUNTERS, "volatile-ttl", True),
        (RedisRole.COUNTERS, "noeviction", False),
        (RedisRole.CACHE, "allkeys-lru", True),
        (RedisRole.CACHE, "noeviction", False),
    ],
)
async def test_the_policy_has_to_fit_the_role(role: RedisRole, policy: str, fits: bool) -> None:
    server = Server(policy)
    if fits:
        await check_role(server, role)  # type: ignore[arg-type]
        return
    with pytest.raises(RedisMisconfigured, match=policy):
        await check_role(server, role)  # type: ignore[arg-type]


def test_what_only_costs_time_or_may_come_to_an_end_is_told() -> None:
    wrong, told = problems(RedisRole.JOIN, {"maxmemory_policy": "noeviction", "maxmemory": 0}, {"aof_enabled": 0})
    assert wrong == [] and len(told) == 2
    assert problems(RedisRole.JOIN, {}, AOF)[0], "a server that does not say its policy does not fit"
