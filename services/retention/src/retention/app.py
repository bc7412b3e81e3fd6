"""The only wiring of retention."""

import asyncio
from dataclasses import dataclass

from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.logs import logger
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from borderlight.runtime.objects.session_keys import BUCKET, SessionKeys
from borderlight.runtime.process import run_worker, service_app
from borderlight.runtime.sealing import KeyRing
from retention.adapters.kafka_verdicts import BusVerdictForgetter
from retention.domain.retention_clock import RetentionRules
from retention.entrypoints.subscriber import PUBLISHES, subscribe_retention
from retention.settings import RetentionServiceSettings
from retention.use_cases.erase_session import EraseSession
from retention.use_cases.session_files import SessionFiles
from retention.use_cases.start_clock import StartClock
from retention.use_cases.sweep import SUBMITTED, Sweep

_BUCKETS = (BUCKET, "captures", "normalized", "explanations", SUBMITTED, "receipts")


@dataclass(frozen=True)
class Retention:
    """What the wiring made. objects: the store as it is, without unsealing: this process reads no picture."""

    sweep: Sweep
    erase: EraseSession
    files: SessionFiles
    objects: ObjectStore

    async def ensure_buckets(self) -> None:
        for bucket in _BUCKETS:
            await self.objects.ensure_bucket(bucket)


def wire_retention(
    bus: BrokerBus,
    objects: ObjectStore,
    masters: KeyRing,
    rules: RetentionRules,
    clock: Clock,
    metrics: Metrics,
    publisher: BrokerBus | None = None,
) -> Retention:
    """Subscribe retention over given adapters. publisher: the bus of tombstones, where it is another one."""
    keys, files = SessionKeys(objects, masters, clock), SessionFiles(objects, masters)
    erase = EraseSession(keys, objects, files, BusVerdictForgetter(publisher or bus))
    subscribe_retention(bus.router("retention", PUBLISHES), StartClock(objects, files, rules))
    return Retention(Sweep(objects, keys, files, erase, rules, clock, metrics), erase, files, objects)


async def run_retention() -> None:
    """The retention process."""
    settings, clock, metrics = RetentionServiceSettings(), SystemClock(), Metrics()
    bus = KafkaBus(KafkaSettings(), "retention", clock, metrics)
    wired = wire_retention(bus, S3ObjectStore(S3Settings()), settings.masters(), settings.rules(), clock, metrics)

    async def sweep() -> None:
        swept = await wired.sweep()
        if swept.erased_anything() or swept.failed:
            logger().info("swept", sessions=swept.sessions, objects=swept.objects, failed=swept.failed)
        await asyncio.sleep(settings.sweep_every_s)

    process = service_app("retention", bus, metrics, before=wired.ensure_buckets, background=(sweep,))
    await run_worker(process, "retention", settings.host, settings.ops_port)
