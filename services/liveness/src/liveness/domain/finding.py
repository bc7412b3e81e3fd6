"""The three answers an evidence can give, and the one a judgement gives."""

from dataclasses import dataclass, field
from enum import StrEnum


class Finding(StrEnum):
    """What one evidence says; `cannot_tell` is an answer of its own."""

    SUPPORTS_BONA_FIDE = "supports_bona_fide"
    SUPPORTS_ATTACK = "supports_attack"
    CANNOT_TELL = "cannot_tell"


class Outcome(StrEnum):
    """What the judgement says."""

    BONA_FIDE = "bona_fide"
    ATTACK = "attack"
    INCONCLUSIVE = "inconclusive"


class Advice(StrEnum):
    """What would help the capture subject; the page has words for each in every language."""

    TOO_BRIGHT = "capture.too_bright"
    LIGHT_AHEAD = "capture.light_ahead"
    TOO_FAR = "capture.too_far"
    TURNED = "capture.turned"
    MOVED = "capture.moved"
    COVERED = "capture.covered"
    SLOW_CAMERA = "capture.slow_camera"


@dataclass(frozen=True)
class Evidence:
    """One measured quantity and what it says.

    value, lower, upper: the measurement and its bounds; limit: the value it is held against (all in `unit`).
    necessary: without its support no capture is bona fide. margin: (value - limit) in units of the limit, positive
    towards bona fide. advice: most useful first.
    """

    name: str
    finding: Finding
    value: float
    lower: float
    upper: float
    limit: float
    unit: str
    necessary: bool
    meaning: str
    margin: float = 0.0
    advice: tuple[Advice, ...] = ()
    details: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class LivenessJudgement:
    """Outcome, reason codes, advice and the evidence they rest on; score: higher is more bona fide, in 0..1."""

    outcome: Outcome
    score: float
    reasons: tuple[str, ...]
    advice: tuple[Advice, ...]
    evidence: tuple[Evidence, ...]
