"""No face where it does not belong: not in logs, not in events. Nothing calls home."""

import base64
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from borderlight.contracts.events import CONTRACTS, schema_of
from borderlight.runtime.bus.port import parse_event
from borderlight.runtime.logs import configure_logs, logger


def test_fields_that_are_not_on_the_list_never_reach_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("test")
    logger().info("verdict", session_id="s1", traveller_name="Ada Lovelace", photo=b"\xff\xd8\xff", outcome="admit")
    line = json.loads(capfd.readouterr().err.strip().splitlines()[-1])
    assert line["session_id"] == "s1" and line["outcome"] == "admit" and line["service"] == "test"
    assert "Ada" not in json.dumps(line) and set(line).isdisjoint({"traveller_name", "photo"})
    logging.getLogger().handlers.clear()


def _strings(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if schema.get("type") == "string":
        found.append(schema)
    for value in schema.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                found += _strings(inner)
    return found


@pytest.mark.parametrize("topic", sorted(CONTRACTS))
def test_no_event_has_a_place_for_pixels_or_embeddings(topic: str) -> None:
    """No bytes, no base64, and no list of numbers that could hold a template."""
    schema = schema_of(CONTRACTS[topic])
    assert not any(s.get("format") in ("binary", "byte") or "contentEncoding" in s for s in _strings(schema))
    text = json.dumps(schema)
    assert '"items": {"type": "number"}' not in text
    for word in ("embedding", "pixels", "template"):
        assert f'"{word}"' not in text


def test_a_refusal_does_not_repeat_what_was_refused() -> None:
    secret = base64.b64encode(b"face" * 50).decode()
    value = json.dumps({"session_id": secret, "traveller_ref": "t"}).encode()
    with pytest.raises(Exception, match="not a valid") as caught:
        parse_event(CONTRACTS["session.captured.v1"], value)
    assert secret not in str(caught.value)


WHEN_LOADED = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print(os.environ.get("ORT_DISABLE_TELEMETRY"))
sys.meta_path.insert(0, Watch())
import borderlight.vision.models
"""


def _python(program: str, traces: Path) -> str:
    """Run with hardly any environment: the runtime is silent by itself where it sees a CI's variables."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(traces), "TMPDIR": str(traces)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_model_runtime_is_silenced_before_it_is_loaded(tmp_path: Path) -> None:
    """Its builds send events to their maker by default, unless told otherwise by then."""
    assert _python(WHEN_LOADED, tmp_path) == "1"


def test_the_model_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """The part of it that reports leaves a file as soon as it is loaded."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    _python("import onnxruntime", theirs)
    if not list(theirs.iterdir()):
        pytest.skip("on this machine the runtime leaves no trace even when nobody silences it")
    _python("import borderlight.vision.models", ours)
    assert list(ours.iterdir()) == []


def test_nobody_loads_the_model_runtime_but_the_module_that_silences_it() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = [file for part in ("shared", "services", "cli", "lab") for file in (root / part).rglob("src/**/*.py")]
    loaders = [file.name for file in sources if "import onnxruntime" in file.read_text()]
    assert len(sources) > 150 and loaders == ["models.py"]
