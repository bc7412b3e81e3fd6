"""The life of a session."""

import json

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
