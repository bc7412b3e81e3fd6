"""What each process says of itself, from its own code, is what the committed contract and the topic files say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import StandingClock

from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.process import service_app
from borderlight.runtime.sealing import KeyRing
from capture_ingest.adapters.memory_session_store import MemorySessionStore
from capture_ingest.app import wire_api, wire_normalizer
from capture_ingest.settings import CaptureIngestSettings
from decision.adapters.memory_history import MemoryHistory
from decision.adapters.memory_join_store import MemoryJoinStore
from decision.app import TOPICS, wire_decision
from decision.settings import DecisionSettings
from liveness.app import wire_liveness
from liveness.settings import LivenessSettings
from matcher.app import wire_matcher
from matcher.settings import MatcherSettings
from retention.app import wire_retention
from retention.domain.retention_clock import RetentionRules

COMMITTED = Path(__file__).resolve().parents[2] / "shared" / "schemas" / "asyncapi.json"
NOT_USED: Any = None
Wire = Callable[[MemoryBus, Any, Any, Any], Any]
PROCESSES: dict[str, Wire] = {
    "capture-ingest:api": lambda bus, objects, clock, metrics: wire_api(
        bus, MemorySessionStore(), objects, CaptureIngestSettings(), clock, metrics
    ),
    "capture-ingest:normalizer": lambda bus, objects, clock, metrics: wire_normalizer(bus, objects, NOT_USED),
    "liveness": lambda bus, objects, clock, metrics: wire_liveness(bus, objects, LivenessSettings()),
    "matcher": lambda bus, objects, clock, metrics: wire_matcher(
        bus, objects, NOT_USED, NOT_USED, MatcherSettings(returning_travellers=True), clock
    ),
    "decision": lambda bus, objects, clock, metrics: wire_decision(
        bus, MemoryJoinStore(), MemoryHistory(dict, TOPICS), DecisionSettings(), clock, metrics
    ),
    "retention": lambda bus, objects, clock, metrics: wire_retention(
        bus, objects, KeyRing.generate(), RetentionRules(), clock, metrics
    ),
}


async def served(process: str, folder: Path) -> dict[str, Any]:
    """`/asyncapi.json` of one process."""
    import httpx

    clock, metrics = StandingClock(), Metrics()
    bus = MemoryBus(process, clock, metrics)
    beside = PROCESSES[process](bus, FileObjectStore(folder), clock, metrics)
    app = service_app(process, bus, metrics, beside if process.endswith("api") else None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.get("/asyncapi.json")
    assert answer.status_code == 200
    return answer.json()


def topics_by(document: dict[str, Any], action: str) -> dict[str, dict[str, Any]]:
    """Topic → schema of its payload, for one action."""
    found: dict[str, dict[str, Any]] = {}
    for operation in document["operations"].values():
        if operation["action"] != action:
            continue
        channel = document["channels"][operation["channel"]["$ref"].rsplit("/", 1)[-1]]
        (message,) = channel["messages"].values()
        name = message["$ref"].rsplit("/", 1)[-1]
        payload = document["components"]["messages"][name]["payload"]
        if "$ref" in payload:
            payload = document["components"]["schemas"][payload["$ref"].rsplit("/", 1)[-1]]
        found[channel["address"].split(":")[0]] = payload.get("schema", payload)
    return found


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_process_consumes_and_publishes_what_the_contract_says(process: str, tmp_path: Path) -> None:
    document = await served(process, tmp_path)
    committed = json.loads(COMMITTED.read_text())
    assert document["asyncapi"] == committed["asyncapi"] == "3.0.0"
    group = process.rsplit(":", 1)[-1]
    topics = [topic for topic in registry()]
    assert set(topics_by(document, "receive")) == {t.name for t in topics if group in t.consumers}
    assert set(topics_by(document, "send")) == {t.name for t in topics if process in t.producers}
    for action in ("receive", "send"):
        theirs = topics_by(committed, action)
        for topic, schema in topics_by(document, action).items():
            assert set(schema["properties"]) == set(theirs[topic]["properties"]), topic
            assert set(schema.get("required", ())) == set(theirs[topic].get("required", ())), topic


def test_every_topic_that_is_consumed_has_a_place_for_its_dead_letters() -> None:
    names = {topic.name for topic in with_dead_letters(registry())}
    ours = {process.rsplit(":", 1)[-1] for process in PROCESSES}
    for topic in registry():
        if ours & set(topic.consumers):
            assert f"{topic.name}.dlq" in names, f"{topic.name} is consumed, but has no dead letters"
