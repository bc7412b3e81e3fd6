"""Bundles that a test run simulates once."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sessions:
    """Simulated bundles by name."""

    folder: Path

    def __getitem__(self, name: str) -> Path:
        return self.folder / name
