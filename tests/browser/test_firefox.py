"""The same page in the distribution's Firefox."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flash_rule import flashes_per_second
from visit import MELANIN, PERSON, ROOT, Served

from borderlight_lab.browser.layers import head_layers
from borderlight_lab.browser.traveller import Camera
from borderlight_tools.devstack.browsers import find_firefox

DRIVER = ROOT / "services" / "capture-ingest" / "web" / "test" / "firefox.mjs"


def journey(served: Served, camera: Camera, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what Firefox saw, the session's row)."""
    firefox = find_firefox()
    assert firefox is not None, "install firefox-esr, or run python -m borderlight_tools.devstack.install --browser"
    script = folder / "traveller.js"
    script.write_text(camera.script())
    opened = served.open()
    command = ["node", str(DRIVER), firefox, opened["link"], str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), served.row(opened["session_id"])


def test_an_honest_traveller_is_admitted(served: Served, honest: Camera, tmp_path: Path) -> None:
    seen, row = journey(served, honest, tmp_path)
    assert seen["states"][-1][1] == "done" and row["outcome"] == "admit", (seen["states"], seen["text"], row)
    assert (row["freshness"], row["channel"]) == ("live", "made"), row
    assert seen["foreign"] == [] and seen["complaints"] == []
    assert flashes_per_second([shown for shown in seen["shown"] if shown[4] == "light"]) <= 3
    begun = next(at for at, state in seen["states"] if state == "consent")
    print(f"\n{seen['version']}: {(seen['states'][-1][0] - begun) / 1000:.1f} s from consent to verdict")


@pytest.mark.parametrize("kind", ["frozen", "tinted"])
def test_a_trick_is_not_admitted(served: Served, kind: str, tmp_path: Path) -> None:
    seen, row = journey(served, Camera(head_layers(PERSON, 120.0, MELANIN), kind=kind), tmp_path)
    assert seen["states"][-1][1] in ("retake", "other_way"), seen["states"]
    assert row["outcome"] != "admit" and row["liveness"] != "bona_fide", row
