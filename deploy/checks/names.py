"""Every environment variable, topic, consumer group, port and metric that a manifest names must exist in the code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.s3 import S3Settings
from capture_ingest.settings import CaptureIngestSettings
from decision.settings import DecisionSettings
from liveness.settings import LivenessSettings
from matcher.settings import MatcherSettings
from retention.settings import RetentionServiceSettings

SETTINGS: tuple[type[BaseSettings], ...] = (
    KafkaSettings, S3Settings, CaptureIngestSettings, LivenessSettings, MatcherSettings, DecisionSettings,
    RetentionServiceSettings,
)  # fmt: skip
_OURS = re.compile(r"^(KAFKA|S3|CAPTURE_INGEST|LIVENESS|MATCHER|DECISION|RETENTION)_")
_GROUP = re.compile(r"^borderlight\.([a-z-]+)\.(.+)$")
OPS_PORT = 9090
PUBLIC_PORTS = {"api": 8080}


def known_variables() -> set[str]:
    """Environment variables that some settings class reads."""
    return {
        f"{kind.model_config.get('env_prefix', '')}{name}".upper() for kind in SETTINGS for name in kind.model_fields
    }


def known_metrics() -> set[str]:
    """Series names that a scrape of our processes can hold."""
    names: set[str] = set()
    for family in Metrics().registry.collect():
        names |= {family.name, *(f"{family.name}{end}" for end in ("_total", "_bucket", "_sum", "_count", "_created"))}
    return names


def unknown_variables(names: Iterator[str]) -> list[str]:
    known = known_variables()
    return sorted({name for name in names if _OURS.match(name) and name not in known})


def compose_problems(path: Path) -> list[str]:
    """Names in the compose file that the code lacks. The servers' own variables are theirs."""
    services: dict[str, Any] = yaml.safe_load(path.read_text())["services"]
    found: list[str] = []
    for name, service in services.items():
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                found.append(f"{path.name}: {name}: port {port} listens on every address of the machine")
        if not str(service.get("image", "")).startswith("borderlight/"):
            continue
        environment: dict[str, str] = service.get("environment") or {}
        found += [f"{path.name}: {name}: no setting reads {bad}" for bad in unknown_variables(iter(environment))]
        for port in service.get("ports", []):
            if str(port).rsplit(":", 1)[-1] != str(PUBLIC_PORTS.get(name)):
                found.append(f"{path.name}: {name}: port {port} is not for the public")
    return found


def _containers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    template = document.get("spec", {}).get("template")
    if template:
        yield from template["spec"]["containers"]


def manifest_problems(documents: list[dict[str, Any]]) -> list[str]:
    """Names in rendered Kubernetes manifests that the code lacks."""
    found: list[str] = []
    topics = {topic.name: topic for topic in with_dead_letters(registry())}
    for document in documents:
        where = f"{document['kind']}/{document['metadata']['name']}"
        if document["kind"] == "ConfigMap" and "borderlight-config" in document["metadata"]["name"]:
            found += [f"{where}: no setting reads {bad}" for bad in unknown_variables(iter(document["data"]))]
        for container in _containers(document):
            if not container["image"].startswith("borderlight/"):
                continue
            names = (entry["name"] for entry in container.get("env", []))
            found += [f"{where}: no setting reads {bad}" for bad in unknown_variables(names)]
            ports = {port["containerPort"] for port in container.get("ports", [])}
            served = {OPS_PORT, *({PUBLIC_PORTS[container["name"]]} if container["name"] in PUBLIC_PORTS else ())}
            if document["kind"] == "Deployment" and ports != served:
                found.append(f"{where}: ports {sorted(ports)}, but {sorted(served)} are served")
        for trigger in document.get("spec", {}).get("triggers", []):
            data = trigger["metadata"]
            group = _GROUP.match(data["consumerGroup"])
            topic = topics.get(data["topic"])
            if topic is None:
                found.append(f"{where}: there is no topic {data['topic']}")
            elif group is None or group[2] != data["topic"] or group[1] not in " ".join(topic.consumers):
                found.append(f"{where}: {data['consumerGroup']} is no consumer group of {data['topic']}")
    return found


def metric_problems(texts: dict[str, str]) -> list[str]:
    """Metrics in alert rules and dashboards that no process exposes."""
    known = known_metrics()
    found: list[str] = []
    for name, text in texts.items():
        for metric in sorted(set(re.findall(r"\bborderlight_[a-z_]+", text))):
            if metric not in known:
                found.append(f"{name}: no process exposes {metric}")
    return found


def dashboard_problems(path: Path) -> list[str]:
    """Panels need distinct ids, a title and at least one expression."""
    panels = json.loads(path.read_text())["panels"]
    ids = [panel["id"] for panel in panels]
    found = [] if len(set(ids)) == len(ids) else [f"{path.name}: panel ids repeat"]
    found += [f"{path.name}: panel {p['id']} is empty" for p in panels if not p["title"] or not p["targets"]]
    return found
