"""Error rates from answers and truth, in the words of ISO/IEC 30107-3. The detector never reads the truth."""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
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
    def label(self) -> str:
        return str(self.truth.get("label", "unlabelled"))

    @property
    def liveness(self) -> str:
        return str(self.answer["liveness"]["outcome"])

    @property
    def liveness_score(self) -> float | None:
        return self.answer["liveness"].get("score")

    @property
    def entry(self) -> str:
        return str(self.answer["outcome"])


def with_truth(bundle: Path, answer: dict[str, Any]) -> Judged:
    """The answer beside the bundle's truth.json; unlabelled when there is none."""
    path = bundle / "truth.json"
    return Judged(bundle, answer, json.loads(path.read_text()) if path.is_file() else {})


def _json(found: Rate | None) -> dict[str, float] | None:
    return None if found is None else found.to_json()


def _band(value: object, edges: Sequence[float], unit: str) -> str | None:
    if not isinstance(value, int | float):
        return None
    for low, high in itertools.pairwise(edges):
        if value < high:
            return f"{low:g}-{high:g} {unit}".strip()
    return f"from {edges[-1]:g} {unit}".strip()


GROUPS: dict[str, Callable[[Judged], str | None]] = {
    "skin tone": lambda item: item.truth.get("skin_tone"),
    "ambient on the face": lambda item: _band(item.truth.get("ambient_lx"), (0, 100, 300, 500, 1000), "lx"),
    "screen over ambient": lambda item: _band(item.truth.get("screen_to_ambient"), (0, 0.05, 0.1, 0.3, 1), ""),
    "distance": lambda item: _band(item.truth.get("distance_m"), (0, 0.3, 0.4), "m"),
    "codec": lambda item: item.truth.get("codec") or item.truth.get("camera", {}).get("codec"),
    "exposure": lambda item: item.truth.get("exposure"),
}


def _species_row(group: Sequence[Judged]) -> dict[str, Any]:
    liveness = Counter(item.liveness for item in group)
    entry = Counter(item.entry for item in group)
    row: dict[str, Any] = {"label": group[0].label, "n": len(group), "liveness": dict(liveness), "entry": dict(entry)}
    if row["label"] == "attack":
        row["apcer"] = _json(rate(liveness["bona_fide"], len(group)))
        row["apnrr"] = _json(rate(liveness["inconclusive"], len(group)))
        row["iapar"] = _json(rate(entry["admit"], len(group)))
    elif row["label"] == "bona_fide":
        row["bpcer"] = _json(rate(liveness["attack"], len(group)))
        row["bpnrr"] = _json(rate(liveness["inconclusive"], len(group)))
    return row


def _honest_groups(honest: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, group_of in GROUPS.items():
        members: dict[str, list[Judged]] = defaultdict(list)
        for item in honest:
            key = group_of(item)
            if key is not None:
                members[str(key)].append(item)
        if members:
            found[name] = {
                key: {
                    "n": len(items),
                    "bpcer": _json(rate(sum(i.liveness == "attack" for i in items), len(items))),
                    "bpnrr": _json(rate(sum(i.liveness == "inconclusive" for i in items), len(items))),
                }
                for key, items in sorted(members.items())
            }
    return found


def score(judged: Iterable[Judged]) -> dict[str, Any]:
    """The whole report as JSON. A species or group without attempts is absent, never 0 %.

    RIAPAR: the worst species' IAPAR plus the false reject rate of mated honest captures (ISO/IEC 30107-3:2023).
    """
    items = list(judged)
    by_species: dict[str, list[Judged]] = defaultdict(list)
    for item in items:
        by_species[item.species].append(item)
    species = {name: _species_row(group) for name, group in sorted(by_species.items())}
    attacks = {name: row for name, row in species.items() if row["label"] == "attack"}
    honest = [item for item in items if item.label == "bona_fide"]
    mated = [item for item in honest if item.truth.get("mated") is not False]
    rejected = rate(sum(item.entry != "admit" for item in mated), len(mated))
    worst = max(attacks, key=lambda name: attacks[name]["apcer"]["rate"], default=None)
    worst_entry = max((row["iapar"]["rate"] for row in attacks.values()), default=None)
    return {
        "schema": "borderlight.evaluation/2",
        "bundles": len(items),
        "errors": sum(item.entry == "error" for item in items),
        "species": species,
        "worst_apcer": None if worst is None else {"species": worst, "rate": attacks[worst]["apcer"]["rate"]},
        "false_reject": _json(rejected),
        "riapar": None if worst_entry is None or rejected is None else round(worst_entry + rejected.value, 5),
        "honest_groups": _honest_groups(honest),
        "comparison": {
            "mated": dict(Counter(str(i.answer["comparison"]["outcome"]) for i in mated)),
            "non_mated": dict(
                Counter(str(i.answer["comparison"]["outcome"]) for i in honest if i.truth.get("mated") is False)
            ),
        },
        "comparison_limits": _limits(items),
        "not_admitted_honest": [_failure(item) for item in mated if item.entry != "admit"],
        "accepted_attacks": [_failure(i) for i in items if i.label == "attack" and i.liveness == "bona_fide"],
        "cpu_ms_mean": _mean_cpu(items),
    }


def _failure(item: Judged) -> dict[str, Any]:
    return {
        "bundle": item.bundle.name,
        "species": item.species,
        "outcome": item.entry,
        "liveness": item.liveness,
        "reasons": item.answer["reasons"],
        "ambient_lx": item.truth.get("ambient_lx"),
        "subject": item.truth.get("subject"),
    }


def _limits(items: Sequence[Judged]) -> str | None:
    """Name of the thresholds file that the comparison used instead of the shipped one."""
    names = {name for item in items if (name := item.answer.get("comparison_limits")) is not None}
    return ", ".join(sorted(names)) or None


def _mean_cpu(items: list[Judged]) -> dict[str, float]:
    stages: dict[str, list[float]] = defaultdict(list)
    for item in items:
        for stage, value in item.answer["cpu_ms"].items():
            stages[stage].append(value)
    return {stage: round(sum(values) / len(values), 1) for stage, values in stages.items()}
