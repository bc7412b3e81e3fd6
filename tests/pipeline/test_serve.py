"""`borderlight serve` as a process."""

import signal
import sys
from functools import partial
from pathlib import Path

import httpx
import pytest

from borderlight_tools.devstack.server import Server, answers, free_ports


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_nothing_survives_the_process(models: Path, tmp_path: Path, how: signal.Signals) -> None:
    """Faces that were sent must not stay behind in a temporary folder."""
    (port,) = free_ports(1)
    base = f"http://127.0.0.1:{port}"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "borderlight_cli", "serve", "--port", str(port)]
    server = Server("serve", command, tmp_path / "log", partial(answers, f"{base}/docs"), {"TMPDIR": str(scratch)})
    server.start()
    opened = httpx.post(f"{base}/v1/sessions", json={"traveller_ref": "t"}).json()
    path, auth = f"{base}/v1/sessions/{opened['session_id']}", {"Authorization": f"Bearer {opened['token']}"}
    httpx.post(f"{path}/challenge", headers=auth).raise_for_status()
    video = {**auth, "Content-Type": "video/webm"}
    httpx.put(f"{path}/video", content=b"\x1a\x45\xdf\xa3" + bytes(5000), headers=video).raise_for_status()
    assert any(scratch.rglob("*.webm")) or any(file.stat().st_size > 5000 for file in scratch.rglob("*"))
    process = server.process
    assert process is not None
    process.send_signal(how)
    assert process.wait(15) == 0, server.log_tail()
    left = [file for file in scratch.rglob("*") if file.is_file() and file.stat().st_size > 1000]
    assert left == [] and not list(scratch.glob("borderlight-*"))
