"""What an evidence is asked, what it read, and what it says."""

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
class Reading:
    """A measured value with its bounds, and the limit it is held against, in the unit of the question.

    margin: (value - limit) in units of the limit, positive towards bona fide; details: more figures for the record.
    """

    value: float
    lower: float
    upper: float
    limit: float
    margin: float = 0.0
    details: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Evidence:
    """One answer. necessary: without its support no capture is bona fide; advice: most useful first."""

    name: str
    unit: str
    necessary: bool
    finding: Finding
    reading: Reading
    meaning: str
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True)
class Question:
    """What an evidence asks; builds its three answers."""

    name: str
    unit: str
    necessary: bool

    def supports(self, reading: Reading, meaning: str) -> Evidence:
        """Speaks for a bona fide presentation."""
        return Evidence(self.name, self.unit, self.necessary, Finding.SUPPORTS_BONA_FIDE, reading, meaning)

    def against(self, reading: Reading, meaning: str, *advice: Advice) -> Evidence:
        """Speaks for an attack; advice: where the judgement does not follow."""
        return Evidence(self.name, self.unit, self.necessary, Finding.SUPPORTS_ATTACK, reading, meaning, advice)

    def cannot_tell(self, reading: Reading, meaning: str, *advice: Advice) -> Evidence:
        """Speaks for neither."""
        return Evidence(self.name, self.unit, self.necessary, Finding.CANNOT_TELL, reading, meaning, advice)
