"""The only wiring of liveness."""

from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.port import Bus
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight.runtime.process import run_worker, service_app
from liveness.adapters.capture_series import series_of
from liveness.adapters.html_explainer import HtmlExplainer
from liveness.domain.thresholds import parse_thresholds
from liveness.entrypoints.subscriber import PUBLISHES, subscribe_liveness
from liveness.settings import LivenessSettings
from liveness.use_cases.assess_capture import BUCKET, AssessCapture


def wire_liveness(bus: Bus, objects: ObjectStore, settings: LivenessSettings) -> None:
    """Subscribe liveness over given adapters."""
    limits = parse_thresholds(settings.thresholds_file.read_text())
    router = bus.router("liveness", PUBLISHES)
    subscribe_liveness(router, AssessCapture(objects, router.events, limits, series_of, HtmlExplainer()))


async def run_liveness() -> None:
    """The liveness process."""
    settings, clock, metrics = LivenessSettings(), SystemClock(), Metrics()
    objects = await open_sealed_s3(clock)
    bus = KafkaBus(KafkaSettings(), "liveness", clock, metrics)
    wire_liveness(bus, objects, settings)

    async def before() -> None:
        await objects.ensure_bucket(BUCKET)

    process = service_app("liveness", bus, metrics, before=before)
    await run_worker(process, "liveness", settings.host, settings.ops_port)
