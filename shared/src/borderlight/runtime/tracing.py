"""Optional OpenTelemetry: spans for consuming and publishing, W3C trace context in the headers of every record.

On when OTEL_EXPORTER_OTLP_ENDPOINT is set and the `tracing` extra is installed; nothing is imported otherwise.
"""

import importlib.util
import os
from typing import Any

from borderlight.runtime.logs import logger


def tracing_middlewares(service: str) -> list[Any]:
    """FastStream middlewares that trace; empty when tracing is off."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return []
    if importlib.util.find_spec("opentelemetry.sdk") is None:
        logger().warning("tracing asked for, but the tracing extra is not installed")
        return []
    return [telemetry_middleware(service, _otlp_exporter())]


def _otlp_exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def telemetry_middleware(service: str, exporter: Any) -> Any:
    """FastStream's middleware, sending spans of `service` to `exporter`."""
    from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"borderlight-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return KafkaTelemetryMiddleware(tracer_provider=provider)
