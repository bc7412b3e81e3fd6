"""Build the capture page with Node.js: the machine's own when it is new enough, else one from the registry."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from borderlight_tools.dev.uv import find_uv

WEB = Path("services/capture-ingest/web")
OUT = Path("services/capture-ingest/src/capture_ingest/page")
OLDEST_NODE = 20


def _node_is_new_enough() -> bool:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    return answer.startswith("v") and int(answer[1:].split(".")[0]) >= OLDEST_NODE


def ensure_node() -> None:
    """Put a Node.js of at least version 20 on the path; raises CalledProcessError when none can be fetched."""
    if _node_is_new_enough():
        return
    folder = Path(sys.executable).parent
    if not (folder / "npm").exists():
        print("installing Node.js from the Python registry ...", file=sys.stderr)
        command = [find_uv(), "pip", "install", "--quiet", "--require-hashes", "--python", sys.executable]
        subprocess.run([*command, "-r", "requirements/page.txt"], check=True)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def _state() -> str:
    digest = hashlib.sha256()
    sources = sorted(path for path in (WEB / "src").rglob("*") if path.is_file())
    for path in [*sources, WEB / "build.mjs", WEB / "package-lock.json"]:
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def install_modules() -> None:
    """The locked npm packages, when the lock file has changed since the last time."""
    stamp, lock = WEB / "node_modules" / ".installed", (WEB / "package-lock.json").read_bytes()
    if not stamp.is_file() or stamp.read_bytes() != lock:
        subprocess.run(["npm", "ci", "--silent", "--no-fund", "--no-audit"], cwd=WEB, check=True)
        stamp.write_bytes(lock)


def build_page(force: bool = False) -> None:
    """Build into the package of capture-ingest when the sources have changed."""
    stamp, state = OUT / ".built", _state()
    if not force and stamp.is_file() and stamp.read_text() == state:
        return
    ensure_node()
    print("building the capture page ...", file=sys.stderr)
    install_modules()
    subprocess.run(["node", "build.mjs"], cwd=WEB, check=True, stdout=sys.stderr)
    stamp.write_text(state)


def test_page() -> int:
    """The page's own unit tests; the exit status."""
    ensure_node()
    install_modules()
    return subprocess.run(["npm", "test", "--silent"], cwd=WEB, check=False).returncode
