"""Find uv, which `./dev` uses to install packages."""

import os
import shutil
import sys
from pathlib import Path


def find_uv() -> str:
    """Path of uv: what `./dev` used, the environment's own, or the machine's; raises FileNotFoundError."""
    own = Path(sys.executable).parent / "uv"
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "borderlight"
    booted = sorted(cache.glob("uv-*/bin/uv"))
    for path in (os.environ.get("UV"), str(own) if own.is_file() else None, shutil.which("uv"), *map(str, booted[-1:])):
        if path:
            return path
    raise FileNotFoundError("uv is not installed; `./dev setup` installs it")
