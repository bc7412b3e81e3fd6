"""Limits fitted on identities and measured on others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import liveness
from borderlight_lab.calibration.liveness import (
    LIMITS,
    TooFewCaptures,
    calibrate_for_apcer,
    calibrate_liveness,
    thresholds_text,
    worst_species,
)
from borderlight_lab.evaluation.scoring import Judged
from liveness.domain.thresholds import parse_thresholds

TYPICAL = {"min_z": 10.0, "min_correlation": 0.95, "min_evenness": 0.6, "min_carried": 0.9, "min_amplitude": 0.5,
           "min_flat_amplitude": 0.6}  # fmt: skip


def capture(strength: float, subject: str, species: str = "bona_fide", lux: float = 100.0) -> Judged:
    """strength: how far every measured value stands from nothing, 1 = a typical honest capture."""
    evidence: dict[str, dict[str, Any]] = {}
    for limit in LIMITS:
        entry = evidence.setdefault(limit.section, {"finding": "supports_bona_fide", "details": {}})
        value = TYPICAL[limit.name] * strength
        (entry if limit.field in ("value", "lower") else entry["details"])[limit.field] = value
    label = "bona_fide" if species == "bona_fide" else "attack"
    truth = {"label": label, "species": species, "subject": subject, "ambient_lx": lux}
    return Judged(Path("x"), {"liveness": {"outcome": "bona_fide", "evidence": evidence}}, truth)


def honest(seed: int = 1) -> list[Judged]:
    chance = np.random.default_rng(seed)
    return [capture(float(chance.normal(1.0, 0.08)), f"s{n % 12}") for n in range(240)]


def prints(strength: float, count: int = 60) -> list[Judged]:
    chance = np.random.default_rng(2)
    return [capture(float(chance.normal(strength, 0.05)), f"s{n % 12}", "print_flat") for n in range(count)]


def test_the_asked_loss_is_kept_on_people_who_were_left_out() -> None:
    found = calibrate_liveness(honest(), 0.10, margin=1.0)
    assert found.honest is not None and found.identities == 12
    assert found.honest["lower"] <= 0.10 and 0.0 < found.honest["rate"] < 0.2


def test_a_harder_attack_costs_more_honest_captures() -> None:
    easy = calibrate_for_apcer([*honest(), *prints(0.6)], 0.05, margin=1.0)
    hard = calibrate_for_apcer([*honest(), *prints(0.75)], 0.05, margin=1.0)
    assert easy.requested_loss < hard.requested_loss
    for found in (easy, hard):
        worst = worst_species(found)
        assert worst is not None and worst[0] == "print_flat" and worst[1]["rate"] <= 0.05


def test_what_cannot_be_reached_is_said() -> None:
    with pytest.raises(LookupError, match="print_flat still passes"):
        calibrate_for_apcer([*honest(), *prints(1.3)], 0.05)
    with pytest.raises(TooFewCaptures, match="attacks"):
        calibrate_for_apcer(honest(), 0.05)
    with pytest.raises(TooFewCaptures):
        calibrate_liveness(honest()[:5], 0.05)


def test_bright_rooms_do_not_loosen_the_limits() -> None:
    blinded = [capture(0.1, f"s{n}", lux=5_000.0) for n in range(50)]
    assert calibrate_liveness([*honest(), *blinded], 0.05).limits == calibrate_liveness(honest(), 0.05).limits


def test_the_limits_are_written_where_the_engine_reads_them() -> None:
    old = (Path(liveness.__file__).parent / "thresholds.toml").read_text()
    found = calibrate_liveness(honest(), 0.05)
    new = parse_thresholds(thresholds_text(old, found, "kiosk"))
    for (section, name), value in found.limits.items():
        assert getattr(getattr(new, section), name) == pytest.approx(value, rel=1e-3)
    assert new.lag == parse_thresholds(old).lag
