"""The live capture as a table; `./dev schemas` draws docs/live-capture-states.md from it.

One capture is one connection. What the table does not allow in a state is a breach of the protocol and ends it.
"""

from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    MEASURING = "measuring"
    READY = "ready"
    DRAWING = "drawing"
    SHOWING = "showing"
    FINISHING = "finishing"
    SEALED = "sealed"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"


class Event(StrEnum):
    """What the client sends, and what the server's clock and store bring about."""

    HELLO = "hello"
    PONG = "pong"
    MEASURED = "measured"
    LINK = "link"
    BEGIN = "begin"
    CHALLENGE_DRAWN = "challenge_drawn"
    NOT_ALLOWED = "not_allowed"
    SLOT_RELEASED = "slot_released"
    PAINTED = "painted"
    LINKS_LATE = "links_late"
    LAST_RELEASED = "last_released"
    END = "end"
    STALLED = "stalled"
    LOST = "lost"
    BREACH = "breach"


_RUNNING = (State.OPEN, State.MEASURING, State.READY, State.DRAWING, State.SHOWING, State.FINISHING)

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.OPEN, Event.HELLO): State.MEASURING,
    (State.OPEN, Event.NOT_ALLOWED): State.REFUSED,
    (State.MEASURING, Event.PONG): State.MEASURING,
    (State.MEASURING, Event.LINK): State.MEASURING,
    (State.MEASURING, Event.MEASURED): State.READY,
    (State.READY, Event.LINK): State.READY,
    (State.READY, Event.BEGIN): State.DRAWING,
    (State.DRAWING, Event.LINK): State.DRAWING,
    (State.DRAWING, Event.NOT_ALLOWED): State.REFUSED,
    (State.DRAWING, Event.CHALLENGE_DRAWN): State.SHOWING,
    (State.SHOWING, Event.SLOT_RELEASED): State.SHOWING,
    (State.SHOWING, Event.PAINTED): State.SHOWING,
    (State.SHOWING, Event.LINK): State.SHOWING,
    (State.SHOWING, Event.LINKS_LATE): State.SHOWING,
    (State.SHOWING, Event.LAST_RELEASED): State.FINISHING,
    (State.FINISHING, Event.PAINTED): State.FINISHING,
    (State.FINISHING, Event.LINK): State.FINISHING,
    (State.FINISHING, Event.END): State.SEALED,
    **{(state, Event.STALLED): State.INTERRUPTED for state in _RUNNING},
    **{(state, Event.LOST): State.INTERRUPTED for state in _RUNNING},
    **{(state, Event.BREACH): State.REFUSED for state in _RUNNING},
}

MEANINGS: dict[State, str] = {
    State.OPEN: "The socket is open; nothing is known of the client.",
    State.MEASURING: "The token is good; three pings measure the round trip. The camera records already.",
    State.READY: "The client may begin once two slices with bytes are committed.",
    State.DRAWING: "The challenge is drawn and counted as an attempt; of two sockets one gets it.",
    State.SHOWING: "Colours are released by the server's clock; every slice is committed as it ends.",
    State.FINISHING: "The last colour is out; the last slices are awaited.",
    State.SEALED: "The transcript is closed; the film may follow when it can.",
    State.INTERRUPTED: "The network or the client was too slow, or the socket was lost: it is taken again.",
    State.REFUSED: "Not allowed, or not the protocol.",
}
ENDS = frozenset({State.SEALED, State.INTERRUPTED, State.REFUSED})
