"""Limits of the matcher, read from thresholds.toml."""

import tomllib
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class MatcherThresholds:
    """model_sha256: of the embedding model that the match limit belongs to; min_match_score: [cosine].

    second_chip_band: when the first probe chip's score lies nearer to the limit than this, the second is embedded too
    [cosine]; *_eye_distance_px: least distance between the eyes [px].
    """

    model_sha256: str
    min_match_score: float
    second_chip_band: float
    min_probe_eye_distance_px: float
    min_reference_eye_distance_px: float

    def of_model(self, model_sha256: str, own_limit: float | None) -> "MatcherThresholds":
        """The limits for an embedding model: this file's when it names the model, else the model's own.

        Raises ValueError when there is neither: a limit of another model would admit anybody, or nobody.
        """
        if self.model_sha256 == model_sha256:
            return self
        if own_limit is None:
            raise ValueError(
                f"the match limit is for the embedding model {self.model_sha256[:12]}…, not for {model_sha256[:12]}…"
            )
        return replace(self, model_sha256=model_sha256, min_match_score=own_limit)


def parse_thresholds(text: str) -> MatcherThresholds:
    """Read the file's text; raises ValueError when an entry has no value, run or reason, or no model is named."""
    raw = tomllib.loads(text)
    model = raw.get("comparison", {}).get("model_sha256")
    if not isinstance(model, str):
        raise ValueError("comparison.model_sha256 must name the embedding model that the limit belongs to")

    def value(section: str, name: str) -> float:
        entry = raw.get(section, {}).get(name)
        if not isinstance(entry, dict) or not {"value", "run", "reason"} <= set(entry):
            raise ValueError(f"{section}.{name} needs value, run and reason")
        return float(entry["value"])

    return MatcherThresholds(
        model,
        value("comparison", "min_match_score"),
        value("comparison", "second_chip_band"),
        value("probe", "min_eye_distance_px"),
        value("reference", "min_eye_distance_px"),
    )
