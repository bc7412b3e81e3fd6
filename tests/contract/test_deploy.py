"""The checks of deploy/ find what they are there to find."""

import hashlib
from pathlib import Path
from typing import Any

import make_secrets
import pin_images
import pytest
import yaml
from checks import images, names, pod_security

from borderlight.runtime.sealing import KeyRing
from borderlight.runtime.strong_key import TRIAL_KEYS

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
        "name": "liveness", "image": "borderlight/liveness", "ports": [{"containerPort": 9090}],
        "env": [{"name": "LIVENESS_OPS_PORT", "value": "9090"}], **changes,
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
        (manifest(ports=[{"containerPort": 8081}]), "8081"),
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
    for name in ("api", "normalizer", "liveness", "matcher", "decision", "retention"):
        assert name in services and name in manifests


def test_a_port_on_every_address_of_the_machine_is_found(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text().replace("127.0.0.1:3000:3000", "3000:3000")
    (tmp_path / "docker-compose.yml").write_text(text)
    assert any("every address" in problem for problem in names.compose_problems(tmp_path / "docker-compose.yml"))


def test_no_secret_stands_in_what_is_committed() -> None:
    for path in [ROOT / "docker-compose.yml", *(ROOT / "deploy").rglob("*.yaml")]:
        text = path.read_text()
        assert not [key for key in TRIAL_KEYS if key in text], path
    environment = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["x-environment"]
    assert environment["S3_SECRET_KEY"].startswith("${BORDERLIGHT_S3_SECRET_KEY:?"), "without it compose does not start"


RESTRICTED: dict[str, Any] = {
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {"name": "x", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
}


def pod(**changes: Any) -> list[dict[str, Any]]:
    spec = {**RESTRICTED, **changes}
    return [{"kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": {"spec": spec}}}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"securityContext": {}}, "runAsNonRoot"),
        ({"securityContext": {**RESTRICTED["securityContext"], "runAsUser": 0}}, "root"),
        ({"securityContext": {"runAsNonRoot": True}}, "seccomp"),
        ({"containers": [{"name": "x"}]}, "allowPrivilegeEscalation"),
        ({"hostNetwork": True}, "hostNetwork"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "hostPath"),
        ({"automountServiceAccountToken": True}, "token"),
    ],
)
def test_what_the_restricted_standard_refuses_is_found(changes: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in pod_security.restricted_problems(pod(**changes)))
    assert pod_security.restricted_problems(pod()) == []


def test_a_namespace_that_enforces_less_is_found() -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    namespace = {"kind": "Namespace", "metadata": {"name": "borderlight", "labels": labels}}
    assert pod_security.restricted_problems([namespace])


@pytest.mark.parametrize("rule", [{}, {"ports": [{"port": 443}]}, {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])
def test_a_way_out_to_anywhere_is_found(rule: dict[str, Any]) -> None:
    def policy(name: str, egress: list[dict[str, Any]]) -> dict[str, Any]:
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": egress}
        return {"kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}

    closed, narrow = policy("deny", []), policy("dns", [{"to": [{"podSelector": {}}]}])
    assert pod_security.egress_problems([closed, narrow]) == []
    assert len(pod_security.egress_problems([closed, policy("out", [rule])])) == 1
    assert pod_security.egress_problems([narrow]) == ["no network policy denies everything by default"]


def test_digests_are_written_behind_every_tag_and_missed_where_they_lack(tmp_path: Path) -> None:
    for source in images.files(ROOT):
        target = tmp_path / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text())
    named = {image.partition("@")[0] for path in images.files(tmp_path) for image in images.named(path)}
    assert {"python:3.11.14-slim-bookworm", "valkey/valkey:9.0", "apache/kafka:4.3.1"} <= named
    pin_images.pin(tmp_path, lambda image: f"sha256:{hashlib.sha256(image.encode()).hexdigest()}")
    assert images.problems(tmp_path, with_digest=True) == []
    assert pin_images.pin(tmp_path, lambda image: f"sha256:{hashlib.sha256(image.encode()).hexdigest()}") == 0
    changed = pin_images.pin(tmp_path, lambda image: f"sha256:{'0' * 64}")
    assert changed >= len(named), "a tag that moved is a difference to review"
    moving = tmp_path / "services" / "matcher" / "Dockerfile"
    moving.write_text("FROM python:latest AS build\nFROM build\n")
    assert any("latest" in problem for problem in images.problems(tmp_path))


def test_secrets_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("BORDERLIGHT_API_KEY='of-my-own'\n")
    added = make_secrets.complete(path, make_secrets.compose_secrets(), "'")
    assert "BORDERLIGHT_API_KEY" not in added and "BORDERLIGHT_DOCUMENT_KEYS" in added
    first = path.read_text()
    assert "BORDERLIGHT_API_KEY='of-my-own'" in first and path.stat().st_mode & 0o077 == 0
    assert make_secrets.complete(path, make_secrets.compose_secrets(), "'") == [] and path.read_text() == first
    KeyRing.from_text(make_secrets.compose_secrets()["BORDERLIGHT_DOCUMENT_KEYS"])
