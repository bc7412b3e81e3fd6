"""The only wiring of decision."""

import asyncio
from dataclasses import dataclass

from borderlight.contracts.events import EntryVerdict
from borderlight.errors import Unavailable
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.port import Bus
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.process import run_worker, service_app
from borderlight.runtime.redis_role import RedisRole, check_role
from decision.adapters.kafka_history import KafkaHistory
from decision.adapters.redis_join_store import RedisJoinStore
from decision.domain.policy import policy_set
from decision.entrypoints.subscriber import PUBLISHES, subscribe_decision
from decision.ports import History, JoinStore, StateBehind
from decision.settings import DecisionSettings
from decision.use_cases.catch_up import CatchUp
from decision.use_cases.join_session import SIDES, JoinSession
from decision.use_cases.sweep_deadlines import SweepDeadlines

INPUTS = tuple(contract.topic for contract in SIDES.values())
TOPICS = (*INPUTS, EntryVerdict.topic)


@dataclass(frozen=True)
class Decision:
    """What the wiring made."""

    join: JoinSession
    catch_up: CatchUp
    sweep: SweepDeadlines


def wire_decision(
    bus: Bus, store: JoinStore, history: History, settings: DecisionSettings, clock: Clock, metrics: Metrics
) -> Decision:
    """Subscribe decision over given adapters."""
    more = sorted(settings.policies_dir.glob("*.toml"))
    policies = policy_set(settings.policy_file.read_text(), (path.read_text() for path in more))
    router = bus.router("decision", PUBLISHES)
    join = JoinSession(store, router.events, policies, clock, metrics, settings.deadline_s)
    catch_up = CatchUp(store, history, join, settings.rebuild_window_s)

    async def close_gap(gap: StateBehind) -> None:
        if not await catch_up(gap):
            raise Unavailable("the join is being brought back from the topics")

    join.catch_up = close_gap
    subscribe_decision(router, join)
    return Decision(join, catch_up, SweepDeadlines(join, store, history, settings.clock_grace_s))


async def run_decision() -> None:
    """The decision process."""
    settings, clock, metrics = DecisionSettings(), SystemClock(), Metrics()
    kafka = KafkaSettings()
    bus = KafkaBus(kafka, "decision", clock, metrics)
    async with (
        RedisJoinStore.at(settings.redis_url) as store,
        KafkaHistory(kafka, INPUTS, EntryVerdict.topic) as history,
    ):
        decision = wire_decision(bus, store, history, settings, clock, metrics)

        async def sweep() -> None:
            await asyncio.sleep(0.0 if await decision.sweep() else 0.5)

        async def guard() -> None:
            await decision.catch_up()
            await asyncio.sleep(1.0)

        async def before() -> None:
            await check_role(store.redis, RedisRole.JOIN)

        process = service_app("decision", bus, metrics, before=before, background=(sweep, guard))
        await run_worker(process, "decision", settings.host, settings.ops_port)
