"""Write the digest behind every image tag into Dockerfiles, compose and manifests: `image:tag@sha256:…`.

Needs a Docker engine and the registry, so a release runs it, not `./dev lint`. `--check` only tells what is not pinned
and exits 1; a release runs that last. A tag that has its digest is asked for again: what changed is a diff to review.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from checks import images  # noqa: E402

ROOT = HERE.parent
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")


def ask_registry(image: str) -> str:
    """The digest of the image's index; raises CalledProcessError, ValueError."""
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{.Manifest.Digest}}"]
    digest = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if not _DIGEST.match(digest):
        raise ValueError(f"{image}: the registry answered {digest!r}")
    return digest


def pin(root: Path, resolve: Callable[[str], str]) -> int:
    """Rewrite every file; the number of images that changed."""
    changed = 0
    known: dict[str, str] = {}
    for path in images.files(root):
        text = before = path.read_text()
        for image in sorted(set(images.named(path))):
            tag = image.partition("@")[0]
            if tag not in known:
                known[tag] = f"{tag}@{resolve(tag)}"
            text = re.sub(rf"(?<=\s){re.escape(image)}(?=\s|$)", known[tag], text, flags=re.M)
            changed += image != known[tag]
        if text != before:
            path.write_text(text)
    return changed


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        found = images.problems(ROOT, with_digest=True)
        print("\n".join(found) or "every image has its digest")
        sys.exit(1 if found else 0)
    print(f"{pin(ROOT, ask_registry)} images changed")


if __name__ == "__main__":
    main()
