"""What the server's clock says about an answer: in time, late, or made before the colours were known."""

from dataclasses import replace

import numpy as np
import pytest
import scenes

from liveness.domain.evidence import commitment
from liveness.domain.finding import Finding, Outcome
from liveness.domain.judgement import judge
from liveness.domain.measurement import measure
from liveness.domain.series import CaptureSeries, Commitment
from liveness.domain.thresholds import parse_thresholds
from liveness.settings import LivenessSettings

LIMITS = parse_thresholds(LivenessSettings().thresholds_file.read_text())
LOOK_AHEAD_MS = 340.0


def committed(series: CaptureSeries, after_frame_ms: float) -> CaptureSeries:
    """Slots released a look-ahead before they are shown, slices of 200 ms fixed some time after their last frame."""
    times = series.timing.frame_time_ms
    fixed = (np.floor(times / 200.0) + 1.0) * 200.0 + after_frame_ms
    return replace(series, commitment=Commitment(fixed, series.timing.start_ms - LOOK_AHEAD_MS))


def live() -> CaptureSeries:
    return scenes.film(scenes.live_face(), scenes.schedule())


@pytest.mark.parametrize("delay_ms", [60.0, 250.0, 450.0])
def test_an_answer_within_moments_supports(delay_ms: float) -> None:
    measured = measure(committed(live(), delay_ms))
    assert commitment.assess(measured, LIMITS.commitment).finding is Finding.SUPPORTS_BONA_FIDE
    assert measured.ages is not None and measured.ages.early_answers == 0
    assert measured.ages.age_ms.min() > LOOK_AHEAD_MS


def test_a_late_answer_supports_nothing_and_accuses_nobody() -> None:
    measured = measure(committed(live(), 20_000.0))
    assert commitment.assess(measured, LIMITS.commitment).finding is Finding.CANNOT_TELL
    assert judge(measured, LIMITS).outcome is Outcome.BONA_FIDE, "freshness is the policy's to weigh"


def test_without_a_record_it_cannot_tell() -> None:
    assert commitment.assess(measure(live()), LIMITS.commitment).finding is Finding.CANNOT_TELL


def test_frames_that_answer_colours_not_yet_released_were_made_by_someone_who_knew() -> None:
    measured = measure(committed(live(), -3_000.0))
    assert commitment.assess(measured, LIMITS.commitment).finding is Finding.SUPPORTS_ATTACK
    result = judge(measured, LIMITS)
    assert result.outcome is Outcome.ATTACK and result.reasons == ("liveness.commitment",)


def test_old_frames_that_answer_nothing_are_not_accused_by_their_age() -> None:
    """A film that was fixed before the release and shows other colours: nothing of the challenge is in it."""
    other = scenes.film(scenes.live_face(), scenes.schedule(1), scenes.schedule(4))
    result = judge(measure(committed(other, -3_000.0)), LIMITS)
    assert "liveness.commitment" not in result.reasons
