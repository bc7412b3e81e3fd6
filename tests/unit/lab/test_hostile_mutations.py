"""The hostile run's cases can be made again, and never break the run itself."""

import random

from borderlight_lab.hostile.mutations import mutated_bytes, mutated_json

DOCUMENT = {"a": [{"b": 1.0, "c": "x"}], "d": {"e": None}}


def test_cases_follow_from_their_seed() -> None:
    first, again = random.Random(3), random.Random(3)
    for _ in range(500):
        assert mutated_json(DOCUMENT, first) == mutated_json(DOCUMENT, again)
        content = bytes(range(256)) * 8
        assert mutated_bytes(content, first) == mutated_bytes(content, again)


def test_cases_differ_and_stay_small() -> None:
    cases = {mutated_bytes(bytes(range(256)) * 8, random.Random(number)) for number in range(1000)}
    assert len(cases) > 900 and max(map(len, cases)) <= 4 * 2048 + 4096
    assert DOCUMENT == {"a": [{"b": 1.0, "c": "x"}], "d": {"e": None}}, "the good document stays good"
