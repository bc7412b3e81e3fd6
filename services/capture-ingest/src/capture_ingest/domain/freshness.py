"""How fresh a capture is, by the server's clock alone.

`live`: every answer was committed soon after its colour was released. `deadline_only`: nothing was committed while
filming, but the whole film was safe soon after the challenge was told. `late`: neither.

Response age A_k = C_k - R_k: R_k is the release of slot k, C_k the arrival of the link that fixes the first bytes which
can answer it. It bounds the time that anybody had to make the answer.
"""

import itertools
from collections.abc import Mapping, Sequence
from enum import StrEnum

from capture_ingest.domain.live_transcript import LiveTranscript

MOST_AGE_MS = 1_500.0
MOST_MEDIAN_AGE_MS = 1_300.0
MOST_LINK_GAP_MS = 800.0
MOST_SEAL_MS = 3_000.0
"""From the planned end of the light to the seal."""
RESPONSE_LAG_MS = 100.0
"""From paint to the first frame that shows it: display and camera take 60-150 ms."""


class Freshness(StrEnum):
    LIVE = "live"
    DEADLINE_ONLY = "deadline_only"
    LATE = "late"


def response_ages_ms(transcript: LiveTranscript, first_answer_ms: Mapping[int, float]) -> list[float]:
    """A_k of every slot [ms]; infinite where `first_answer_ms` (slot → arrival of its link) has none."""
    return [first_answer_ms.get(k, float("inf")) - slot.released_ms for k, slot in enumerate(transcript.slots)]


def claimed_answers_ms(transcript: LiveTranscript) -> dict[int, float]:
    """Slot → arrival of the link of the slice that should hold its first answer, by the page's own clock.

    Before the film is here only the page can say which slice that is; `answers_in_film_ms` says it from the bytes.
    """
    answers: dict[int, float] = {}
    for k, painted in transcript.painted_client_ms().items():
        made = (piece for piece in transcript.slices if piece.made_client_ms >= painted + RESPONSE_LAG_MS)
        first = next(made, None)
        if first is not None:
            answers[k] = first.arrived_ms
    return answers


def answers_in_film_ms(
    slot_film_ms: Sequence[float], frame_time_ms: Sequence[float], frame_committed_ms: Sequence[float]
) -> dict[int, float]:
    """Slot → when the first frame that can answer it was committed.

    slot_film_ms: when each slot was painted, on the film's clock; frame_time_ms, frame_committed_ms: of each frame.
    """
    answers: dict[int, float] = {}
    for k, painted in enumerate(slot_film_ms):
        for at, committed in zip(frame_time_ms, frame_committed_ms, strict=True):
            if at >= painted + RESPONSE_LAG_MS:
                answers[k] = committed
                break
    return answers


def freshness_of(transcript: LiveTranscript, first_answer_ms: Mapping[int, float]) -> Freshness:
    """`live` or `late`. The gap before the first slice does not count: the camera ran before anybody asked."""
    ages = sorted(response_ages_ms(transcript, first_answer_ms))
    arrived = [piece.arrived_ms for piece in transcript.slices if piece.arrived_ms >= 0.0]
    gaps = [after - before for before, after in itertools.pairwise(arrived)]
    light_ms = sum(slot.duration_ms for slot in transcript.slots) + transcript.held_ms
    is_live = (
        bool(ages)
        and ages[-1] <= MOST_AGE_MS
        and ages[len(ages) // 2] <= MOST_MEDIAN_AGE_MS
        and max(gaps, default=float("inf")) <= MOST_LINK_GAP_MS
        and transcript.ended_ms - light_ms <= MOST_SEAL_MS
    )
    return Freshness.LIVE if is_live else Freshness.LATE


def without_transcript(challenged_at_s: float | None, finished_at_s: float, deadline_s: float) -> Freshness:
    """Of a capture that nothing but its deadline bounds. challenged_at_s: when the colours were told."""
    if challenged_at_s is None or finished_at_s - challenged_at_s > deadline_s:
        return Freshness.LATE
    return Freshness.DEADLINE_ONLY
