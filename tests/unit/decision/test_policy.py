"""The policy as data, and the absolute rules."""

from pathlib import Path

import pytest

import decision
from decision.domain.policy import PolicyRefused, broken_rule, every_case, parse_policy, policy_set

FOLDER = Path(decision.__file__).parent
TEXT = (FOLDER / "policy.toml").read_text()
SOUND = {"liveness": ("bona_fide",), "comparison": ("match",), "document": ("usable",)}
NOT_CONTRADICTED = ("authentic", "not_checked", "not_signed", "issuer_unknown", "expired_signer")
ADMITTED: dict[str, dict[str, tuple[str, ...]]] = {
    "policy.toml": {**SOUND, "authenticity": NOT_CONTRADICTED},
    "policies/attended.toml": {
        **SOUND, "authenticity": NOT_CONTRADICTED, "freshness": ("live", "deadline_only"),
        "channel": ("device", "unknown"),
    },
    "policies/unattended.toml": {
        **SOUND, "authenticity": NOT_CONTRADICTED, "freshness": ("live",), "channel": ("device", "unknown"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ADMITTED)
def test_a_delivered_policy_admits_exactly_what_it_says(name: str) -> None:
    policy = parse_policy((FOLDER / name).read_text())
    cases = list(every_case())
    assert len(cases) == 4 * 4 * 3 * 2 * 2 * 3 * 3 * 8
    for facts in cases:
        outcome, _ = policy.decide(facts)
        assert (outcome == "admit") == all(facts[fact] in values for fact, values in ADMITTED[name].items())
        assert broken_rule(facts, outcome) is None


def test_a_fact_that_nobody_stated_is_never_the_best() -> None:
    policy = parse_policy((FOLDER / "policies/unattended.toml").read_text())
    sound = {
        "liveness": "bona_fide",
        "comparison": "match",
        "document": "usable",
        "attempts_left": True,
        "advice": False,
    }
    assert policy.decide(sound)[0] == "refer"
    assert policy.decide({**sound, "freshness": "live"})[0] == "admit"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('liveness = ["bona_fide"], comparison', 'liveness = ["bona_fide", "missing"], comparison'), "refer|admit"),
        (('when = { comparison = ["non_match"] }\nthen = "refer"', 'when = {}\nthen = "admit"'), "admit needs|own"),
        (('liveness = ["attack"] }\nthen = "refer"', 'liveness = ["attack"] }\nthen = "retake"'), "never gets"),
        (('then = "admit"', 'then = "refuse"'), "not an outcome"),
        (("liveness = [\"attack\"]", 'mood = ["bad"]'), "unknown facts"),
        (("liveness = [\"attack\"]", 'liveness = ["fraud"]'), "cannot be"),
        (('expect = "admit"', 'expect = "refer"'), "expected refer"),
        (('authenticity = ["revoked", "hash_differs", "sig', 'authenticity = ["revoked", "sig'), "own proof"),
        (('liveness = ["bona_fide"], comp', 'channel = ["made"], liveness = ["bona_fide"], comp'), "answered better"),
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
