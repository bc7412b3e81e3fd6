"""Tracing is optional, and a trace goes through Kafka."""

from typing import Any

import pytest
from kafka_kit import consume_all, kafka_settings, make_topics, subscribe, until
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from servers import Endpoints
from test_kafka_bus import event

from borderlight.contracts.events import CaptureRejected
from borderlight.runtime.bus.kafka import KafkaBus
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.tracing import telemetry_middleware, tracing_middlewares


def test_it_is_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert tracing_middlewares("api") == []


async def test_a_record_carries_its_trace(stack: Endpoints, prefix: str) -> None:
    settings = kafka_settings(stack, prefix)
    await make_topics(settings, 1, [CaptureRejected.topic])
    middleware = telemetry_middleware("test", InMemorySpanExporter())
    bus = KafkaBus(settings, "test", SystemClock(), Metrics(), [middleware])
    seen: list[Any] = []

    async def handle(received: Any) -> None:
        seen.append(received)

    subscribe(bus, handle)
    await bus.start()
    await bus.publish(event("traced"), ())
    await until(lambda: len(seen) == 1)
    await bus.stop()
    (record,) = await consume_all(settings, CaptureRejected.topic, 1)
    headers = {name: value.decode() for name, value in record.headers}
    assert headers["traceparent"].count("-") == 3 and headers["ce_subject"] == "traced"
