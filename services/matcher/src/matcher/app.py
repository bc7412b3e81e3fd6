"""The only wiring of the matcher."""

from redis.asyncio import Redis

from borderlight.plumbing.bus import Bus
from borderlight.plumbing.clock import SystemClock
from borderlight.plumbing.health import health_app
from borderlight.plumbing.kafka_bus import KafkaBus, KafkaSettings
from borderlight.plumbing.metrics import Metrics
from borderlight.plumbing.object_store import ObjectStore
from borderlight.plumbing.s3_object_store import S3ObjectStore, S3Settings
from borderlight.plumbing.worker import run_worker
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.adapters.onnx_face_reader import OnnxFaceReader
from matcher.domain.thresholds import parse_thresholds
from matcher.entrypoints.subscriber import subscribe_matcher
from matcher.ports import FaceReader, ReferenceStore
from matcher.settings import MatcherSettings
from matcher.use_cases.compare_faces import CompareFaces
from matcher.use_cases.enrol_document import EnrolDocument

PHOTO_BUCKET = "documents"


def open_reference_store(objects: ObjectStore, cache: "Redis | None" = None) -> ObjectReferenceStore:
    """The document-photo store over given adapters."""
    return ObjectReferenceStore(objects, cache)


def make_face_reader(settings: MatcherSettings) -> FaceReader:
    """Load the models."""
    limits = parse_thresholds(settings.thresholds_file.read_text())
    return OnnxFaceReader(settings.models_dir, limits.min_reference_eye_distance_px)


def wire_matcher(
    bus: Bus, objects: ObjectStore, references: ReferenceStore, reader: FaceReader, settings: MatcherSettings
) -> EnrolDocument:
    """Subscribe the matcher over given adapters; the enrolment use case is returned for direct import."""
    limits = parse_thresholds(settings.thresholds_file.read_text())
    enrol = EnrolDocument(objects, references, reader)
    subscribe_matcher(bus, CompareFaces(objects, references, reader, bus, limits), enrol)
    return enrol


async def run_matcher() -> None:
    """The matcher process."""
    settings, clock, metrics = MatcherSettings(), SystemClock(), Metrics()
    objects = S3ObjectStore(S3Settings())
    bus = KafkaBus(KafkaSettings(), "matcher", clock, metrics)
    cache: Redis = Redis.from_url(settings.redis_url, socket_timeout=2.0)
    wire_matcher(bus, objects, ObjectReferenceStore(objects, cache), make_face_reader(settings), settings)

    async def before() -> None:
        await objects.ensure_bucket(BUCKET)
        await objects.ensure_bucket(PHOTO_BUCKET)

    app = health_app(metrics, bus.is_alive, bus.is_ready)
    await run_worker("matcher", bus, app, metrics, settings.host, settings.port, before=before)
    await cache.aclose()
