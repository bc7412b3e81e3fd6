"""Count outcomes per label and species. Truth is read here and nowhere in the detector."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from borderlight_lab.evaluation.statistics import Rate, rate


@dataclass(frozen=True)
class Judged:
    """One answer beside its truth."""

    bundle: Path
    answer: dict[str, Any]
    truth: dict[str, Any]

    @property
    def species(self) -> str:
        return str(self.truth.get("species") or self.truth.get("label") or "unlabelled")

    @property
    def liveness(self) -> str:
        return str(self.answer["liveness"]["outcome"])


def with_truth(bundle: Path, answer: dict[str, Any]) -> Judged:
    path = bundle / "truth.json"
    return Judged(bundle, answer, json.loads(path.read_text()) if path.is_file() else {})


def _rate_json(found: Rate | None) -> dict[str, float] | None:
    return None if found is None else found.to_json()


def score(judged: Iterable[Judged]) -> dict[str, Any]:
    """The whole report as JSON: APCER and APNRR per species and the worst, BPCER, BPNRR, IAPAR, comparison counts."""
    items = list(judged)
    by_species: dict[str, list[Judged]] = defaultdict(list)
    for item in items:
        by_species[item.species].append(item)
    species: dict[str, Any] = {}
    for name, group in sorted(by_species.items()):
        label = str(group[0].truth.get("label", "unlabelled"))
        liveness = Counter(item.liveness for item in group)
        entry = Counter(str(item.answer["outcome"]) for item in group)
        row: dict[str, Any] = {"label": label, "n": len(group), "liveness": dict(liveness), "entry": dict(entry)}
        if label == "attack":
            row["apcer"] = _rate_json(rate(liveness["bona_fide"], len(group)))
            row["apnrr"] = _rate_json(rate(liveness["inconclusive"], len(group)))
            row["iapar"] = _rate_json(rate(entry["admit"], len(group)))
        elif label == "bona_fide":
            row["bpcer"] = _rate_json(rate(liveness["attack"], len(group)))
            row["bpnrr"] = _rate_json(rate(liveness["inconclusive"], len(group)))
        species[name] = row
    attacks = {name: row["apcer"]["rate"] for name, row in species.items() if row["label"] == "attack"}
    honest = [item for item in items if item.truth.get("label") == "bona_fide"]
    mated = Counter(str(i.answer["comparison"]["outcome"]) for i in honest if i.truth.get("mated") is True)
    other = Counter(str(i.answer["comparison"]["outcome"]) for i in honest if i.truth.get("mated") is False)
    return {
        "schema": "borderlight.evaluation/1",
        "bundles": len(items),
        "errors": sum(item.answer["outcome"] == "error" for item in items),
        "species": species,
        "worst_apcer": None
        if not attacks
        else {"species": max(attacks, key=lambda k: attacks[k]), "rate": max(attacks.values())},
        "comparison": {"mated": dict(mated), "non_mated": dict(other)},
        "not_admitted_honest": [
            {
                "bundle": item.bundle.name,
                "outcome": item.answer["outcome"],
                "reasons": item.answer["reasons"],
                "ambient_lx": item.truth.get("ambient_lx"),
                "mated": item.truth.get("mated"),
            }
            for item in honest
            if item.answer["outcome"] != "admit" and item.truth.get("mated") is not False
        ],
        "cpu_ms_mean": _mean_cpu(items),
    }


def _mean_cpu(items: list[Judged]) -> dict[str, float]:
    stages: dict[str, list[float]] = defaultdict(list)
    for item in items:
        for stage, value in item.answer["cpu_ms"].items():
            stages[stage].append(value)
    return {stage: round(sum(values) / len(values), 1) for stage, values in stages.items()}
