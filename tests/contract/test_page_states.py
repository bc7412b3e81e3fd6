"""The capture page knows every state that the server may tell it."""

import re
from pathlib import Path

from capture_ingest.domain.session_life import State

WEB = Path(__file__).resolve().parents[2] / "services" / "capture-ingest" / "web" / "src"


def test_a_page_that_is_loaded_anew_knows_where_to_go_on_from_every_state() -> None:
    table = re.search(r"const RESUMED[^{]*\{(.*?)\n\};", (WEB / "outcome.ts").read_text(), re.S)
    assert table is not None
    told = dict(re.findall(r'(\w+): "(\w+)"', table[1]))
    assert set(told) == {state.value for state in State} | {"expired"}
    spent = {State.CHALLENGED, State.FILMING, State.COMMITTED, State.UPLOADED}
    assert {state for state, event in told.items() if event == "interrupted"} == {state.value for state in spent}
