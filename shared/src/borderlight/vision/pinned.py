"""The committed table of face models: archives, members, and the SHA-256 that each model file must have."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def pinned_models() -> Mapping[str, Any]:
    """`archives` and `models` of `models.toml`."""
    return tomllib.loads((Path(__file__).parent / "models.toml").read_text())
