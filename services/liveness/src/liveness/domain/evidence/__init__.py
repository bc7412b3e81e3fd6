"""The evidences, one file each. To add one: write its file and name it here; nothing else changes."""

from collections.abc import Callable

from liveness.domain.evidence import background, challenge_match, diffuse_reflection, lag, relief
from liveness.domain.finding import Evidence
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

ALL: tuple[Callable[[Measurement, Thresholds], Evidence], ...] = (
    challenge_match.assess,
    lag.assess,
    diffuse_reflection.assess,
    relief.assess,
    background.assess,
)
