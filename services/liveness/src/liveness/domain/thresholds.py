"""Limits of the judgement, read from thresholds.toml; every one carries the run that set it."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from liveness.domain.evidence import (
    background,
    challenge_match,
    commitment,
    continuity,
    corneal_glint,
    diffuse_reflection,
    lag,
    own_reflectance,
    recording,
    relief,
    sensor_rows,
)

_Limits = TypeVar("_Limits")


@dataclass(frozen=True)
class Detectable:
    """min_modulation: swing of the face's light below which no capture is judged [share of its mean]."""

    min_modulation: float


@dataclass(frozen=True)
class Thresholds:
    """One section of the file per field; `version` identifies the file's content."""

    challenge_match: challenge_match.Limits
    lag: lag.Limits
    diffuse_reflection: diffuse_reflection.Limits
    own_reflectance: own_reflectance.Limits
    relief: relief.Limits
    background: background.Limits
    sensor_rows: sensor_rows.Limits
    corneal_glint: corneal_glint.Limits
    continuity: continuity.Limits
    commitment: commitment.Limits
    recording: recording.Limits
    detectable: Detectable
    version: str


def _section(kind: type[_Limits], name: str, raw: Mapping[str, Any]) -> _Limits:
    """The section `name` as its type; raises ValueError when a limit is missing, unknown or without its reason."""
    if name not in raw:
        raise ValueError(f"section [{name}] is missing")
    wanted = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    given = set(raw[name])
    if wanted != given:
        raise ValueError(f"[{name}] lacks {sorted(wanted - given)} and has unknown {sorted(given - wanted)}")
    for limit, entry in raw[name].items():
        if not {"value", "run", "reason"} <= set(entry):
            raise ValueError(f"{name}.{limit} needs value, run and reason")
    return kind(**{limit: float(entry["value"]) for limit, entry in raw[name].items()})


def parse_thresholds(text: str) -> Thresholds:
    """Read the file's text; raises ValueError when a limit is missing, unknown, or has no value, run or reason."""
    raw = tomllib.loads(text)
    return Thresholds(
        challenge_match=_section(challenge_match.Limits, "challenge_match", raw),
        lag=_section(lag.Limits, "lag", raw),
        diffuse_reflection=_section(diffuse_reflection.Limits, "diffuse_reflection", raw),
        own_reflectance=_section(own_reflectance.Limits, "own_reflectance", raw),
        relief=_section(relief.Limits, "relief", raw),
        background=_section(background.Limits, "background", raw),
        sensor_rows=_section(sensor_rows.Limits, "sensor_rows", raw),
        corneal_glint=_section(corneal_glint.Limits, "corneal_glint", raw),
        continuity=_section(continuity.Limits, "continuity", raw),
        commitment=_section(commitment.Limits, "commitment", raw),
        recording=_section(recording.Limits, "recording", raw),
        detectable=_section(Detectable, "detectable", raw),
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
    )
