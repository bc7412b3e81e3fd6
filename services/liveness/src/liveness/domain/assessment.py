"""A judgement with the measurement it rests on."""

from dataclasses import dataclass

from liveness.domain.judgement import LivenessJudgement, judge
from liveness.domain.measurement import Measurement, measure
from liveness.domain.series import CaptureSeries
from liveness.domain.thresholds import Thresholds


@dataclass(frozen=True)
class Assessment:
    """What is published, and what its explanation is drawn from."""

    judgement: LivenessJudgement
    measurement: Measurement


def assess_liveness(series: CaptureSeries, limits: Thresholds) -> Assessment:
    """Measure and judge; pure, and deterministic for equal captures."""
    measurement = measure(series)
    return Assessment(judge(measurement, limits), measurement)
