"""Error rates on what flatters."""

from pathlib import Path
from typing import Any

import pytest

from borderlight_lab.evaluation.scoring import Judged, score
from borderlight_lab.evaluation.statistics import rate


def test_no_attempt_is_no_rate() -> None:
    assert rate(0, 0) is None


@pytest.mark.parametrize(
    ("count", "trials", "lower", "upper"),
    [(0, 150, 0.0, 0.02429), (0, 50, 0.0, 0.07112), (5, 50, 0.03327, 0.21814), (50, 50, 0.92888, 1.0)],
)
def test_clopper_pearson_as_published(count: int, trials: int, lower: float, upper: float) -> None:
    found = rate(count, trials)
    assert found is not None
    assert (found.lower, found.upper) == (pytest.approx(lower, abs=5e-5), pytest.approx(upper, abs=5e-5))


def judged(species: str, label: str, liveness: str, entry: str = "refer") -> Judged:
    answer: dict[str, Any] = {
        "outcome": entry, "reasons": [], "liveness": {"outcome": liveness, "score": 0.4},
        "comparison": {"outcome": "match"}, "cpu_ms": {"liveness": 1.0},
    }  # fmt: skip
    return Judged(Path("x"), answer, {"species": species, "label": label, "mated": True})


def test_rates_are_per_species_and_the_worst_counts() -> None:
    items = [judged("print_flat", "attack", "attack")] * 9 + [judged("print_flat", "attack", "bona_fide")]
    items += [judged("mask_rigid", "attack", "bona_fide")] * 2
    items += [judged("bona_fide", "bona_fide", "bona_fide", "admit")] * 7
    items += [judged("bona_fide", "bona_fide", "attack"), judged("bona_fide", "bona_fide", "inconclusive")]
    report = score(items)
    assert report["species"]["print_flat"]["apcer"]["rate"] == pytest.approx(0.1)
    assert report["worst_apcer"] == {"species": "mask_rigid", "rate": 1.0}
    assert report["species"]["bona_fide"]["bpcer"]["rate"] == pytest.approx(1 / 9, abs=1e-5)
    assert report["species"]["bona_fide"]["bpnrr"]["count"] == 1
    assert "screen_photo" not in report["species"]
