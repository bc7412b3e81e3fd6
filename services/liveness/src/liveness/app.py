"""The only wiring of liveness."""

from borderlight.plumbing.bus import Bus
from borderlight.plumbing.clock import SystemClock
from borderlight.plumbing.kafka_bus import KafkaBus, KafkaSettings
from borderlight.plumbing.metrics import Metrics
from borderlight.plumbing.object_store import ObjectStore
from borderlight.plumbing.s3_object_store import S3ObjectStore, S3Settings
from borderlight.plumbing.worker import run_worker, service_app
from liveness.adapters.html_explainer import HtmlExplainer
from liveness.domain.thresholds import parse_thresholds
from liveness.entrypoints.subscriber import PUBLISHES, subscribe_liveness
from liveness.settings import LivenessSettings
from liveness.use_cases.assess_capture import BUCKET, AssessCapture


def wire_liveness(bus: Bus, objects: ObjectStore, settings: LivenessSettings) -> None:
    """Subscribe liveness over given adapters."""
    limits = parse_thresholds(settings.thresholds_file.read_text())
    router = bus.router("liveness", PUBLISHES)
    subscribe_liveness(router, AssessCapture(objects, router.events, limits, HtmlExplainer()))


async def run_liveness() -> None:
    """The liveness process."""
    settings, clock, metrics = LivenessSettings(), SystemClock(), Metrics()
    objects = S3ObjectStore(S3Settings())
    bus = KafkaBus(KafkaSettings(), "liveness", clock, metrics)
    wire_liveness(bus, objects, settings)

    async def before() -> None:
        await objects.ensure_bucket(BUCKET)

    process = service_app("liveness", bus, metrics, before=before)
    await run_worker(process, "liveness", settings.host, settings.port)
