"""The mean light of the face, frame by frame."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.series import CaptureSeries

MIN_USABLE_SHARE = 0.8
"""Mean unclipped share of a cell, 0..1, from which it counts as usable."""
_MIN_CELLS = 60
"""With fewer usable cells of 720 all cells inside the mesh are taken: a poor mean is still a mean."""
DARKEST = 1e-5
"""Radiance below this is rounding of half-precision storage [share of full scale]."""


@dataclass(frozen=True)
class FaceLight:
    """cells: those that the mean is over; radiance: mean linear radiance F(t) [share of full scale]."""

    cells: Bool[np.ndarray, "rows columns"]
    radiance: Float[np.ndarray, "frames 3"]

    @property
    def relative(self) -> Float[np.ndarray, "frames 3"]:
        """F(t) over its mean in time."""
        return self.radiance / self.radiance.mean(0)


def measure_face_light(series: CaptureSeries, inside: Bool[np.ndarray, "rows columns"]) -> FaceLight:
    """inside: cells that the mesh covers."""
    usable = inside & (series.usable_share.mean(0) > MIN_USABLE_SHARE)
    cells = usable if int(usable.sum()) >= _MIN_CELLS else inside
    return FaceLight(cells, np.maximum(series.radiance[:, cells].mean(1), DARKEST))
