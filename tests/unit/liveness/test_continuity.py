"""A film that jumps at every change of colour is not believed; a person who moves is."""

import numpy as np
import pytest
import scenes
from scipy.ndimage import gaussian_filter1d

from liveness.domain.evidence import continuity
from liveness.domain.finding import Finding, Outcome
from liveness.domain.judgement import judge
from liveness.domain.measurement import measure
from liveness.domain.series import CaptureSeries
from liveness.domain.thresholds import parse_thresholds
from liveness.settings import LivenessSettings

LIMITS = parse_thresholds(LivenessSettings().thresholds_file.read_text())


def film() -> CaptureSeries:
    return scenes.film(scenes.live_face(), scenes.schedule())


def spliced(series: CaptureSeries, cells: float, seed: int = 2) -> CaptureSeries:
    """Pieces of recordings, one per slot, each with a pose of its own; cells: how far they lie apart."""
    slot = series.timing.at(90.0).slot
    pose = np.random.default_rng(seed).normal(0, cells, (len(series.timing.start_ms), 2))
    return scenes.moved(series, pose[slot])


def moving(series: CaptureSeries, cells: float, seed: int = 2) -> CaptureSeries:
    """A head that goes where it likes, as far as the poses of a splice lie apart."""
    path = gaussian_filter1d(np.random.default_rng(seed).normal(0, 1, (len(series.radiance), 2)), 3.0, axis=0)
    return scenes.moved(series, path * cells / path.std())


@pytest.mark.parametrize("seed", range(3))
def test_a_splice_jumps_at_every_border(seed: int) -> None:
    measured = measure(spliced(film(), 0.15, seed))
    evidence = continuity.assess(measured, LIMITS.continuity)
    assert evidence.finding is Finding.CANNOT_TELL, evidence
    assert judge(measured, LIMITS).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cells", [0.0, 0.05, 0.15, 0.5])
def test_movement_does_not(cells: float, seed: int) -> None:
    measured = measure(moving(film(), cells, seed))
    assert continuity.assess(measured, LIMITS.continuity).finding is Finding.SUPPORTS_BONA_FIDE


def test_too_few_frames_prove_no_continuity() -> None:
    assert measure(scenes.thinned(film(), 5)).continuity is None
