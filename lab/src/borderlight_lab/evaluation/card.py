"""The performance card: one Markdown page out of evaluations that can be run again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from borderlight_lab.calibration.liveness import Calibration
from borderlight_lab.evaluation.ablation import ablation
from borderlight_lab.evaluation.challenge_tables import challenge_rows, splice_rows
from borderlight_lab.evaluation.page import percent
from borderlight_lab.evaluation.scoring import Judged, score

_TEMPLATE = Path(__file__).parent / "card.md.j2"
BRIGHTEST_LX = 500.0
PAIRS = 200_000
DRAWS = 400


@dataclass(frozen=True)
class CardSet:
    """One evaluated set: its title, what it is, its judged captures, and the cross-validation where there is one."""

    title: str
    about: str
    items: Sequence[Judged]
    calibration: Calibration | None = None


def _count(items: Sequence[Judged]) -> dict[str, int]:
    counted = Counter(item.liveness for item in items)
    return {"n": len(items), **{name: counted[name] for name in ("bona_fide", "attack", "inconclusive")}}


def _why(item: Judged) -> str:
    """The necessary evidences that did not speak for it, in the words of the judgement."""
    evidence: dict[str, dict[str, Any]] = item.answer["liveness"]["evidence"]
    weak = [entry["meaning"] for entry in evidence.values() if entry["finding"] == "supports_attack"]
    if not weak:
        necessary = [reason.removeprefix("liveness.").removesuffix("_unclear") for reason in item.answer["reasons"]]
        weak = [evidence[name]["meaning"] for name in necessary if name in evidence]
    return " ".join(weak) or ", ".join(item.answer["reasons"])


def _section(one: CardSet) -> dict[str, Any]:
    honest = [item for item in one.items if item.label == "bona_fide"]
    lit = [(item, item.truth.get("ambient_lx")) for item in honest]
    near = [item for item, lux in lit if lux is not None and lux <= BRIGHTEST_LX]
    tones: dict[str, list[Judged]] = {}
    for item in near:
        if item.truth.get("skin_tone"):
            tones.setdefault(str(item.truth["skin_tone"]), []).append(item)
    skin = ", ".join(f"{tone} {_count(group)['bona_fide']} of {len(group)}" for tone, group in sorted(tones.items()))
    section: dict[str, Any] = {
        "title": one.title,
        "about": one.about,
        "report": score(one.items),
        "ablation": ablation(one.items),
        "bright": _count(near) if near else None,
        "beyond": _count([item for item, lux in lit if lux is not None and lux > BRIGHTEST_LX]),
        "skin": skin,
        "failures": [
            {"bundle": i.bundle.name, "ambient_lx": i.truth.get("ambient_lx"), "liveness": i.liveness, "why": _why(i)}
            for i in honest
            if i.liveness != "bona_fide"
        ],
        "calibration": None,
    }
    if one.calibration is not None:
        rates = {name: found for name, found in one.calibration.attacks.items() if found is not None}
        which = ", ".join(f"{name} {found['count']:.0f}" for name, found in rates.items() if found["count"])
        section["calibration"] = {
            "honest": one.calibration.honest,
            "accepted": int(sum(found["count"] for found in rates.values())),
            "attempts": int(sum(found["trials"] for found in rates.values())),
            "which": f" ({which})" if which else "",
        }
    return section


def card(sets: Sequence[CardSet], version: str, thresholds: str, min_correlation: float, date: str) -> str:
    """The Markdown text."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=False)
    environment.globals["percent"] = percent  # type: ignore[assignment]
    return environment.from_string(_TEMPLATE.read_text()).render(
        sets=[_section(one) for one in sets], version=version, thresholds=thresholds, date=date,
        challenges=challenge_rows(min_correlation, PAIRS), splices=splice_rows(min_correlation, DRAWS),
        min_correlation=min_correlation,
    )  # fmt: skip
