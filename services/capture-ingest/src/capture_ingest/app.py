"""The only wiring of capture-ingest: `api` and `normalizer`."""

import secrets

from fastapi import FastAPI
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from redis.asyncio import Redis
from starlette.applications import Starlette

from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.port import Bus
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.http.health import health_routes
from borderlight.runtime.http.public_server import PublicPort
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight.runtime.process import run_worker, service_app
from borderlight.runtime.redis_role import RedisRole, check_role
from capture_ingest.adapters.memory_attempt_store import MemoryAttemptStore
from capture_ingest.adapters.redis_attempt_store import RedisAttemptStore
from capture_ingest.adapters.redis_session_store import RedisSessionStore
from capture_ingest.adapters.sandboxed_capture_normalizer import SandboxedCaptureNormalizer
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.entrypoints.access import Access
from capture_ingest.entrypoints.api_docs import docs_routes
from capture_ingest.entrypoints.dependencies import AgencyUseCases, TravellerUseCases, Uploads
from capture_ingest.entrypoints.http_api import build_http_api
from capture_ingest.entrypoints.live_drain import LiveCaptures
from capture_ingest.entrypoints.live_socket import LiveParts, live_captures
from capture_ingest.entrypoints.rate_limits import Counted, RateLimits
from capture_ingest.entrypoints.subscriber import (
    API_PUBLISHES,
    NORMALIZER_PUBLISHES,
    subscribe_api,
    subscribe_normalizer,
)
from capture_ingest.entrypoints.upload_reading import UploadReader
from capture_ingest.entrypoints.upload_turns import UploadTurns
from capture_ingest.ports import AttemptStore, CaptureNormalizer, SessionStore
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
from capture_ingest.use_cases.seal_live_capture import SealLiveCapture
from capture_ingest.use_cases.spend_attempt import SpendAttempt
from capture_ingest.use_cases.store_video import StoreVideo


def _limits_of(settings: CaptureIngestSettings) -> dict[Counted, str]:
    return {
        Counted.ADDRESS: settings.rate_per_address,
        Counted.SESSION: settings.rate_per_session,
        Counted.AGENCY: settings.rate_per_agency,
        Counted.WRONG_KEY: settings.rate_of_wrong_keys,
    }


def wire_api(
    bus: Bus,
    sessions: SessionStore,
    objects: ObjectStore,
    settings: CaptureIngestSettings,
    clock: Clock,
    metrics: Metrics,
    counters: Storage | None = None,
    attempts: AttemptStore | None = None,
) -> FastAPI:
    """The public HTTP application over given adapters; the bus gets its subscription.

    counters: of the rate limits; attempts: challenges seen by each traveller. Without them this process counts alone.
    """
    router = bus.router("api", API_PUBLISHES)
    subscribe_api(router, RecordOutcome(sessions))
    open_session, store = OpenSession(sessions, clock, settings.session_life_s), StoreVideo(sessions, objects)
    limits = RateLimits(counters or MemoryStorage(), _limits_of(settings))
    finish = FinishCapture(sessions, objects, router.events, clock, answer_deadline_s=settings.answer_deadline_s)
    access = Access(settings.agency_keys(), limits, sessions, clock, metrics, settings.allow_anonymous_agency)
    spend = SpendAttempt(attempts or MemoryAttemptStore(), clock, settings.attempts_per_day)
    issue_challenge = IssueChallenge(sessions, secrets.token_bytes, clock, spend)
    parts = (
        metrics,
        access,
        AgencyUseCases(open_session, FollowSession(sessions, finish)),
        TravellerUseCases(
            claim_session=ClaimSession(sessions),
            issue_challenge=issue_challenge,
            finish_capture=finish,
            retake_session=RetakeSession(sessions, open_session),
        ),
        Uploads(
            reader=UploadReader(metrics, settings.max_upload_bytes, settings.upload_timeout_s, settings.upload_idle_s),
            turns=UploadTurns(settings.upload_memory_bytes),
            store_video=store,
            receive_part=ReceivePart(objects, store),
        ),
        LiveParts(
            access=access,
            issue_challenge=issue_challenge,
            seal=SealLiveCapture(sessions, objects),
            clock=clock,
            metrics=metrics,
            max_bytes=settings.max_upload_bytes,
            running=LiveCaptures(),
        ),
    )
    return build_http_api(settings, parts)


def wire_ops(api: FastAPI, bus: Bus, metrics: Metrics) -> Starlette:
    """The application of the operator's port: health, metrics, the API's description."""
    return Starlette(routes=[*health_routes(metrics, bus.is_alive, bus.is_ready), *docs_routes(api)])


def wire_normalizer(bus: Bus, objects: ObjectStore, normalizer: CaptureNormalizer) -> None:
    """Subscribe the normalizer over given adapters."""
    router = bus.router("normalizer", NORMALIZER_PUBLISHES)
    subscribe_normalizer(router, NormalizeCapture(objects, normalizer, router.events))


async def run_api() -> None:
    """The api process."""
    settings, clock, metrics = CaptureIngestSettings(), SystemClock(), Metrics()
    if settings.allow_anonymous_agency and settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise BorderlightError(
            "CAPTURE_INGEST_ALLOW_ANONYMOUS_AGENCY is for this machine: set CAPTURE_INGEST_HOST to 127.0.0.1"
        )
    objects = await open_sealed_s3(clock)
    bus = KafkaBus(KafkaSettings(), "api", clock, metrics)
    redis: Redis = Redis.from_url(settings.redis_url)
    counters_url = settings.counters_redis_url or settings.redis_url
    counters = RedisStorage(f"async+{counters_url}", implementation="redispy", key_prefix="rate")
    sessions, attempts = RedisSessionStore(redis), RedisAttemptStore(redis)
    app = wire_api(bus, sessions, objects, settings, clock, metrics, counters, attempts)

    async def before() -> None:
        await objects.ensure_bucket(store_video.BUCKET)
        await check_role(redis, RedisRole.SESSIONS)
        async with Redis.from_url(counters_url) as other:
            await check_role(other, RedisRole.COUNTERS)

    public = PublicPort(settings.host, settings.port, settings.max_connections, sockets=True)
    process = service_app("api", bus, metrics, Starlette(routes=docs_routes(app)), before, public=(app, public))
    await run_worker(process, "api", settings.host, settings.ops_port, live_captures(app).drain)
    await redis.aclose()


async def run_normalizer() -> None:
    """The normalizer process."""
    settings, clock, metrics = CaptureIngestSettings(), SystemClock(), Metrics()
    objects = await open_sealed_s3(clock)
    bus = KafkaBus(KafkaSettings(), "normalizer", clock, metrics)
    limits = DecodeLimits(max_bytes=settings.max_upload_bytes)
    normalizer = SandboxedCaptureNormalizer(
        settings.models_dir,
        limits,
        settings.worker_memory_bytes,
        settings.worker_cpu_s,
        is_required=settings.sandbox_required,
    )
    wire_normalizer(bus, objects, normalizer)

    async def before() -> None:
        await objects.ensure_bucket(normalize_capture.BUCKET)
        await normalizer.start()

    process = service_app("normalizer", bus, metrics, before=before)
    await run_worker(process, "normalizer", settings.host, settings.ops_port)
    normalizer.close()
