"""The Pod Security Standard `restricted`, as the API server would judge rendered manifests."""

from collections.abc import Iterator
from typing import Any

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
_SECCOMP = {"RuntimeDefault", "Localhost"}


def _pod_problems(pod: dict[str, Any]) -> Iterator[str]:
    of_pod: dict[str, Any] = pod.get("securityContext") or {}
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield f"{name} is set"
    for volume in pod.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds <= _VOLUMES:
            yield f"volume {volume['name']} is of kind {sorted(kinds)}"
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        own: dict[str, Any] = container.get("securityContext") or {}
        name = container["name"]
        if own.get("privileged") or own.get("allowPrivilegeEscalation") is not False:
            yield f"{name}: allowPrivilegeEscalation must be false"
        if "ALL" not in (own.get("capabilities") or {}).get("drop", []):
            yield f"{name}: drop all capabilities"
        if set((own.get("capabilities") or {}).get("add", [])) - {"NET_BIND_SERVICE"}:
            yield f"{name}: adds capabilities"
        if own.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
            yield f"{name}: runAsNonRoot must be true"
        if own.get("runAsUser", of_pod.get("runAsUser")) == 0:
            yield f"{name}: runs as root"
        profile = own.get("seccompProfile", of_pod.get("seccompProfile")) or {}
        if profile.get("type") not in _SECCOMP:
            yield f"{name}: needs a seccomp profile"
        if any(port.get("hostPort") for port in container.get("ports", [])):
            yield f"{name}: takes a port of the node"


def restricted_problems(documents: list[dict[str, Any]]) -> list[str]:
    """What `restricted` refuses, and namespaces that do not enforce it."""
    found: list[str] = []
    for document in documents:
        where = f"{document['kind']}/{document['metadata']['name']}"
        pod = ((document.get("spec") or {}).get("template") or {}).get("spec")
        if pod is not None and "containers" in pod:
            found += [f"{where}: {problem}" for problem in _pod_problems(pod)]
            if pod.get("automountServiceAccountToken") is not False:
                found.append(f"{where}: mounts a service account's token")
        if document["kind"] == "Namespace":
            labels = document["metadata"].get("labels") or {}
            if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
                found.append(f"{where}: does not enforce restricted")
    return found


def egress_problems(documents: list[dict[str, Any]]) -> list[str]:
    """Network policies that let a pod reach any address, and a set without a default that denies."""
    policies = [document for document in documents if document["kind"] == "NetworkPolicy"]
    if not policies:
        return []
    found: list[str] = []
    denies = [
        p for p in policies
        if p["spec"]["podSelector"] == {} and {"Ingress", "Egress"} <= set(p["spec"]["policyTypes"])
        and not p["spec"].get("egress") and not p["spec"].get("ingress")
    ]  # fmt: skip
    if not denies:
        found.append("no network policy denies everything by default")
    for policy in policies:
        for rule in policy["spec"].get("egress") or []:
            blocks = [peer.get("ipBlock", {}).get("cidr") for peer in rule.get("to") or []]
            if not rule.get("to") or {"0.0.0.0/0", "::/0"} & set(blocks):
                found.append(f"NetworkPolicy/{policy['metadata']['name']}: lets out to any address")
    return found
