"""The only wiring of capture-ingest: `api` and `normalizer`."""

import secrets
from typing import Any

from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from redis.asyncio import Redis

from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.port import Bus, EventPublisher
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.http.health import health_app, health_routes
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from borderlight.runtime.process import run_worker
from capture_ingest.adapters.redis_session_store import RedisSessionStore
from capture_ingest.adapters.sandboxed_capture_normalizer import SandboxedCaptureNormalizer
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.entrypoints.access import Access
from capture_ingest.entrypoints.dependencies import AgencyUseCases, TravellerUseCases, Uploads
from capture_ingest.entrypoints.http_api import build_http_api
from capture_ingest.entrypoints.rate_limits import RateLimits
from capture_ingest.entrypoints.subscriber import subscribe_api, subscribe_normalizer
from capture_ingest.entrypoints.upload_reading import UploadReader
from capture_ingest.ports import CaptureNormalizer, SessionStore
from capture_ingest.settings import CaptureIngestSettings
from capture_ingest.use_cases import normalize_capture, store_video
from capture_ingest.use_cases.claim_session import ClaimSession
from capture_ingest.use_cases.finish_capture import FinishCapture
from capture_ingest.use_cases.follow_session import FollowSession
from capture_ingest.use_cases.issue_challenge import IssueChallenge
from capture_ingest.use_cases.normalize_capture import NormalizeCapture
from capture_ingest.use_cases.open_session import OpenSession
from capture_ingest.use_cases.receive_part import ReceivePart
from capture_ingest.use_cases.record_outcome import RecordOutcome
from capture_ingest.use_cases.retake_session import RetakeSession
from capture_ingest.use_cases.store_video import StoreVideo


def wire_api(
    bus: Bus,
    sessions: SessionStore,
    objects: ObjectStore,
    settings: CaptureIngestSettings,
    clock: Clock,
    metrics: Metrics,
    counters: Storage | None = None,
) -> Any:
    """The HTTP application over given adapters; the bus gets its subscription. counters: of the rate limits."""
    subscribe_api(bus, RecordOutcome(sessions))
    open_session, store = OpenSession(sessions, clock, settings.session_life_s), StoreVideo(sessions, objects)
    limits = RateLimits(counters or MemoryStorage(), settings.rate_per_session, settings.rate_per_address)
    finish = FinishCapture(sessions, objects, bus, clock)
    parts = (
        metrics,
        Access(settings.agency_keys(), limits, sessions, clock, settings.allow_anonymous_agency),
        AgencyUseCases(open_session, FollowSession(sessions, finish)),
        TravellerUseCases(
            claim_session=ClaimSession(sessions),
            issue_challenge=IssueChallenge(sessions, secrets.token_bytes),
            finish_capture=finish,
            retake_session=RetakeSession(sessions, open_session),
        ),
        Uploads(
            reader=UploadReader(metrics, settings.max_upload_bytes, settings.upload_timeout_s),
            store_video=store,
            receive_part=ReceivePart(objects, store),
        ),
    )
    app = build_http_api(settings, parts)
    app.router.routes.extend(health_routes(metrics, bus.is_alive, bus.is_ready))
    return app


def wire_normalizer(bus: Bus, objects: ObjectStore, normalizer: CaptureNormalizer, publisher: EventPublisher) -> None:
    """Subscribe the normalizer over given adapters."""
    subscribe_normalizer(bus, NormalizeCapture(objects, normalizer, publisher))


async def run_api() -> None:
    """The api process."""
    settings, clock, metrics = CaptureIngestSettings(), SystemClock(), Metrics()
    objects = S3ObjectStore(S3Settings())
    bus = KafkaBus(KafkaSettings(), "api", clock, metrics)
    redis: Redis = Redis.from_url(settings.redis_url)
    counters = RedisStorage(f"async+{settings.redis_url}", implementation="redispy", key_prefix="rate")
    app = wire_api(bus, RedisSessionStore(redis), objects, settings, clock, metrics, counters)

    async def before() -> None:
        await objects.ensure_bucket(store_video.BUCKET)

    await run_worker("api", bus, app, metrics, settings.host, settings.port, before=before)
    await redis.aclose()


async def run_normalizer() -> None:
    """The normalizer process."""
    settings, clock, metrics = CaptureIngestSettings(), SystemClock(), Metrics()
    objects = S3ObjectStore(S3Settings())
    bus = KafkaBus(KafkaSettings(), "normalizer", clock, metrics)
    limits = DecodeLimits(max_bytes=settings.max_upload_bytes)
    normalizer = SandboxedCaptureNormalizer(
        settings.models_dir, limits, settings.worker_memory_bytes, settings.worker_cpu_s
    )
    wire_normalizer(bus, objects, normalizer, bus)

    async def before() -> None:
        await objects.ensure_bucket(normalize_capture.BUCKET)
        await normalizer.start()

    app = health_app(metrics, bus.is_alive, bus.is_ready)
    await run_worker("normalizer", bus, app, metrics, settings.host, settings.port, before=before)
    normalizer.close()
