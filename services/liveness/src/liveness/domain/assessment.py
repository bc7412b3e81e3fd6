"""A judgement with the measurement it rests on."""

from dataclasses import dataclass

from borderlight.contracts.challenge.schedule import ColourSchedule
from liveness.domain.finding import LivenessJudgement
from liveness.domain.measurement import Measurement


@dataclass(frozen=True)
class Assessment:
    """What is published, and what its explanation is drawn from."""

    judgement: LivenessJudgement
    measurement: Measurement
    schedule: ColourSchedule
