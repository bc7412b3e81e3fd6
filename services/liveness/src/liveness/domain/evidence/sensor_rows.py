"""Did a sensor read the picture row by row?

A rolling shutter reads one border of the frame some milliseconds after the other, so a change of colour arrives with a
slope over the rows. A program that tints finished frames changes all rows at once. Support only: sensors with a global
or very fast shutter show no slope either, and an injection that knows of this test can imitate one.
"""

from liveness.domain.finding import Evidence, Finding
from liveness.domain.measurement import Measurement
from liveness.domain.thresholds import Thresholds

NAME = "sensor_rows"


def assess(measured: Measurement, limits: Thresholds) -> Evidence:
    """Readout over the frame along the axis that shows it best [ms]."""
    limit = limits.get(NAME, "min_readout_ms")
    delay = measured.row_delay
    if delay is None:
        return Evidence(
            NAME, Finding.CANNOT_TELL, 0.0, -60.0, 60.0, limit, "ms", False,
            "The delay between the rows could not be measured.",
        )  # fmt: skip
    readout = abs(delay.readout_ms)
    lower, upper = readout - 3.0 * delay.error, readout + 3.0 * delay.error
    shown = lower >= limit and readout <= limits.get(NAME, "max_readout_ms")
    return Evidence(
        NAME, Finding.SUPPORTS_BONA_FIDE if shown else Finding.CANNOT_TELL, readout, lower, upper, limit, "ms", False,
        "The rows were read one after another, as a sensor does." if shown else "No delay between the rows was seen.",
        details={"error": delay.error},
    )  # fmt: skip
