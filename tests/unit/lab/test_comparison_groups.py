"""Differences between groups: counts by brute force, intervals over people, claims that are refused."""

from pathlib import Path

import numpy as np
import pytest

from borderlight_lab.calibration.groups import Photographs, report_groups
from borderlight_lab.calibration.people_table import EmbeddingCache, is_people_table, read_people
from borderlight_lab.commands.calibrate_groups import sentences


def photographs(people: int, each: int = 3, closeness: float = 1.2, seed: int = 3) -> Photographs:
    """Two groups of equal size; the persons of `near` share a direction, so they resemble one another."""
    rng = np.random.default_rng(seed)
    persons = rng.normal(size=(people, 64))
    persons[::2] += closeness * rng.normal(size=64)
    vectors = np.repeat(persons, each, axis=0) + 0.4 * rng.normal(size=(people * each, 64))
    names = [f"p{k // each}" for k in range(people * each)]
    groups = ["near" if (k // each) % 2 == 0 else "far" for k in range(people * each)]
    images = [f"{k}.jpg" for k in range(people * each)]
    return Photographs(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), images, names, groups)


def test_counts_are_those_of_all_pairs() -> None:
    given = photographs(30)
    found = report_groups(given, 0.01, limit=0.5)
    scores = given.embeddings @ given.embeddings.T
    upper = np.triu(np.ones_like(scores, dtype=bool), 1)
    same = np.array(given.subjects)[:, None] == np.array(given.subjects)
    near = np.array(given.groups) == "near"
    within = near[:, None] & near
    (group,) = (one for one in found.groups if one.name == "near")
    assert group.fmr.trials == (upper & ~same & within).sum()
    assert group.fmr.count == (upper & ~same & within & (scores >= 0.5)).sum() > 0
    assert group.fnmr.trials == (upper & same & within).sum()
    assert group.fnmr.count == (upper & same & within & (scores < 0.5)).sum()
    assert found.overall.fmr.trials == (upper & ~same).sum()
    assert group.people == 15 and group.photographs == 45
    assert found.worst == "near"
    assert found.highest[0].score == pytest.approx(scores[upper & ~same].max(), abs=1e-4) and len(found.highest) == 20


def test_intervals_are_over_people_and_wider_than_over_pairs() -> None:
    few, many = (report_groups(photographs(n, each=6), 0.01, limit=0.5).groups[1].fmr for n in (16, 120))
    for one in (few, many):
        assert one.value is not None and one.lower is not None and one.upper is not None
        assert one.lower < one.value < one.upper
    assert few.value is not None and few.upper is not None
    independent = (few.value * (1 - few.value) / few.trials) ** 0.5
    assert few.upper - few.value > 2 * 1.96 * independent, "pairs that share a person are not independent"


def test_the_safe_limit_keeps_the_rate_in_every_group_and_says_what_it_costs() -> None:
    found = report_groups(photographs(160), 0.005)
    assert found.refused == () and found.safe_limit is not None and found.safe_fnmr is not None
    assert found.overall.fmr.upper is not None and found.overall.fmr.upper <= 0.005
    assert found.safe_limit > found.limit, "the worst group needs a stricter limit than all together"
    again = report_groups(photographs(160), 0.005, limit=found.safe_limit)
    assert all(one.fmr.upper is not None and one.fmr.upper <= 0.005 for one in again.groups)
    assert again.overall.fnmr == found.safe_fnmr


def test_a_claim_without_enough_pairs_is_refused() -> None:
    found = report_groups(photographs(20, each=2), 0.001)
    assert set(found.refused) == {"near", "far"} and found.safe_limit is None
    assert any("No claim for far, near" in line and "3,000" in line for line in sentences(found))


def test_no_ratio_to_a_group_without_a_false_match() -> None:
    found = report_groups(photographs(60, closeness=2.0), 0.01, limit=0.62)
    assert 0 in [one.fmr.count for one in found.groups] and found.ratio is None
    assert found.worst == "near"


def test_one_person_alone_is_no_calibration() -> None:
    with pytest.raises(ValueError, match="both needed"):
        report_groups(photographs(1), 0.01)


def test_embeddings_are_kept_between_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "people.csv"
    table.write_text("image,subject,sex,tone\na.jpg,x,f,dark\nb.jpg,y,,\n")
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    assert is_people_table(table)
    people = read_people(table)
    assert [one.group for one in people] == ["f dark", ""]
    asked: list[str] = []

    def embed(
        paths: list[Path], workers: int | None, advance: object
    ) -> list[tuple[np.ndarray | None, tuple[str, ...]]]:
        asked.extend(path.name for path in paths)
        return [(np.full(4, 0.5), ()) if path.name == "a.jpg" else (None, ("refused",)) for path in paths]

    monkeypatch.setattr("borderlight_lab.calibration.people_table.embed_pictures", embed)
    paths = [tmp_path / one.image for one in people]
    for model in ("m", "m", "another"):
        first, second = EmbeddingCache(tmp_path / "cache.npz", model).read(paths, 1, lambda: None)
        assert first is not None and np.allclose(first, 0.5) and second is None
    assert asked == ["a.jpg", "b.jpg"] * 2, "once per model"
