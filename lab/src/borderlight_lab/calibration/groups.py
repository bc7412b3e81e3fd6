"""Differences between groups of people at one limit: all photographs against all, intervals by resampling people.

Pairs that share a person are not independent, so the intervals come from a bootstrap over subjects: a subject drawn
twice counts twice in every pair it is in (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Where that
says too little (few errors), the exact bound for independent pairs stands below it: the wider one is the interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

_CONFIDENCE = 0.95
_DRAWS = 400
_LISTED = 20
_CHUNK = 20_000
RULE_OF_THREE = 3.0
"""With no error among 3 / p trials, the 95 % bound is about p: fewer cannot support a claim of p."""


@dataclass(frozen=True)
class Photographs:
    """embeddings: [n, k] of unit length; images, subjects, groups: [n] names; "" is no group."""

    embeddings: np.ndarray
    images: Sequence[str]
    subjects: Sequence[str]
    groups: Sequence[str]


@dataclass(frozen=True)
class BoundedRate:
    """count of trials; lower, upper: bounds by resampled subjects [95 %, two-sided]; None without trials."""

    count: int
    trials: int
    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class GroupRates:
    """fmr: over non-mated pairs within the group; supports_claim: whether it has the 3 / FMR pairs a claim needs."""

    name: str
    people: int
    photographs: int
    fmr: BoundedRate
    fnmr: BoundedRate
    supports_claim: bool


@dataclass(frozen=True)
class ImpostorPair:
    image_a: str
    image_b: str
    subject_a: str
    subject_b: str
    score: float


@dataclass(frozen=True)
class GroupReport:
    """At one global limit.

    overall: all pairs; groups: one each; worst: the group with the highest FMR; ratio: its FMR over the geometric mean
    of all groups' (None when a group shows no false match: no ratio to a zero). safe_limit: the lowest limit at
    which every group's upper bound keeps the requested FMR, with what it costs in FNMR; None when some group cannot
    support the claim, named in `refused`. highest: the impostor pairs to look at for wrong labels.
    """

    limit: float
    requested_fmr: float
    overall: GroupRates
    groups: tuple[GroupRates, ...]
    worst: str | None
    ratio: float | None
    safe_limit: float | None
    safe_fnmr: BoundedRate | None
    refused: tuple[str, ...]
    highest: tuple[ImpostorPair, ...]


class _Members:
    """Scores of all pairs among some photographs: mated and non-mated, each with the numbers of their subjects."""

    def __init__(self, photographs: Photographs, chosen: np.ndarray) -> None:
        names, subject = np.unique(np.asarray(photographs.subjects)[chosen], return_inverse=True)
        self.people, self.count = len(names), len(chosen)
        self.sizes = np.bincount(subject, minlength=len(names)).astype(float)
        vectors = photographs.embeddings[chosen].astype(np.float32)
        first, second, scores = [], [], []
        mated_owner, mated_score = [], []
        for k in range(len(chosen) - 1):  # a row at a time: memory stays small
            row = vectors[k + 1 :] @ vectors[k]
            same = subject[k + 1 :] == subject[k]
            mated_score.append(row[same])
            mated_owner.append(np.full(int(same.sum()), subject[k]))
            scores.append(row[~same])
            first.append(np.full(int((~same).sum()), k, np.int32))
            second.append((np.flatnonzero(~same) + k + 1).astype(np.int32))
        joined = [np.concatenate(part) if part else np.zeros(0) for part in (first, second, scores)]
        order = np.argsort(-joined[2], kind="stable")
        self.first, self.second, self.non_mated = (part[order] for part in joined)
        self.subject = subject
        self.mated = np.concatenate(mated_score) if mated_score else np.zeros(0, np.float32)
        self.mated_owner = np.concatenate(mated_owner).astype(int) if mated_owner else np.zeros(0, int)
        draws = np.random.default_rng(20).multinomial(
            max(self.people, 1), np.full(max(self.people, 1), 1 / max(self.people, 1)), _DRAWS
        )
        self._weights = draws.astype(float)

    def false_matches(self, limit: float) -> int:
        return int(np.searchsorted(-self.non_mated, -limit, side="right"))

    def fmr(self, limit: float) -> BoundedRate:
        count, trials = self.false_matches(limit), len(self.non_mated)
        if not trials:
            return BoundedRate(0, 0, None, None, None)
        weighted = np.zeros(_DRAWS)
        for at in range(0, count, _CHUNK):
            until = min(at + _CHUNK, count)
            a, b = (self.subject[one[at:until].astype(int)] for one in (self.first, self.second))
            weighted += (self._weights[:, a] * self._weights[:, b]).sum(1)
        held = self._weights * self.sizes
        # Pairs of one subject with itself are no impostors, however often it was drawn.
        pairs = (held.sum(1) ** 2 - (held**2).sum(1)) / 2
        return _bounded(count, trials, weighted / np.maximum(pairs, 1.0))

    def fnmr(self, limit: float) -> BoundedRate:
        missed, trials = self.mated < limit, len(self.mated)
        if not trials:
            return BoundedRate(0, 0, None, None, None)
        false = np.bincount(self.mated_owner[missed], minlength=self.people)
        all_pairs = np.bincount(self.mated_owner, minlength=self.people)
        return _bounded(int(missed.sum()), trials, (self._weights @ false) / np.maximum(self._weights @ all_pairs, 1.0))

    def limit_for(self, fmr: float) -> float:
        """The lowest limit whose upper bound keeps `fmr`, by bisection over the impostors' ranks."""
        # `low` false matches keep it, if any number does; more than the rate itself never do.
        low, high = 0, min(len(self.non_mated) - 1, int(fmr * len(self.non_mated)) + 1)
        while low < high:
            middle = (low + high + 1) // 2
            upper = self.fmr(float(self.non_mated[middle - 1])).upper
            low, high = (middle, high) if upper is not None and upper <= fmr else (low, middle - 1)
        return float(np.nextafter(np.float32(self.non_mated[low]), np.float32(2.0)))


def _bounded(count: int, trials: int, resampled: np.ndarray) -> BoundedRate:
    tail = (1 - _CONFIDENCE) / 2
    exact_low = 0.0 if count == 0 else float(beta.ppf(tail, count, trials - count + 1))
    exact_high = 1.0 if count == trials else float(beta.ppf(1 - tail, count + 1, trials - count))
    low, high = np.quantile(resampled, (tail, 1 - tail))
    return BoundedRate(count, trials, count / trials, min(float(low), exact_low), max(float(high), exact_high))


def _rates(name: str, members: _Members, limit: float, fmr: float) -> GroupRates:
    enough = len(members.non_mated) >= RULE_OF_THREE / fmr
    return GroupRates(name, members.people, members.count, members.fmr(limit), members.fnmr(limit), enough)


def _highest(photographs: Photographs, members: _Members) -> tuple[ImpostorPair, ...]:
    first, second = (one[:_LISTED].astype(int).tolist() for one in (members.first, members.second))
    pairs: list[tuple[int, int]] = list(zip(first, second, strict=True))
    return tuple(
        ImpostorPair(
            photographs.images[a],
            photographs.images[b],
            photographs.subjects[a],
            photographs.subjects[b],
            round(float(score), 4),
        )
        for (a, b), score in zip(pairs, members.non_mated[:_LISTED], strict=True)
    )


def report_groups(photographs: Photographs, fmr: float, limit: float | None = None) -> GroupReport:
    """The report; limit: None takes the lowest one whose upper bound over all pairs keeps `fmr`. Raises ValueError."""
    if not 0.0 < fmr < 1.0:
        raise ValueError("the requested false match rate lies between 0 and 1")
    everybody = _Members(photographs, np.arange(len(photographs.subjects)))
    if not len(everybody.non_mated) or not len(everybody.mated):
        raise ValueError("mated and non-mated pairs are both needed: two photographs of a person, and two persons")
    chosen = everybody.limit_for(fmr) if limit is None else limit
    labels = np.asarray(photographs.groups)
    members = {str(name): _Members(photographs, np.flatnonzero(labels == name)) for name in sorted(set(labels) - {""})}
    groups = tuple(_rates(name, one, chosen, fmr) for name, one in members.items())
    counted = [one for one in groups if one.fmr.value is not None]
    worst = max(counted, key=lambda one: one.fmr.value or 0.0, default=None)
    values = [one.fmr.value or 0.0 for one in counted]
    ratio = None
    if worst is not None and worst.fmr.value is not None and min(values) > 0.0:
        ratio = worst.fmr.value / float(np.exp(np.mean(np.log(values))))
    refused = tuple(one.name for one in groups if not one.supports_claim)
    safe = None
    if groups and not refused:
        safe = max(everybody.limit_for(fmr), *(one.limit_for(fmr) for one in members.values()))
    return GroupReport(
        limit=round(float(chosen), 4),
        requested_fmr=fmr,
        overall=_rates("all", everybody, chosen, fmr),
        groups=groups,
        worst=None if worst is None else worst.name,
        ratio=ratio,
        safe_limit=None if safe is None else float(np.ceil(safe * 1e4) / 1e4),
        safe_fnmr=None if safe is None else everybody.fnmr(safe),
        refused=refused,
        highest=_highest(photographs, everybody),
    )
