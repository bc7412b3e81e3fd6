"""The checks of deploy/ find what they are there to find."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from checks import names

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_committed_is_consistent() -> None:
    assert names.compose_problems(ROOT / "docker-compose.yml") == []
    alerts = (ROOT / "deploy/monitoring/alerts.yml").read_text()
    assert names.metric_problems({"alerts.yml": alerts}) == []


def test_a_misspelt_variable_in_compose_is_found(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text().replace("DECISION_REDIS_URL", "DECISION_REDIS_URI")
    (tmp_path / "docker-compose.yml").write_text(text)
    (problem,) = names.compose_problems(tmp_path / "docker-compose.yml")
    assert "DECISION_REDIS_URI" in problem


def test_an_unknown_metric_is_found() -> None:
    (problem,) = names.metric_problems({"x": "rate(borderlight_verdict_total[5m])"})
    assert "borderlight_verdict_total" in problem


def manifest(**changes: Any) -> dict[str, Any]:
    container = {
        "name": "liveness", "image": "borderlight/liveness", "ports": [{"containerPort": 8080}],
        "env": [{"name": "LIVENESS_PORT", "value": "8080"}], **changes,
    }  # fmt: skip
    return {
        "kind": "Deployment", "metadata": {"name": "liveness"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }  # fmt: skip


def scaled(topic: str, group: str) -> dict[str, Any]:
    trigger = {"metadata": {"topic": topic, "consumerGroup": group}}
    return {"kind": "ScaledObject", "metadata": {"name": "x"}, "spec": {"triggers": [trigger]}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (manifest(env=[{"name": "LIVENESS_PROT"}]), "LIVENESS_PROT"),
        (manifest(ports=[{"containerPort": 9090}]), "9090"),
        (scaled("nowhere.v1", "borderlight.x.nowhere.v1"), "no topic nowhere.v1"),
        (scaled("session.captured.v1", "liveness"), "no consumer group"),
    ],
)
def test_names_that_the_code_lacks_are_found_in_manifests(document: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in names.manifest_problems([document]))
    assert names.manifest_problems([manifest()]) == []


def test_the_pod_monitor_selects_a_label_that_pods_carry() -> None:
    monitor = yaml.safe_load((ROOT / "deploy/k8s/components/monitoring/podmonitor.yaml").read_text())
    base = yaml.safe_load((ROOT / "deploy/k8s/base/kustomization.yaml").read_text())
    on_pods = {name: value for entry in base["labels"] if entry.get("includeTemplates") for name, value in
               entry["pairs"].items()}  # fmt: skip
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert wanted and wanted.items() <= on_pods.items()


def test_every_service_of_the_code_has_a_deployment_and_a_compose_service() -> None:
    services = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
    manifests = {path.stem for path in (ROOT / "deploy/k8s/base").glob("*.yaml")}
    for name in ("api", "normalizer", "liveness", "matcher", "decision"):
        assert name in services and name in manifests
