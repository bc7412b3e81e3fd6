"""The life of a session."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from borderlight_cli.state_pages import LIFE_CYCLES, diagram, page, state_pages
from capture_ingest.adapters.session_codec import decode, encode
from capture_ingest.domain.session_life import TRANSITIONS, Session, State, Step, states_before


def session(state: State) -> Session:
    return Session("s", "t", state, "0" * 64, expires_at_s=100.0)


def test_every_state_but_the_last_leads_on() -> None:
    leads = {state for state, _ in TRANSITIONS}
    assert leads | {State.CONTINUED} == set(State)
    assert states_before(Step.CHALLENGE_ISSUED) == (State.OPENED, State.CLAIMED)


def test_a_challenge_is_issued_once_and_a_finished_capture_takes_no_video() -> None:
    assert (State.CHALLENGED, Step.CHALLENGE_ISSUED) not in TRANSITIONS
    assert (State.CAPTURED, Step.VIDEO_STORED) not in TRANSITIONS
    assert (State.OPENED, Step.VIDEO_STORED) not in TRANSITIONS


def test_a_captured_session_does_not_expire() -> None:
    assert session(State.CHALLENGED).is_expired(101.0)
    assert not session(State.CHALLENGED).is_expired(99.0)
    assert not session(State.CAPTURED).is_expired(1e9)


def test_a_session_survives_its_text_and_what_a_newer_process_added() -> None:
    kept = session(State.CHALLENGED)
    assert decode(encode(kept)) == kept
    assert decode(json.dumps({**json.loads(encode(kept)), "from_the_future": 1})) == kept


def test_the_page_in_docs_shows_the_table() -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    for name, text in state_pages().items():
        assert (docs / name).read_text() == text, "run ./dev schemas"
    drawn = diagram(LIFE_CYCLES["session-life.md"])
    for (state, step), following in TRANSITIONS.items():
        arrow = next(line for line in drawn.splitlines() if line.startswith(f"    {state} --> {following}: "))
        assert step in arrow


def test_a_state_without_a_meaning_is_not_drawn() -> None:
    cycle = LIFE_CYCLES["session-life.md"]
    fewer = {state: text for state, text in cycle.meanings.items() if state is not State.CAPTURED}
    with pytest.raises(ValueError, match="captured"):
        page(replace(cycle, meanings=fewer))
