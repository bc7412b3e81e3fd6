"""The live capture without a socket: what is released when, what is a breach, and what is only a slow network."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from borderlight_cli.state_pages import LIFE_CYCLES, diagram
from capture_ingest.domain.hash_chain import NotAsCommitted, chain, chain_start, check_film
from capture_ingest.domain.live_capture import (
    LAST_LINKS_MS,
    LINKS_BEFORE_BEGIN,
    PATIENCE_MS,
    Accepted,
    HoldColour,
    LiveCapture,
    Outgoing,
    Ping,
    Ready,
    ShowSlot,
)
from capture_ingest.domain.live_states import ENDS, MEANINGS, TRANSITIONS, Event, State
from capture_ingest.domain.live_transcript import CommittedSlice, LiveTranscript
from capture_ingest.domain.slot_release import LINK_OVERDUE_MS, LOOK_AHEAD_MS, MOST_HELD_MS, SlotColour

SLOTS = [SlotColour((255, 255, 255), 340.0), SlotColour((16, 16, 16), 330.0), SlotColour((255, 40, 40), 350.0)] * 3
ROUND_TRIP_MS = 60.0
CHUNKS = [bytes([k]) * (100 + k) for k in range(40)]
START = chain_start("s", "nonce")
LINKS = [link.hex() for link in chain(START, CHUNKS)]


class Bench:
    """One capture with its clock. Slices come every 200 ms unless told otherwise."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.capture = LiveCapture("s", "nonce", 1_000_000, self.now)
        self.sent = 0
        self.told: list[tuple[float, Outgoing]] = []

    def note(self, told: list[Outgoing]) -> None:
        self.told += [(self.now, message) for message in told]

    def link(self, painted: tuple[tuple[int, float], ...] = (), **other: object) -> None:
        piece = CommittedSlice(len(CHUNKS[self.sent]), LINKS[self.sent], 0.0, self.now, painted)
        self.note(self.capture.link(self.sent, replace(piece, **other), self.now))  # type: ignore[arg-type]
        self.sent += 1

    def ready(self) -> "Bench":
        self.note(self.capture.hello("video/webm", self.now))
        for n in range(3):
            self.now += ROUND_TRIP_MS
            self.note(self.capture.pong(n, self.now))
        for _ in range(LINKS_BEFORE_BEGIN):
            self.link()
        return self

    def begun(self) -> "Bench":
        self.ready()
        assert self.capture.begin(self.now)
        self.note(self.capture.drawn(SLOTS, self.now))
        return self

    def run(self, until: Callable[[], bool], links: bool = True) -> None:
        """Let time pass from one thing to the next: a tick that is due, or the next slice."""
        next_link = self.now + 200.0
        while not until():
            due = self.capture.wake_ms()
            self.now = min(due, next_link) if links else due
            if links and self.now >= next_link:
                next_link += 200.0
                self.link()
            else:
                self.note(self.capture.tick(self.now))

    def released(self) -> list[tuple[float, int]]:
        return [(at, message.k) for at, message in self.told if isinstance(message, ShowSlot)]


def sealed() -> LiveTranscript:
    bench = Bench().begun()
    bench.run(lambda: bench.capture.state is State.FINISHING)
    for _ in range(4):
        bench.now += 200.0
        bench.link()
    assert bench.capture.end(bench.sent, LINKS[bench.sent - 1], bench.now)
    return bench.capture.transcript()


def test_the_table_is_whole_and_every_end_is_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State) - ENDS
    assert set(TRANSITIONS.values()) | {State.OPEN} == set(State)
    assert {event for _, event in TRANSITIONS} == set(Event)
    assert set(MEANINGS) == set(State)
    drawn = diagram(LIFE_CYCLES["live-capture-states.md"])
    for (state, event), following in TRANSITIONS.items():
        arrow = next(line for line in drawn.splitlines() if line.startswith(f"    {state} --> {following}: "))
        assert event in arrow


def test_hello_is_answered_with_the_nonce_and_three_pings_measure_the_round_trip() -> None:
    bench = Bench().ready()
    kinds = [type(message) for _, message in bench.told]
    assert kinds == [Accepted, Ping, Ping, Ping, Ready]
    assert next(message for _, message in bench.told if isinstance(message, Ready)).round_trip_ms == ROUND_TRIP_MS


def test_no_colour_leaves_before_it_is_due() -> None:
    bench = Bench().begun()
    begun = bench.now
    bench.run(lambda: bench.capture.state is State.FINISHING)
    starts = [0.0, *itertools.accumulate(slot.duration_ms for slot in SLOTS)]
    for at, k in bench.released():
        assert at == begun if k < 2 else at >= begun + starts[k] - LOOK_AHEAD_MS
        assert at <= begun + starts[k], "and in time for an ordinary round trip"
    assert [k for _, k in bench.released()] == list(range(len(SLOTS)))


def test_a_first_paint_that_comes_late_shifts_the_schedule_and_an_early_one_does_not() -> None:
    late, early = Bench().begun(), Bench().begun()
    late.now += 300.0
    late.capture.painted(0, late.now)
    early.now += 1.0
    early.capture.painted(0, early.now)
    due = {}
    for name, bench in (("late", late), ("early", early)):
        begun = bench.released()[0][0]
        bench.run(lambda bench=bench: len(bench.released()) == 3)
        due[name] = bench.released()[2][0] - begun
    assert due["late"] == pytest.approx(670.0 - LOOK_AHEAD_MS + 300.0 - ROUND_TRIP_MS / 2)
    assert due["early"] == pytest.approx(670.0 - LOOK_AHEAD_MS)


def test_a_client_cannot_win_time_by_reporting_its_paints_late() -> None:
    bench = Bench().begun()
    bench.now += 5_000.0
    bench.capture.painted(0, bench.now)
    bench.link()
    transcript_held = bench.capture._release.held_ms  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
    assert transcript_held == MOST_HELD_MS


def test_overdue_slices_hold_the_colour_and_then_the_schedule_goes_on() -> None:
    bench = Bench().begun()
    bench.run(lambda: len(bench.released()) == 4)
    last_link = bench.now
    bench.run(lambda: isinstance(bench.told[-1][1], HoldColour), links=False)
    held_since = bench.now
    assert held_since - last_link <= LINK_OVERDUE_MS + SLOTS[0].duration_ms
    bench.now += 200.0
    bench.link()
    at, k = bench.released()[-1]
    assert (at, k) == (bench.now, len(bench.released()) - 1), "the slice releases the next colour at once"
    assert bench.capture.state is State.SHOWING


def test_a_stalled_client_is_interrupted_and_never_refused() -> None:
    bench = Bench().begun()
    bench.run(lambda: bench.capture.is_over, links=False)
    assert bench.capture.state is State.INTERRUPTED
    assert len(bench.released()) < len(SLOTS), "it has not seen the rest"


@pytest.mark.parametrize("state", [State.OPEN, State.MEASURING, State.READY, State.DRAWING])
def test_patience_ends_before_the_light(state: State) -> None:
    bench = Bench()
    if state is not State.OPEN:
        bench.capture.hello("video/webm", bench.now)
    if state in (State.READY, State.DRAWING):
        bench = Bench().ready()
    if state is State.DRAWING:
        bench.capture.begin(bench.now)
    assert bench.capture.state is state
    entered = bench.now
    bench.now += PATIENCE_MS[state] - 1
    bench.capture.tick(bench.now)
    assert bench.capture.state is state
    bench.now = entered + PATIENCE_MS[state]
    bench.capture.tick(bench.now)
    assert bench.capture.state is State.INTERRUPTED


def test_the_last_slices_are_awaited_and_not_for_ever() -> None:
    bench = Bench().begun()
    bench.run(lambda: bench.capture.state is State.FINISHING)
    bench.run(lambda: bench.capture.is_over, links=False)
    assert bench.capture.state is State.INTERRUPTED
    light_ms = sum(slot.duration_ms for slot in SLOTS)
    assert bench.now == pytest.approx(bench.released()[0][0] + light_ms + LAST_LINKS_MS)


def breaches() -> dict[str, Callable[[Bench], object]]:
    return {
        "a message before hello": Bench.link,
        "a second hello": lambda b: b.ready().capture.hello("video/webm", b.now),
        "a pong that was not asked for": lambda b: b.ready().capture.pong(3, b.now),
        "begin before the recorder slices": lambda b: (
            b.capture.hello("video/webm", b.now),
            [b.capture.pong(n, b.now) for n in range(3)],
            b.capture.begin(b.now),
        ),
        "begin twice": lambda b: b.begun().capture.begin(b.now),
        "a link out of order": lambda b: b.ready().capture.link(7, CommittedSlice(1, "0" * 64, 0.0, 0.0), b.now),
        "more bytes than a film may have": lambda b: b.ready().link(size=2_000_000),
        "an answer to a colour that is not out": lambda b: b.begun().link(painted=((2, 0.0),)),
        "a paint of a colour that is not out": lambda b: b.begun().capture.painted(2, b.now),
        "an end before the last colour": lambda b: b.begun().capture.end(b.sent, LINKS[b.sent - 1], b.now),
    }


@pytest.mark.parametrize("name", breaches())
def test_what_the_protocol_does_not_allow_ends_the_capture(name: str) -> None:
    bench = Bench()
    breaches()[name](bench)
    assert bench.capture.state is State.REFUSED
    with pytest.raises(ValueError, match="no transcript"):
        bench.capture.transcript()


def test_an_end_that_counts_otherwise_seals_nothing() -> None:
    bench = Bench().begun()
    bench.run(lambda: bench.capture.state is State.FINISHING)
    assert not bench.capture.end(bench.sent + 1, LINKS[bench.sent - 1], bench.now)
    assert bench.capture.state is State.REFUSED


def test_a_sealed_capture_says_what_was_released_and_committed_when() -> None:
    transcript = sealed()
    assert [slot.srgb for slot in transcript.slots] == [slot.srgb for slot in SLOTS]
    assert transcript.slots[0].released_ms == 0.0
    assert [piece.link for piece in transcript.slices] == LINKS[: len(transcript.slices)]
    arrived = [piece.arrived_ms for piece in transcript.slices]
    assert arrived == sorted(arrived) and arrived[0] <= 0.0 < arrived[-1]
    assert LiveTranscript.from_json(transcript.to_json()) == transcript
    with pytest.raises(ValueError, match="schema"):
        LiveTranscript.from_json({**transcript.to_json(), "schema": "other"})


FILM = b"".join(CHUNKS)
COMMITTED = [(len(chunk), link) for chunk, link in zip(CHUNKS, LINKS, strict=True)]


def test_the_film_that_was_committed_is_cut_into_its_slices() -> None:
    ends = check_film(FILM, START, COMMITTED)
    assert ends == list(itertools.accumulate(len(chunk) for chunk in CHUNKS))
    assert check_film(FILM, START, [*COMMITTED, (0, chain(bytes.fromhex(LINKS[-1]), [b""])[0].hex())])[-1] == len(FILM)


@pytest.mark.parametrize(
    ("film", "start", "words"),
    [
        (FILM[:2000] + b"x" + FILM[2001:], START, "not the one that was committed"),
        (FILM[:-1], START, "inside slice"),
        (FILM + b"x", START, "were committed"),
        (FILM, chain_start("another session", "nonce"), "slice 0"),
        (FILM, chain_start("s", "another nonce"), "slice 0"),
    ],
    ids=["a replaced slice", "a film cut short", "a film with more", "another session's film", "another connection's"],
)
def test_a_film_that_was_not_committed_is_found_out(film: bytes, start: bytes, words: str) -> None:
    with pytest.raises(NotAsCommitted, match=words):
        check_film(film, start, COMMITTED)
