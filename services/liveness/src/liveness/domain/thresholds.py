"""Limits of the judgement, read from thresholds.toml; every one carries the run that set it."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

_SECTIONS = (
    "challenge_match", "lag", "diffuse_reflection", "own_reflectance", "relief", "background", "sensor_rows",
    "corneal_glint", "recording", "detectable",
)  # fmt: skip


@dataclass(frozen=True)
class Thresholds:
    """Values by section and name; `version` identifies the file's content."""

    values: Mapping[str, Mapping[str, float]]
    version: str

    def get(self, section: str, name: str) -> float:
        return self.values[section][name]


def parse_thresholds(text: str) -> Thresholds:
    """Read the file's text; raises ValueError when a limit has no value, run or reason."""
    raw = tomllib.loads(text)
    values: dict[str, dict[str, float]] = {}
    for section in _SECTIONS:
        if section not in raw:
            raise ValueError(f"section [{section}] is missing")
        values[section] = {}
        for name, entry in raw[section].items():
            if not {"value", "run", "reason"} <= set(entry):
                raise ValueError(f"{section}.{name} needs value, run and reason")
            values[section][name] = float(entry["value"])
    return Thresholds(values, hashlib.sha256(text.encode()).hexdigest()[:12])
