"""A served page per module, and one browser."""

import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from visit import MELANIN, PERSON, ROOT, Served, Visit

from borderlight_lab.browser.layers import head_layers
from borderlight_lab.browser.traveller import Camera, phone, running_browser
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from borderlight_tools.devstack.server import Server, answers, free_ports

MIN_FPS = 5
"""The page's gate for the camera in these runs: a headless browser on two busy cores renders slowly. 15 by default."""


HOST_PAGE = """<!doctype html><title>Agency</title><borderlight-capture id="c"></borderlight-capture>
<script src="{base}/capture/borderlight-capture.js"></script><script>
window.heard = []; const c = document.getElementById("c");
c.addEventListener("borderlight-state", (e) => heard.push(e.detail.state));
c.setAttribute("link", location.hash.slice(1));</script>"""


def _agency_page(port: int, base: str) -> ThreadingHTTPServer:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(HOST_PAGE.replace("{base}", base).encode())

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="session")
def ports() -> list[int]:
    """The page's, and those of two agencies' pages."""
    return free_ports(3)


@pytest.fixture(scope="session")
def agencies(ports: list[int], served: Served) -> Generator[dict[str, str]]:
    """Origins of a page that may embed ours, and of one that may not."""
    servers = [_agency_page(port, served.base) for port in ports[1:]]
    yield {"ours": f"http://127.0.0.1:{ports[1]}", "stranger": f"http://127.0.0.1:{ports[2]}"}
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def served(models: Path, ports: list[int], tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    port = ports[0]
    found = Served(f"http://127.0.0.1:{port}")
    environment = {
        "CAPTURE_INGEST_MIN_CAMERA_FPS": str(MIN_FPS),
        "CAPTURE_INGEST_RATE_PER_ADDRESS": "",
        "CAPTURE_INGEST_PARENT_ORIGINS": f'["http://127.0.0.1:{ports[1]}"]',
    }
    command = [sys.executable, "-m", "borderlight_cli", "serve", "--port", str(port)]
    log = tmp_path_factory.mktemp("serve") / "serve.log"
    server = Server("serve", command, log, partial(answers, f"{found.base}/capture/"), environment)
    server.start()
    photo = document_photo(make_head(PERSON, MELANIN), 3)
    httpx.put(f"{found.base}/operator/documents/t-browser", content=photo, timeout=20).raise_for_status()
    yield found
    server.stop()


@pytest.fixture(scope="session")
def gallery_built() -> None:
    """The bundle that draws screens one by one."""
    web = ROOT / "services" / "capture-ingest" / "web"
    subprocess.run(["node", "build.mjs", "--tests"], cwd=web, check=True)


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    with running_browser() as found:
        yield found


@pytest.fixture(scope="session")
def honest() -> Camera:
    return Camera(head_layers(PERSON, 120.0, MELANIN))


@pytest.fixture
def visit(served: Served, browser: Browser) -> Generator[Callable[..., Visit]]:
    contexts: list[Any] = []

    def make(
        camera: Camera | None, opened: dict[str, Any] | None = None, init_script: str | None = None, **more: Any
    ) -> Visit:
        context = phone(browser, camera, **more)
        if init_script is not None:
            context.add_init_script(init_script)
        contexts.append(context)
        page = context.new_page()
        found = Visit(page, served, opened or served.open(), [], [])
        page.on(
            "request",
            lambda r: None if r.url.startswith((served.base, "data:", "blob:")) else found.foreign.append(r.url),
        )
        page.on("console", lambda m: found.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: found.complaints.append(str(e)))
        page.goto(found.opened["link"])
        return found

    yield make
    for context in contexts:
        context.close()
