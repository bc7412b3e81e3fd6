"""Does the film go on over the changes of colour, or was it cut there? (eq. 18)

Whoever cuts an earlier recording at its changes of colour and puts the pieces into another order gets the right
colours at the right times, and a jump of pose, expression and noise at every border. With e_i(t) the residual of eq. 6
in cell i,

    D(t, t') = mean over cells of [e_i(t') - e_i(t)]²                                                  (eq. 18)

is compared between pairs of frames on both sides of a border and pairs within a slot that lie as far apart in time.
All frames are settled (one colour in all rows), so that the change of colour itself is explained by eq. 6. Movement
that goes on moves both kinds of pairs alike.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from liveness.domain.display_timing import FrameLight
from liveness.domain.measure.face_light import DARKEST
from liveness.domain.measure.screen_light import split_light
from liveness.domain.regression import without
from liveness.domain.series import CaptureSeries

_MIN_BORDERS, _MIN_PAIRS = 4, 6
"""Fewer pairs of either kind allow no comparison."""
_SAME_GAP = 0.25
"""Pairs within a slot lie as far apart as those over a border, up to this share."""

Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Continuity:
    """jump: natural logarithm of the median D over borders over that within slots; z: of Mann and Whitney's test that
    D is greater over borders [standard deviations]; borders, pairs: numbers compared."""

    jump: float
    z: float
    borders: int
    pairs: int


def _pairs(
    time_ms: Float[np.ndarray, "settled"], slot: Int[np.ndarray, "settled"], frame_ms: float
) -> tuple[Pairs, Pairs]:
    """Indices of settled frames (over a border, within a slot)."""
    border = [(n, n + 1) for n in range(len(slot) - 1) if slot[n + 1] == slot[n] + 1]
    if not border:
        return [], []
    gap = float(np.median([time_ms[after] - time_ms[before] for before, after in border]))
    within: Pairs = []
    for first in range(len(slot)):
        same = np.nonzero((slot == slot[first]) & (time_ms > time_ms[first]))[0]
        if len(same) == 0:
            continue
        apart = np.abs(time_ms[same] - time_ms[first] - gap)
        if float(apart.min()) <= max(_SAME_GAP * gap, 0.75 * frame_ms):
            within.append((first, int(same[np.argmin(apart)])))
    return border, within


def measure_continuity(
    series: CaptureSeries,
    face_light: Float[np.ndarray, "frames 3"],
    cells: Bool[np.ndarray, "rows columns"],
    light: FrameLight,
) -> Continuity | None:
    """None when too few frames lie on both sides of borders or within slots. cells: of the face, usable."""
    frames = light.settled
    time_ms = series.timing.frame_time_ms[frames]
    frame_ms = float(np.median(np.diff(series.timing.frame_time_ms)))
    border, within = _pairs(time_ms, light.slot[frames], frame_ms)
    if len(border) < _MIN_BORDERS or len(within) < _MIN_PAIRS:
        return None
    radiance = series.radiance[frames][:, cells]
    relative = (radiance / np.maximum(radiance.mean(1, keepdims=True), DARKEST)).transpose(2, 0, 1)
    share = split_light(face_light, light, frames).share.T
    time = np.broadcast_to((time_ms - time_ms.mean()) / 1000.0, share.shape)
    residual = without(np.stack([np.ones_like(share), share, time], axis=-1), relative).mean(0)

    def jumps(pairs: Pairs) -> Float[np.ndarray, "pairs"]:
        before, after = np.array(pairs).T
        return ((residual[after] - residual[before]) ** 2).mean(1)

    over, inside = jumps(border), jumps(within)
    greater = float((over[:, None] > inside[None]).mean())
    spread = np.sqrt((len(over) + len(inside) + 1) / (12.0 * len(over) * len(inside)))
    jump = float(np.log(np.median(over) / max(float(np.median(inside)), 1e-18)))
    return Continuity(jump, float((greater - 0.5) / spread), len(over), len(inside))
