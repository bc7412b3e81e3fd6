"""The policy as data, and the absolute rules that no policy may break.

1. `admit` needs `bona_fide`, `match` and a usable document. 2. Missing evidence never admits. 3. There is no refusal.
4. An attack or another face is never answered with `retake` (it would be a free oracle). 5. A document whose own proof
speaks against it is neither admitted nor asked for another capture. 6. A worse fact never improves the outcome.
Loading a policy evaluates every combination of facts, so this is a proof and not a sample.
"""

import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, str | bool]
FACTS: dict[str, tuple[str | bool, ...]] = {
    "liveness": ("bona_fide", "attack", "inconclusive", "missing"),
    "comparison": ("match", "non_match", "inconclusive", "missing"),
    "document": ("usable", "none", "expired"),
    "attempts_left": (True, False),
    "advice": (True, False),
    "freshness": ("live", "deadline_only", "late"),
    "channel": ("device", "unknown", "made"),
    "authenticity": (
        "authentic", "not_checked", "not_signed", "issuer_unknown", "expired_signer", "revoked", "hash_differs",
        "signature_invalid",
    ),
}  # fmt: skip
WHEN_NOT_TOLD: Facts = {"freshness": "late", "channel": "unknown", "authenticity": "not_checked"}
"""What a fact counts as that nobody stated: never the best."""
CONTRADICTED = ("revoked", "hash_differs", "signature_invalid")
"""Proof was handed in with the document, and it proves the contrary."""
WORSE: dict[str, dict[str, tuple[str, ...]]] = {
    "liveness": {"bona_fide": ("inconclusive", "attack", "missing"), "inconclusive": ("attack", "missing")},
    "comparison": {"match": ("inconclusive", "non_match", "missing"), "inconclusive": ("non_match", "missing")},
    "document": {"usable": ("none", "expired")},
    "freshness": {"live": ("deadline_only",), "deadline_only": ("late",)},
    "channel": {"device": ("unknown",), "unknown": ("made",)},
    "authenticity": {
        "authentic": ("not_checked", "not_signed", "issuer_unknown", "expired_signer"),
        **dict.fromkeys(("not_checked", "not_signed", "issuer_unknown", "expired_signer"), CONTRADICTED),
    },
}
"""Which values of a fact are worse than which."""
_RANK = {"refer": 0, "retake": 1, "admit": 2}
UNKNOWN = "unknown"
"""Version of a policy that was named and is not there."""
OUTCOMES = ("admit", "refer", "retake")


class PolicyRefused(ValueError):
    """The policy breaks an absolute rule or cannot be read."""


@dataclass(frozen=True)
class Rule:
    """First match decides; `when` lists the accepted values of each named fact."""

    rule_id: str
    when: Mapping[str, tuple[str | bool, ...]]
    then: str

    def matches(self, facts: Facts) -> bool:
        return all(facts[name] in values for name, values in self.when.items())


@dataclass(frozen=True)
class Policy:
    policy_id: str
    version: str
    rules: tuple[Rule, ...]
    max_attempts: int
    verdict_valid_for_s: int

    def decide(self, facts: Facts) -> tuple[str, str]:
        """(outcome, id of the rule); what no rule names is `refer`. Facts of `WHEN_NOT_TOLD` may be left out."""
        told = {**WHEN_NOT_TOLD, **facts}
        for rule in self.rules:
            if rule.matches(told):
                return rule.then, rule.rule_id
        return "refer", "no-rule"


@dataclass(frozen=True)
class PolicySet:
    """The default policy, and others by id that an agency may choose for a session."""

    default: Policy
    others: Mapping[str, Policy]

    def chosen(self, policy_id: str | None) -> Policy:
        """The policy of a session; one that nobody knows has no rules, so it refers to an officer."""
        if policy_id is None or policy_id == self.default.policy_id:
            return self.default
        unknown = Policy(policy_id, UNKNOWN, (), self.default.max_attempts, self.default.verdict_valid_for_s)
        return self.others.get(policy_id, unknown)


def every_case() -> Iterator[Facts]:
    """All combinations of facts."""
    for values in itertools.product(*FACTS.values()):
        yield dict(zip(FACTS, values, strict=True))


def broken_rule(facts: Facts, outcome: str) -> str | None:
    """Which absolute rule `outcome` breaks for `facts`, or None."""
    if outcome not in OUTCOMES:
        return f"{outcome!r} is not an outcome"
    sound = facts["liveness"] == "bona_fide" and facts["comparison"] == "match" and facts["document"] == "usable"
    if outcome == "admit" and not sound:
        return "admit needs bona_fide, match and a usable document"
    if outcome == "retake" and (facts["liveness"] == "attack" or facts["comparison"] == "non_match"):
        return "an attack or another face never gets a retake"
    if outcome == "retake" and not facts["attempts_left"]:
        return "no attempts are left"
    if outcome != "refer" and facts["authenticity"] in CONTRADICTED:
        return "a document that its own proof contradicts is referred"
    return None


def _prove(policy: Policy) -> None:
    """Every combination of facts against the absolute rules; raises PolicyRefused with the first that breaks one."""
    outcomes: dict[tuple[str | bool, ...], str] = {}
    for facts in every_case():
        outcome, rule_id = policy.decide(facts)
        broken = broken_rule(facts, outcome)
        if broken:
            raise PolicyRefused(f"rule {rule_id}: {broken} ({dict(facts)})")
        outcomes[tuple(facts.values())] = outcome
    places = {name: place for place, name in enumerate(FACTS)}
    for case, outcome in outcomes.items():
        for name, steps in WORSE.items():
            place = places[name]
            for worse in steps.get(str(case[place]), ()):
                if _RANK[outcomes[*case[:place], worse, *case[place + 1 :]]] > _RANK[outcome]:
                    facts = dict(zip(FACTS, case, strict=True))
                    raise PolicyRefused(f"{name} {worse} is answered better than {case[place]} ({facts})")


def _rule(raw: Mapping[str, Any]) -> Rule:
    unknown = set(raw["when"]) - set(FACTS)
    if unknown:
        raise PolicyRefused(f"rule {raw['id']}: unknown facts {sorted(unknown)}")
    for name, values in raw["when"].items():
        strange = [value for value in values if value not in FACTS[name]]
        if strange:
            raise PolicyRefused(f"rule {raw['id']}: {name} cannot be {strange}")
    return Rule(raw["id"], {name: tuple(values) for name, values in raw["when"].items()}, raw["then"])


def policy_set(default: str, others: Iterable[str]) -> PolicySet:
    """Read and prove every policy; raises PolicyRefused, also when two share an id."""
    first, rest = parse_policy(default), [parse_policy(text) for text in others]
    found = {policy.policy_id: policy for policy in rest}
    if len(found) < len(rest) or first.policy_id in found:
        raise PolicyRefused("two policies share an id")
    return PolicySet(first, found)


def parse_policy(text: str) -> Policy:
    """Read and prove a policy; raises PolicyRefused."""
    try:
        raw = tomllib.loads(text)
        head = raw["policy"]
        policy = Policy(
            head["id"], head["version"], tuple(_rule(rule) for rule in raw["rule"]), int(head["max_attempts"]),
            int(head["verdict_valid_for_s"]),
        )  # fmt: skip
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise PolicyRefused(f"the policy cannot be read: {error!r}") from error
    _prove(policy)
    for example in raw.get("example", []):
        outcome, rule_id = policy.decide(example["given"])
        if outcome != example["expect"]:
            raise PolicyRefused(f"example {example['given']}: {rule_id} gives {outcome}, expected {example['expect']}")
    return policy
