"""Drives the capture page with Playwright and the distribution's Chromium."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from borderlight_lab.browser.layers import Layers
from borderlight_tools.devstack.browsers import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

PHONE = {"width": 390, "height": 844}


class BrowserMissing(RuntimeError):
    """There is no Chromium, or Playwright is not installed; says what to install."""


@dataclass(frozen=True)
class Camera:
    """kind: honest, frozen, tinted or replay; earlier: the slots that a replay shows; refuse: a DOMException's name."""

    layers: Layers
    kind: str = "honest"
    fps: int = 24
    lag_ms: float = 90.0
    motion_px: float = 0.8
    earlier: tuple[dict[str, Any], ...] = ()
    refuse: str | None = None

    def script(self) -> str:
        """What runs before the page's own scripts."""
        layers = asdict(self.layers)
        options = {
            "room": layers["room"], "screen": layers["screen"], "width": layers["width"], "height": layers["height"],
            "fullScale": layers["full_scale"], "kind": self.kind, "fps": self.fps, "lagMs": self.lag_ms,
            "motionPx": self.motion_px, "earlier": list(self.earlier), "refuse": self.refuse,
        }  # fmt: skip
        source = files("borderlight_lab.browser").joinpath("virtual_traveller.js").read_text()
        return f"window.__virtualTraveller = {json.dumps(options)};\n{source}"


def chromium() -> str:
    """Path of the browser; raises BrowserMissing."""
    found = find_chromium()
    if found is not None:
        return found
    raise BrowserMissing(
        "no Chromium: run `python -m borderlight_tools.devstack.install --browser`, or apt-get install chromium"
    )


@contextmanager
def running_browser() -> "Generator[Browser]":
    """Headless Chromium; raises BrowserMissing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserMissing("Playwright is not installed: run ./dev test once, or pip install playwright") from error
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        try:
            yield browser
        finally:
            browser.close()


def phone(browser: "Browser", camera: Camera | None, **more: Any) -> "BrowserContext":
    """A phone-like context whose camera is `camera`."""
    given: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "en-US", **more}
    context = browser.new_context(**given)
    if camera is not None:
        context.add_init_script(camera.script())
    return context
