"""What would pass without each evidence: the judgement's rule replayed on the reported findings."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from borderlight_lab.evaluation.scoring import Judged

NECESSARY = ("challenge_match", "lag", "diffuse_reflection", "own_reflectance", "relief", "continuity", "recording")


def _passes(item: Judged, without: str | None) -> bool:
    evidence: dict[str, dict[str, Any]] = item.answer["liveness"]["evidence"]
    kept = {name: entry["finding"] for name, entry in evidence.items() if name != without}
    if not kept or "supports_attack" in kept.values():
        return False
    return all(kept.get(name) == "supports_bona_fide" for name in NECESSARY if name != without)


def ablation(items: Sequence[Judged]) -> list[dict[str, Any]]:
    """One row per evidence, the first with all of them."""
    attacks = [item for item in items if item.label == "attack"]
    honest = [item for item in items if item.label == "bona_fide"]
    names: list[str | None] = [None]
    for item in items:
        names += [name for name in item.answer["liveness"]["evidence"] if name not in names]
    rows: list[dict[str, Any]] = []
    for name in names:
        passed = [item for item in attacks if _passes(item, name)]
        species = Counter(item.species for item in passed)
        rows.append(
            {
                "without": name or "(nothing)",
                "attacks": len(passed),
                "attack_total": len(attacks),
                "species": ", ".join(f"{key} {count}" for key, count in sorted(species.items())) or "-",
                "honest": sum(_passes(item, name) for item in honest),
                "honest_total": len(honest),
            }
        )
    return rows
