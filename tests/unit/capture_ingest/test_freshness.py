"""How fresh a capture is: by releases and arrivals, whatever the page claims."""

from dataclasses import replace

import pytest

from capture_ingest.domain.attempts import AT_ONCE, FIRST_WAIT_S, LONGEST_WAIT_S, AttemptCount, refusal
from capture_ingest.domain.freshness import (
    MOST_AGE_MS,
    MOST_LINK_GAP_MS,
    MOST_MEDIAN_AGE_MS,
    RESPONSE_LAG_MS,
    Freshness,
    answers_in_film_ms,
    claimed_answers_ms,
    freshness_of,
    response_ages_ms,
    without_transcript,
)
from capture_ingest.domain.live_transcript import CommittedSlice, LiveTranscript, ReleasedSlot

SLOT_MS, SLICE_MS, LOOK_AHEAD_MS = 340.0, 200.0, 340.0


def transcript(delay_ms: float = 250.0) -> LiveTranscript:
    """Ten slots, each painted 340 ms after its release; slices of 200 ms arrive `delay_ms` after they were made."""
    released = [max(0.0, k * SLOT_MS - LOOK_AHEAD_MS) for k in range(10)]
    slots = tuple(ReleasedSlot((255, 255, 255), SLOT_MS, at) for at in released)
    slices: list[CommittedSlice] = []
    for n in range(22):
        made = (n - 1) * SLICE_MS
        painted = tuple((k, k * SLOT_MS) for k in range(10) if made - SLICE_MS < k * SLOT_MS <= made)
        slices.append(CommittedSlice(1000, f"{n:064x}", made + delay_ms, made, painted))
    return LiveTranscript("s", "n", "video/webm", (50.0,), slots, tuple(slices), 0.0, slices[-1].arrived_ms)


def test_an_ordinary_capture_is_live() -> None:
    seen = transcript()
    ages = response_ages_ms(seen, claimed_answers_ms(seen))
    assert len(ages) == 10 and all(RESPONSE_LAG_MS < age < 1_000.0 for age in ages)
    assert freshness_of(seen, claimed_answers_ms(seen)) is Freshness.LIVE


def test_one_answer_that_is_too_old_is_late_and_so_is_a_slow_half() -> None:
    seen = transcript()
    answers = claimed_answers_ms(seen)
    late = {**answers, 4: seen.slots[4].released_ms + MOST_AGE_MS + 1}
    assert freshness_of(seen, late) is Freshness.LATE
    slow = {k: seen.slots[k].released_ms + (MOST_MEDIAN_AGE_MS + 1 if k % 2 else 900.0) for k in range(10)}
    assert freshness_of(seen, slow) is Freshness.LATE
    assert freshness_of(seen, {**slow, 9: seen.slots[9].released_ms + 900.0}) is Freshness.LIVE


def test_an_answer_that_is_missing_is_late() -> None:
    seen = transcript()
    answers = claimed_answers_ms(seen)
    answers.pop(9)
    assert freshness_of(seen, answers) is Freshness.LATE
    assert freshness_of(replace(seen, slots=()), {}) is Freshness.LATE


def test_a_gap_between_links_is_late() -> None:
    seen = transcript()
    after = seen.slices[8].arrived_ms
    shifted = tuple(
        piece if piece.arrived_ms <= after else replace(piece, arrived_ms=piece.arrived_ms + MOST_LINK_GAP_MS)
        for piece in seen.slices
    )
    answers = {k: slot.released_ms + 700.0 for k, slot in enumerate(seen.slots)}
    assert freshness_of(seen, answers) is Freshness.LIVE
    assert freshness_of(replace(seen, slices=shifted), answers) is Freshness.LATE


def test_a_seal_long_after_the_light_is_late() -> None:
    seen = transcript()
    answers = claimed_answers_ms(seen)
    assert freshness_of(replace(seen, ended_ms=10 * SLOT_MS + 3_001.0), answers) is Freshness.LATE


def test_the_film_says_which_frame_answers_first() -> None:
    frames = [k * 33.0 for k in range(60)]
    committed = [100.0 + 200.0 * (at // 200.0) for at in frames]
    answers = answers_in_film_ms([0.0, 340.0, 5_000.0], frames, committed)
    assert answers == {0: committed[4], 1: committed[14]}, "132 ms and 462 ms are the first frames 100 ms after a paint"


@pytest.mark.parametrize(
    ("challenged", "finished", "expected"),
    [
        (100.0, 130.0, Freshness.DEADLINE_ONLY),
        (100.0, 130.1, Freshness.LATE),
        (None, 0.0, Freshness.LATE),
    ],
)
def test_without_a_transcript_only_the_deadline_speaks(
    challenged: float | None, finished: float, expected: Freshness
) -> None:
    assert without_transcript(challenged, finished, 30.0) is expected


def test_attempts_have_growing_waits_and_a_day_has_an_end() -> None:
    assert all(refusal(AttemptCount(seen, 0.0), 0.0, 12) is None for seen in range(AT_ONCE))
    waits = []
    for seen in range(AT_ONCE, 12):
        refused = refusal(AttemptCount(seen, 1_000.0), 1_000.0, 12)
        assert refused is not None and refused.wait_s is not None
        waits.append(refused.wait_s)
        assert refusal(AttemptCount(seen, 1_000.0), 1_000.0 + refused.wait_s, 12) is None
    assert waits[0] == FIRST_WAIT_S and waits == sorted(waits) and waits[-1] == LONGEST_WAIT_S
    exhausted = refusal(AttemptCount(12, 0.0), 1e9, 12)
    assert exhausted is not None and exhausted.wait_s is None
    assert refusal(AttemptCount(1_000, 0.0), 0.0, 0) is None, "0 is without limit"
