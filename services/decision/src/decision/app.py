"""The only wiring of decision."""

import asyncio

from redis.asyncio import Redis

from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.port import Bus
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.process import run_worker, service_app
from decision.adapters.kafka_history import KafkaHistory
from decision.adapters.redis_join_store import RedisJoinStore
from decision.domain.policy import policy_set
from decision.entrypoints.subscriber import PUBLISHES, subscribe_decision
from decision.ports import JoinStore
from decision.settings import DecisionSettings
from decision.use_cases.join_session import JoinSession
from decision.use_cases.rebuild_join import RebuildJoin


def wire_decision(
    bus: Bus, store: JoinStore, settings: DecisionSettings, clock: Clock, metrics: Metrics
) -> JoinSession:
    """Subscribe decision over given adapters."""
    more = sorted(settings.policies_dir.glob("*.toml"))
    policies = policy_set(settings.policy_file.read_text(), (path.read_text() for path in more))
    router = bus.router("decision", PUBLISHES)
    join = JoinSession(store, router.events, policies, clock, metrics, settings.deadline_s)
    subscribe_decision(router, join)
    return join


async def run_decision() -> None:
    """The decision process."""
    settings, clock, metrics = DecisionSettings(), SystemClock(), Metrics()
    kafka = KafkaSettings()
    bus = KafkaBus(kafka, "decision", clock, metrics)
    redis: Redis = Redis.from_url(settings.redis_url, socket_timeout=5.0)
    store = RedisJoinStore(redis)
    join = wire_decision(bus, store, settings, clock, metrics)
    rebuild = RebuildJoin(store, KafkaHistory(kafka), join, settings.rebuild_window_s)

    async def sweep() -> None:
        await asyncio.sleep(0.0 if await join.sweep() else 0.5)

    async def guard() -> None:
        await rebuild()
        await asyncio.sleep(0.5)

    process = service_app("decision", bus, metrics, background=(sweep, guard))
    await run_worker(process, "decision", settings.host, settings.port)
    await redis.aclose()
