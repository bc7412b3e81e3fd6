"""Images that we build on or run: a full tag everywhere, and with `pin_images.py` the digest behind it."""

import re
from pathlib import Path

_FROM = re.compile(r"^FROM\s+(\S+)", re.M)
_IMAGE = re.compile(r"^\s*(?:- )?image:\s*([^\s#]+)", re.M)
_WHOLE = re.compile(r"^(?P<name>[a-z0-9./-]+):(?P<tag>[A-Za-z0-9._-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?$")


def files(root: Path) -> list[Path]:
    """Every file that names an image."""
    folder = root / "deploy"
    manifests = [path for path in sorted((folder / "k8s").rglob("*.yaml"))]
    return [
        *sorted(root.glob("services/*/Dockerfile")),
        folder / "tools.Dockerfile",
        root / "docker-compose.yml",
        *manifests,
    ]


def named(path: Path) -> list[str]:
    """Foreign images that a file names, stages of its own left out."""
    text = path.read_text()
    if path.name.endswith("Dockerfile"):
        stages = set(re.findall(r"\sAS\s+(\S+)", text))
        return [image for image in _FROM.findall(text) if image not in stages]
    return [image for image in _IMAGE.findall(text) if not image.startswith("borderlight/")]


def problems(root: Path, with_digest: bool = False) -> list[str]:
    """Images without a full tag; with_digest: also those without a digest, which a release must not have."""
    found: list[str] = []
    for path in files(root):
        for image in named(path):
            whole = _WHOLE.match(image)
            where = path.relative_to(root)
            if whole is None or whole["tag"] in ("latest", "edge"):
                found.append(f"{where}: {image} needs a tag that does not move")
            elif with_digest and whole["digest"] is None:
                found.append(f"{where}: {image} has no digest; run deploy/pin_images.py")
    return found
