"""When the bytes of a film were fixed, and what that says of its frames."""

from bisect import bisect_right
from dataclasses import dataclass

from capture_ingest.domain.freshness import Freshness, answers_in_film_ms, freshness_of
from capture_ingest.domain.hash_chain import NotAsCommitted, chain_start, check_film
from capture_ingest.domain.live_transcript import LiveTranscript


@dataclass(frozen=True)
class CommittedFilm:
    """ends: byte position behind each slice; arrived_ms: when its link came; released_ms: when each slot went out.

    Times are [ms] of the server's clock from the draw of the challenge.
    """

    ends: tuple[int, ...]
    arrived_ms: tuple[float, ...]
    released_ms: tuple[float, ...]

    def committed_ms(self, end_byte: int | None) -> float:
        """When all bytes before `end_byte` were fixed; infinite for bytes that no slice holds."""
        if end_byte is None:
            return float("inf")
        index = bisect_right(self.ends, end_byte - 1)
        return self.arrived_ms[index] if index < len(self.ends) else float("inf")


def committed_film(film: bytes, session_id: str, transcript: LiveTranscript) -> CommittedFilm:
    """The film's slices, every link of them verified. Raises NotAsCommitted."""
    if transcript.session_id != session_id:
        raise NotAsCommitted("the transcript belongs to another session")
    ends = check_film(film, chain_start(session_id, transcript.nonce), transcript.links())
    return CommittedFilm(
        tuple(ends),
        tuple(piece.arrived_ms for piece in transcript.slices),
        tuple(slot.released_ms for slot in transcript.slots),
    )


def freshness_of_film(
    transcript: LiveTranscript,
    slot_film_ms: list[float],
    frame_time_ms: list[float],
    frame_committed_ms: list[float],
) -> Freshness:
    """As `freshness_of`, with the bytes of the film saying which slice holds each answer.

    slot_film_ms: when the page says it painted each slot, on the film's clock.
    """
    return freshness_of(transcript, answers_in_film_ms(slot_film_ms, frame_time_ms, frame_committed_ms))
