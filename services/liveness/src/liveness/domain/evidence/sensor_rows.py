"""Did a sensor read the picture row by row?

A rolling shutter reads one border of the frame some milliseconds after the other, so a change of colour arrives with a
slope over the rows. A program that tints finished frames changes all rows at once. Support only: sensors with a global
or very fast shutter show no slope either, and an injection that knows of this test can imitate one.
"""

from dataclasses import dataclass

from liveness.domain.finding import Evidence, Question, Reading
from liveness.domain.measurement import Measurement

_QUESTION = Question("sensor_rows", "ms", necessary=False)
_SURE = 3.0
"""Standard errors by which the readout must exceed the limit."""
_UNKNOWN_MS = 60.0
"""Bounds of a readout that could not be measured [ms]."""


@dataclass(frozen=True)
class Limits:
    """Least and greatest readout of a sensor over the frame [ms]."""

    min_readout_ms: float
    max_readout_ms: float


def assess(measured: Measurement, limits: Limits) -> Evidence:
    """Readout over the frame along the axis that shows it best [ms]."""
    delay, limit = measured.rows, limits.min_readout_ms
    if delay is None:
        unread = Reading(0.0, -_UNKNOWN_MS, _UNKNOWN_MS, limit)
        return _QUESTION.cannot_tell(unread, "The delay between the rows could not be measured.")
    readout = abs(delay.readout_ms)
    lower, upper = readout - _SURE * delay.error, readout + _SURE * delay.error
    reading = Reading(readout, lower, upper, limit, details={"error": delay.error})
    if lower >= limit and readout <= limits.max_readout_ms:
        return _QUESTION.supports(reading, "The rows were read one after another, as a sensor does.")
    return _QUESTION.cannot_tell(reading, "No delay between the rows was seen.")
