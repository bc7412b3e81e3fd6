"""The policy as data, and the absolute rules."""

from pathlib import Path

import pytest

import decision
from decision.domain.policy import PolicyRefused, broken_rule, every_case, parse_policy, policy_set

TEXT = (Path(decision.__file__).parent / "policy.toml").read_text()
SOUND = {"liveness": "bona_fide", "comparison": "match", "document": "usable"}


def test_the_shipped_policy_admits_only_what_is_sound() -> None:
    policy = parse_policy(TEXT)
    cases = list(every_case())
    assert len(cases) == 4 * 4 * 3 * 2 * 2
    for facts in cases:
        outcome, _ = policy.decide(facts)
        assert (outcome == "admit") == all(facts[name] == value for name, value in SOUND.items())
        assert broken_rule(facts, outcome) is None


def test_worse_evidence_never_improves_the_outcome() -> None:
    policy = parse_policy(TEXT)
    rank = {"refer": 0, "retake": 1, "admit": 2}
    worse = {
        "liveness": {"bona_fide": ("inconclusive", "attack", "missing"), "inconclusive": ("attack", "missing")},
        "comparison": {"match": ("inconclusive", "non_match", "missing"), "inconclusive": ("non_match", "missing")},
        "document": {"usable": ("none", "expired")},
    }
    for facts in every_case():
        before = rank[policy.decide(facts)[0]]
        for name, steps in worse.items():
            for value in steps.get(str(facts[name]), ()):
                assert rank[policy.decide({**facts, name: value})[0]] <= before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('liveness = ["bona_fide"], comparison', 'liveness = ["bona_fide", "missing"], comparison'), "refer|admit"),
        (('when = { comparison = ["non_match"] }\nthen = "refer"', 'when = {}\nthen = "admit"'), "admit needs"),
        (('liveness = ["attack"] }\nthen = "refer"', 'liveness = ["attack"] }\nthen = "retake"'), "never gets"),
        (('then = "admit"', 'then = "refuse"'), "not an outcome"),
        (("liveness = [\"attack\"]", 'mood = ["bad"]'), "unknown facts"),
        (("liveness = [\"attack\"]", 'liveness = ["fraud"]'), "cannot be"),
        (('expect = "admit"', 'expect = "refer"'), "expected refer"),
        (("[policy]", "[politics]"), "cannot be read"),
    ],
)  # fmt: skip
def test_a_policy_that_breaks_a_rule_does_not_load(change: tuple[str, str], words: str) -> None:
    text = TEXT.replace(*change)
    assert text != TEXT
    if words == "refer|admit":  # missing never reaches R06: an earlier rule refers it, so this change is harmless
        parse_policy(text)
        return
    with pytest.raises(PolicyRefused, match=words):
        parse_policy(text)


def test_every_policy_of_a_set_is_proven_and_has_an_id_of_its_own() -> None:
    with pytest.raises(PolicyRefused, match="share an id"):
        policy_set(TEXT, [TEXT])
    unsound = TEXT.replace('id = "default"', 'id = "kiosk"').replace(
        'comparison = ["match"]', 'comparison = ["missing"]'
    )
    with pytest.raises(PolicyRefused):
        policy_set(TEXT, [unsound])
    unknown = policy_set(TEXT, []).chosen("kiosk")
    assert {unknown.decide(facts)[0] for facts in every_case()} == {"refer"}
