"""The only wiring of the matcher."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.port import Bus
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.http.public_server import PublicPort
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight.runtime.process import run_worker, service_app
from borderlight.runtime.redis_role import RedisRole, check_role
from borderlight.runtime.sealing import KeyRing, load_keys
from borderlight.vision.embedder import DEFAULT_EMBEDDER, FaceEmbedder, read_description
from borderlight.vision.pinned import pinned_models
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.adapters.onnx_face_reader import OnnxFaceReader
from matcher.adapters.passive_authentication.checker import ChipRules, PassiveAuthentication
from matcher.adapters.passive_authentication.folder_trust import FolderTrust
from matcher.adapters.redis_reference_cache import RedisReferenceCache
from matcher.adapters.sandboxed_pixels import SandboxedPixels
from matcher.domain.dossier import RetentionRule
from matcher.domain.thresholds import MatcherThresholds, parse_thresholds
from matcher.entrypoints.http_api import StewardApi, steward_app
from matcher.entrypoints.subscriber import PUBLISHES, subscribe_matcher, subscribe_returning
from matcher.ports import FaceReader, ReferenceStore
from matcher.settings import MatcherSettings
from matcher.use_cases.compare_faces import CompareFaces
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.erase_documents import EraseDocuments
from matcher.use_cases.remember_traveller import RememberTraveller

PHOTO_BUCKET = "documents"
_RETENTION_EVERY_S = 900.0


class LimitsUnusable(BorderlightError):
    """The thresholds file has no match limit for the embedding model: calibrate one, or name the right file."""


def embedding_model(settings: MatcherSettings) -> tuple[str, float | None]:
    """(SHA-256 of the model that the settings name, the match limit in its own file); the model is not loaded."""
    if settings.embedder_file is None:
        return str(pinned_models()["models"][DEFAULT_EMBEDDER]["onnx_sha256"]), None
    described = read_description(settings.embedder_file)
    return described.sha256, None if described.min_match_score is None else described.min_match_score.value


def limits_in_force(settings: MatcherSettings) -> MatcherThresholds:
    """The limits for the embedding model of the settings; raises LimitsUnusable.

    The thresholds file counts when it names the model, then the limit in the embedder file.
    """
    model, own = embedding_model(settings)
    try:
        return parse_thresholds(settings.thresholds_file.read_text()).of_model(model, own)
    except (OSError, ValueError) as error:
        raise LimitsUnusable(f"{settings.thresholds_file}: {error}") from error


def make_face_reader(settings: MatcherSettings) -> FaceReader:
    """Load the models; the operator's own embedder where one is set."""
    return _face_reader(settings, limits_in_force(settings).min_match_score)


def make_uncalibrated_face_reader(settings: MatcherSettings) -> FaceReader:
    """For an embedding model that has no match limit yet: pictures with a second large face are refused."""
    return _face_reader(settings, None)


def _face_reader(settings: MatcherSettings, match_limit: float | None) -> FaceReader:
    own = settings.embedder_file
    embedder = FaceEmbedder(settings.models_dir) if own is None else FaceEmbedder.from_file(own)
    pixels = SandboxedPixels(is_required=settings.sandbox_required)
    pixels.start()
    return OnnxFaceReader(settings.models_dir, embedder, match_limit, pixels=pixels)


def make_authenticator(settings: MatcherSettings) -> PassiveAuthentication:
    """Passive authentication with the operator's trust folder and rules."""
    rules = ChipRules(settings.chip_refuses_sha1, settings.chip_needs_current_list)
    return PassiveAuthentication(FolderTrust(settings.trust_folder), rules)


def load_key_ring(settings: MatcherSettings) -> KeyRing:
    """The master keys of the document store; raises KeyFileUnreadable."""
    return load_keys(settings.key_file, settings.keys.get_secret_value() if settings.keys else None)


def open_reference_store(
    objects: ObjectStore, keys: KeyRing, model_sha256: str, redis: "Redis | None" = None, clock: Clock | None = None
) -> ObjectReferenceStore:
    """The document-photo store over given adapters."""
    cache = None if redis is None else RedisReferenceCache(redis, keys.cache_key())
    return ObjectReferenceStore(objects, keys, model_sha256, cache, clock)


@dataclass(frozen=True)
class Matcher:
    """What the wiring made."""

    enrol: EnrolDocument
    erase: EraseDocuments
    references: ReferenceStore


def wire_matcher(
    bus: Bus,
    objects: ObjectStore,
    references: ReferenceStore,
    reader: FaceReader,
    settings: MatcherSettings,
    clock: Clock,
) -> Matcher:
    """Subscribe the matcher over given adapters."""
    limits = limits_in_force(settings)
    authenticator = make_authenticator(settings)
    authenticator.trust(clock.now())  # a folder that cannot be read ends the start, not the first passport
    router = bus.router("matcher", PUBLISHES)
    events = router.events
    enrol = EnrolDocument(objects, references, reader, clock, events, authenticator, settings.delete_submitted)
    subscribe_matcher(router, CompareFaces(objects, references, reader, events, limits), enrol)
    if settings.returning_travellers:
        keep = timedelta(days=settings.returning_keep_days)
        subscribe_returning(router, RememberTraveller(objects, references, reader, clock, keep))
    return Matcher(enrol, EraseDocuments(references, clock, router.events), references)


def retention_rules(settings: MatcherSettings) -> tuple[RetentionRule, ...]:
    """Classes with an end."""
    return tuple(RetentionRule(kind, timedelta(days=days)) for kind, days in settings.keep_days.items())


async def run_matcher() -> None:
    """The matcher process."""
    settings, clock, metrics = MatcherSettings(), SystemClock(), Metrics()
    objects = await open_sealed_s3(clock)
    bus = KafkaBus(KafkaSettings(), "matcher", clock, metrics)
    redis: Redis = Redis.from_url(settings.redis_url, socket_timeout=2.0)
    reader = make_face_reader(settings)
    references = open_reference_store(objects, load_key_ring(settings), reader.model_sha256, redis, clock)
    matcher = wire_matcher(bus, objects, references, reader, settings, clock)
    public = None
    if settings.steward_key is not None:
        steward = StewardApi(matcher.enrol, matcher.erase, references, clock, settings.steward_key)
        public = (steward_app(steward), PublicPort(settings.steward_host, settings.steward_port, max_connections=50))
    rules = retention_rules(settings)

    async def before() -> None:
        await objects.ensure_bucket(BUCKET)
        await objects.ensure_bucket(PHOTO_BUCKET)
        await check_role(redis, RedisRole.CACHE)

    async def retention() -> None:
        await matcher.erase.due(rules)
        await asyncio.sleep(_RETENTION_EVERY_S)

    has_ends = bool(rules) or settings.returning_travellers
    process = service_app("matcher", bus, metrics, None, before, (retention,) if has_ends else (), public)
    await run_worker(process, "matcher", settings.host, settings.ops_port)
    await redis.aclose()
