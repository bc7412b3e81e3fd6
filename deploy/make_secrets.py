"""Make the secrets of a stack on this machine: `.env` for compose, `secrets.env` for the local Kubernetes overlay.

Nothing is made anew that is there: a key that changed would lock out what it opened. Both files are for their owner
only and ignored by git.
"""

import base64
import json
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / ".env"
LOCAL_OVERLAY = ROOT / "deploy" / "k8s" / "overlays" / "local" / "secrets.env"


def _key() -> str:
    return secrets.token_urlsafe(32)


def _master_keys() -> str:
    """Master keys of the document store, or of sessions, as `borderlight documents keys init` makes them."""
    lookup, master = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    ring = {"schema": "borderlight.keys/1", "lookup": lookup, "masters": [{"id": secrets.token_hex(4), "key": master}]}
    return json.dumps(ring, separators=(",", ":"))


def compose_secrets() -> dict[str, str]:
    return {
        "BORDERLIGHT_API_KEY": _key(),
        "BORDERLIGHT_S3_SECRET_KEY": _key(),
        "BORDERLIGHT_DOCUMENT_KEYS": _master_keys(),
        "BORDERLIGHT_SESSION_KEYS": _master_keys(),
        "BORDERLIGHT_GRAFANA_PASSWORD": _key(),
    }


def overlay_secrets() -> dict[str, str]:
    return {
        "s3-access-key": "borderlight",
        "s3-secret-key": _key(),
        "agency-api-key": _key(),
        "document-keys": _master_keys(),
        "session-keys": _master_keys(),
    }


def _lines(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def complete(path: Path, wanted: dict[str, str], quote: str = "") -> list[str]:
    """Add to the file what it lacks; the names that were added."""
    there = _lines(path)
    added = {name: f"{quote}{value}{quote}" for name, value in wanted.items() if not there.get(name)}
    if not added:
        return []
    text = "".join(f"{name}={value}\n" for name, value in {**there, **added}.items())
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    part.replace(path)
    return sorted(added)


def main() -> None:
    for path, wanted, quote in ((COMPOSE, compose_secrets(), "'"), (LOCAL_OVERLAY, overlay_secrets(), "")):
        added = complete(path, wanted, quote)
        if added:
            print(f"{path.relative_to(ROOT)}: made {', '.join(added)}")


if __name__ == "__main__":
    main()
