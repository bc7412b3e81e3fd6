"""The evidences, one file each. A new one is a new file and a line here.

Each is a function of the measurement and the limits that answers: supports bona fide, supports attack, or cannot tell.
"""

from collections.abc import Callable

from liveness.domain.evidence import (
    background,
    challenge_match,
    corneal_glint,
    diffuse_reflection,
    lag,
    own_reflectance,
    recording,
    relief,
    sensor_rows,
)
from liveness.domain.finding import Evidence
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

ALL: tuple[Callable[[Measurement, Thresholds], Evidence], ...] = (
    challenge_match.assess,
    lag.assess,
    diffuse_reflection.assess,
    own_reflectance.assess,
    relief.assess,
    background.assess,
    sensor_rows.assess,
    corneal_glint.assess,
    recording.assess,
)
