"""Limits of the liveness judgement for a requested share of honest captures that may be lost.

Every limit is put at a low quantile of honest captures, times a margin, never between honest and attack. The share is
divided evenly over the limits, so that together they lose at most what was asked for (Bonferroni). Whether that holds
on people who were not used is measured by leaving one identity out at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from borderlight_lab.evaluation.scoring import Judged
from borderlight_lab.evaluation.statistics import rate


@dataclass(frozen=True)
class Limit:
    """A limit of thresholds.toml and where its measured value stands in the reported evidence.

    floor: calibration never goes below it, however poor the honest captures: pictures of faces have come near it.
    """

    section: str
    name: str
    field: str
    floor: float

    def value(self, item: Judged) -> float | None:
        """The measured value, None when the capture never got that far."""
        evidence: dict[str, Any] | None = item.answer["liveness"]["evidence"].get(self.section)
        if evidence is None:
            return None
        found = evidence.get(self.field, evidence["details"].get(self.field))
        return None if found is None else float(found)


LIMITS = (
    Limit("challenge_match", "min_z", "value", 4.0),
    Limit("challenge_match", "min_correlation", "correlation", 0.78),
    Limit("diffuse_reflection", "min_evenness", "value", 0.25),
    Limit("own_reflectance", "min_carried", "value", 0.30),
    Limit("relief", "min_amplitude", "lower", 0.10),
    Limit("relief", "min_flat_amplitude", "flat_amplitude", 0.12),
)


_LOSSES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.45)


class TooFewCaptures(ValueError):
    """Calibration needs honest captures of several identities."""


@dataclass(frozen=True)
class Calibration:
    """limits: (section, name) → value; lowest: the lowest honest value of each; the rest are cross-validated counts as
    JSON."""

    limits: dict[tuple[str, str], float]
    lowest: dict[tuple[str, str], float]
    requested_loss: float
    margin: float
    identities: int
    honest: dict[str, float] | None
    attacks: dict[str, dict[str, float] | None]


def _fit(honest: Sequence[Judged], loss: float, margin: float) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for limit in LIMITS:
        values = [value for item in honest if (value := limit.value(item)) is not None]
        if values:
            low = float(np.quantile(values, loss / len(LIMITS)))
            found[limit.section, limit.name] = max(low * margin, limit.floor)
    return found


def _lowest(honest: Sequence[Judged]) -> dict[tuple[str, str], float]:
    found = {limit: [v for item in honest if (v := limit.value(item)) is not None] for limit in LIMITS}
    return {(limit.section, limit.name): min(values) for limit, values in found.items() if values}


def _passes(item: Judged, limits: dict[tuple[str, str], float]) -> bool:
    """Every calibrated limit kept, and no evidence that speaks for an attack."""
    evidence: dict[str, dict[str, Any]] = item.answer["liveness"]["evidence"]
    if any(entry["finding"] == "supports_attack" for entry in evidence.values()):
        return False
    for limit in LIMITS:
        value = limit.value(item)
        wanted = limits.get((limit.section, limit.name))
        if value is None or wanted is None or value < wanted:
            return False
    return True


def _within(items: Sequence[Judged], brightest_lx: float) -> list[Judged]:
    """Attacks, and honest captures in light in which the screen can be seen."""
    return [i for i in items if i.label == "attack" or float(i.truth.get("ambient_lx") or 0.0) <= brightest_lx]


def calibrate_liveness(
    items: Sequence[Judged], loss: float, margin: float = 0.75, brightest_lx: float = 500.0
) -> Calibration:
    """Fit on all, measure with one identity left out at a time. Raises TooFewCaptures, ValueError.

    Honest captures in more than `brightest_lx` are not used: there the right answer is `inconclusive`, and limits that
    admit them would measure noise.
    """
    items = _within(items, brightest_lx)
    if not 0.0 < loss < 0.5:
        raise ValueError("the share of honest captures that may be lost lies between 0 and 0.5")
    honest = [item for item in items if item.label == "bona_fide"]
    identities = sorted({str(item.truth.get("subject")) for item in items})
    if len({str(item.truth.get("subject")) for item in honest}) < 3 or len(honest) < 10:
        raise TooFewCaptures("needs at least 10 honest captures of 3 identities")
    passed: dict[int, bool] = {}
    for left_out in identities:
        rest = [item for item in honest if str(item.truth.get("subject")) != left_out]
        limits = _fit(rest, loss, margin)
        for number, item in enumerate(items):
            if str(item.truth.get("subject")) == left_out:
                passed[number] = _passes(item, limits)
    honest_lost = [not passed[n] for n, item in enumerate(items) if item.label == "bona_fide"]
    by_species: dict[str, list[bool]] = {}
    for number, item in enumerate(items):
        if item.label == "attack":
            by_species.setdefault(item.species, []).append(passed[number])
    lost = rate(sum(honest_lost), len(honest_lost))
    attacks = {name: rate(sum(hits), len(hits)) for name, hits in sorted(by_species.items())}
    return Calibration(
        limits=_fit(honest, loss, margin),
        lowest=_lowest(honest),
        requested_loss=loss,
        margin=margin,
        identities=len(identities),
        honest=None if lost is None else lost.to_json(),
        attacks={name: None if found is None else found.to_json() for name, found in attacks.items()},
    )


def worst_species(found: Calibration) -> tuple[str, dict[str, float]] | None:
    """(species, rate) of the attack that passes most often, cross-validated; None without attacks."""
    tried = [(name, rate) for name, rate in found.attacks.items() if rate is not None]
    return max(tried, key=lambda item: item[1]["rate"]) if tried else None


def calibrate_for_apcer(
    items: Sequence[Judged], apcer: float, margin: float = 0.75, brightest_lx: float = 500.0
) -> Calibration:
    """The mildest limits at which the worst species passes, cross-validated, no more often than `apcer`.

    Raises TooFewCaptures, ValueError, and LookupError when stricter limits would lose half of the honest captures.
    """
    if not 0.0 <= apcer < 0.5:
        raise ValueError("the requested APCER lies between 0 and 0.5")
    if not any(item.label == "attack" for item in items):
        raise TooFewCaptures("needs attacks to calibrate for an APCER")
    tightest = ""
    for loss in _LOSSES:
        found = calibrate_liveness(items, loss, margin, brightest_lx)
        worst = worst_species(found)
        if worst is not None and worst[1]["rate"] <= apcer:
            return found
        if worst is not None:
            tightest = f"{worst[0]} still passes in {100 * worst[1]['rate']:.1f} % at a loss of {100 * loss:g} %"
    raise LookupError(f"no limits reach an APCER of {100 * apcer:g} %: {tightest}; see the evaluation of that species")


def thresholds_text(old: str, calibration: Calibration, run: str) -> str:
    """The thresholds file with the calibrated limits put in, every other line as it was."""
    section = ""
    lines: list[str] = []
    for line in old.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
        name = stripped.split("=", 1)[0].strip()
        value = calibration.limits.get((section, name))
        if value is not None and "=" in stripped:
            reason = (
                f"{calibration.margin:g} of the honest quantile "
                f"{100 * calibration.requested_loss / len(LIMITS):.2g} %, {calibration.identities} identities"
            )
            line = f'{name} = {{ value = {value:.4g}, run = "{run}", reason = "{reason}" }}'  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"
