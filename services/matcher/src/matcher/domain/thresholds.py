"""Limits of the matcher, read from thresholds.toml."""

import tomllib
from dataclasses import dataclass


@dataclass(frozen=True)
class MatcherThresholds:
    """min_match_score: [1 - distance]; *_eye_distance_px: least distance between the eyes [px]."""

    min_match_score: float
    min_probe_eye_distance_px: float
    min_reference_eye_distance_px: float


def parse_thresholds(text: str) -> MatcherThresholds:
    """Read the file's text; raises ValueError when an entry has no value, run or reason."""
    raw = tomllib.loads(text)

    def value(section: str, name: str) -> float:
        entry = raw.get(section, {}).get(name)
        if not isinstance(entry, dict) or not {"value", "run", "reason"} <= set(entry):
            raise ValueError(f"{section}.{name} needs value, run and reason")
        return float(entry["value"])

    return MatcherThresholds(
        value("comparison", "min_match_score"),
        value("probe", "min_eye_distance_px"),
        value("reference", "min_eye_distance_px"),
    )
