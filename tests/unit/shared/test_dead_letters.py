"""Dead letters always fit, and say where they came from."""

import hashlib
import json

import pytest

from borderlight.errors import InvalidMessage
from borderlight.runtime.bus.dead_letters import DeadLetterRecord, dead_letter
from borderlight.runtime.bus.port import Record

AT = "2026-11-24T09:00:00Z"
LIMIT = 1_000_000


def size(dead: DeadLetterRecord) -> int:
    return len(dead.key) + len(dead.value) + sum(len(n) + len(v) + 12 for n, v in dead.headers.items())


def test_it_says_where_it_came_from_and_why_without_its_content() -> None:
    record = Record("t", 3, 9, b"k", b"secret", {"ce_id": "x"})
    dead = dead_letter(record, "liveness", InvalidMessage("not valid"), AT)
    assert dead.headers["x-dlq-origin-offset"] == "9" and dead.headers["ce_id"] == "x"
    assert dead.headers["x-dlq-error-class"] == "InvalidMessage" and dead.value == b"secret" and dead.key == b"k"
    assert "secret" not in "".join(dead.headers.values())


@pytest.mark.parametrize("length", [0, 1, 800_000, 899_000, 999_800, 5_000_000])
def test_a_record_of_any_size_fits_whole_or_as_a_pointer(length: int) -> None:
    value = b"x" * length
    dead = dead_letter(Record("t", 1, 7, b"k", value), "s", InvalidMessage("y" * 9_000), AT)
    assert size(dead) < LIMIT - 10_000
    if dead.headers.get("x-dlq-value") == "pointer":
        assert length > 850_000
        pointer = json.loads(dead.value)
        assert pointer == {
            "topic": "t", "partition": 1, "offset": 7, "size": length, "sha256": hashlib.sha256(value).hexdigest(),
        }  # fmt: skip
    else:
        assert dead.value == value


def test_headers_and_keys_without_end_fit_too() -> None:
    headers = {f"h{n}": "v" * 1_000 for n in range(900)}
    dead = dead_letter(Record("t", 0, 0, b"k" * 900_000, b"v", headers), "s", InvalidMessage(), AT)
    assert size(dead) < 100_000 and dead.headers["x-dlq-headers-left-out"] == "900"
    assert dead.headers["x-dlq-key"] == "sha256" and len(dead.key) == 64
