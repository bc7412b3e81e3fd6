"""Check compose, Dockerfiles, Kubernetes manifests, alerts and dashboards: `./dev lint` runs it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import make_secrets  # noqa: E402
from checks import images, names, pod_security  # noqa: E402
from checks.kubectl import render  # noqa: E402

ROOT = HERE.parent
BIN = Path(sys.executable).parent
KUBERNETES = "1.33"


def run(*command: str) -> list[str]:
    """Lines that a failing tool prints; empty when it is content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode == 0:
        return []
    return [f"{Path(command[0]).name}: {line}" for line in (done.stdout + done.stderr).splitlines() if line.strip()]


def check_compose() -> list[str]:
    path = ROOT / "docker-compose.yml"
    profiles = ["--profile", "load", "--profile", "monitoring"]
    return run(str(BIN / "docker-compose"), "-f", str(path), *profiles, "config", "-q") + names.compose_problems(path)


def check_dockerfiles() -> list[str]:
    files = [*sorted((ROOT / "services").glob("*/Dockerfile")), HERE / "tools.Dockerfile"]
    return [line for path in files for line in run(str(BIN / "hadolint"), "--ignore", "DL3059", str(path))]


def combinations() -> list[tuple[str, dict[str, Any]]]:
    """What to render: every overlay, and the base with each component and with all of them."""
    components = sorted(path.name for path in (HERE / "k8s" / "components").iterdir())
    sets = [[], *[[name] for name in components], components]
    made = [
        (
            "base+" + "+".join(chosen),
            {"resources": ["../k8s/base"], "components": [f"../k8s/components/{name}" for name in chosen]},
        )
        for chosen in sets
    ]
    overlays = sorted((HERE / "k8s" / "overlays").iterdir())
    return made + [(f"overlay {path.name}", {"resources": [f"../k8s/overlays/{path.name}"]}) for path in overlays]


def check_manifests() -> list[str]:
    found: list[str] = []
    schema = json.loads((HERE / "checks" / "scaledobject.schema.json").read_text())
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        for name, content in combinations():
            kustomization = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **content}
            (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
            text = render(Path(folder))
            documents: list[dict[str, Any]] = [d for d in yaml.safe_load_all(text) if d]
            core = [d for d in documents if not d["apiVersion"].startswith(("keda.sh", "monitoring.coreos.com"))]
            rendered = Path(folder) / "rendered.yaml"
            rendered.write_text(yaml.safe_dump_all(core))
            problems = run(str(BIN / "kubernetes-validate"), "--strict", "--quiet", "-k", KUBERNETES, str(rendered))
            rendered.unlink()
            for document in documents:
                if document["kind"] == "ScaledObject":
                    validator = jsonschema.Draft202012Validator(schema)
                    problems += [f"ScaledObject: {error.message}" for error in validator.iter_errors(document)]
            problems += names.manifest_problems(documents) + pod_security.restricted_problems(documents)
            problems += pod_security.egress_problems(documents)
            found += [f"{name}: {line}" for line in problems]
    return found


def check_monitoring() -> list[str]:
    folder = HERE / "monitoring"
    dashboards = sorted((folder / "grafana" / "dashboards").glob("*.json"))
    texts = {path.name: path.read_text() for path in [folder / "alerts.yml", *dashboards]}
    found = names.metric_problems(texts)
    for path in dashboards:
        found += names.dashboard_problems(path)
    for group in yaml.safe_load((folder / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            if not rule.get("expr") or not {"summary", "action"} <= set(rule.get("annotations", {})):
                found.append(f"alerts.yml: {rule.get('alert')} needs an expression, a summary and an action")
            if 'le="' in rule["expr"]:
                found.append(f"alerts.yml: {rule['alert']} compares le literally; the client writes 10.0")
    return found


def main() -> None:
    make_secrets.main()
    found = check_compose() + check_dockerfiles() + images.problems(ROOT) + check_manifests() + check_monitoring()
    for line in found:
        print(line, file=sys.stderr)
    print("deploy/ is consistent" if not found else f"{len(found)} problems")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
