"""The hostile run's cases can be made again, and never break the run itself."""

import random

from borderlight_lab.hostile.mutations import mutated_bytes, mutated_json

DOCUMENT = {"a": [{"b": 1.0, "c": "x"}], "d": {"e": None}}


def test_cases_follow_from_their_seed() -> None:
    for make in (lambda r: mutated_json(DOCUMENT, r), lambda r: mutated_bytes(bytes(range(256)) * 8, r)):
        first, again = random.Random(3), random.Random(3)
        assert [make(first) for _ in range(500)] == [make(again) for _ in range(500)]


def test_cases_differ_and_stay_small() -> None:
    cases = {mutated_bytes(bytes(range(256)) * 8, random.Random(number)) for number in range(1000)}
    assert len(cases) > 900 and max(map(len, cases)) <= 4 * 2048 + 4096
    assert DOCUMENT == {"a": [{"b": 1.0, "c": "x"}], "d": {"e": None}}, "the good document stays good"
