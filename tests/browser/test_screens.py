"""Every screen in every language: accessible, whole on small and large phones, and pictured for people to look at."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from visit import ROOT

from borderlight_lab.browser.contact_sheet import write_contact_sheet
from borderlight_lab.browser.traveller import phone

WEB = ROOT / "services" / "capture-ingest" / "web"
STATES = (
    "opening", "hand_over", "consent", "asking_camera", "warming", "placing", "placing_help", "light_check", "announce",
    "sending", "offline", "waiting", "done", "later", "retake", "other_way", "expired", "used", "busy", "insecure",
    "in_app", "no_camera", "denied", "camera_in_use", "no_recorder", "slow_camera",
)  # fmt: skip
LANGUAGES = ("en", "es", "fr", "ar", "zh")
SMALL, LARGE, LANDSCAPE = (
    {"width": 320, "height": 568}, {"width": 430, "height": 932}, {"width": 740, "height": 360},
)  # fmt: skip

SMALL_TARGETS = """[...document.querySelectorAll('button, a, select')]
    .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).length"""


class Gallery:
    def __init__(self, browser: Browser, base: str, **more: Any) -> None:
        script = (WEB / "build" / "gallery" / "gallery.js").read_text()
        self.context = phone(browser, None, **more)
        self.context.route("**/capture/page.js", lambda r: r.fulfill(body=script, content_type="text/javascript"))
        self.page: Page = self.context.new_page()
        self.base = base

    def show(self, state: str, language: str = "en", extra: str = "") -> Page:
        self.page.goto(f"{self.base}/capture/?state={state}&lang={language}{extra}")
        self.page.wait_for_selector("html[data-drawn]")
        return self.page


def violations(page: Page) -> list[str]:
    page.evaluate((WEB / "node_modules" / "axe-core" / "axe.min.js").read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", tags)
    assert len(found["passes"]) >= 5, "the rules ran on what is shown"
    return [f"{item['id']}: {node['html'][:160]}" for item in found["violations"] for node in item["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_has_an_accessibility_violation(
    served: Any, browser: Browser, gallery_built: None, scheme: str
) -> None:
    gallery = Gallery(browser, served.base, color_scheme=scheme)
    wrong = {
        f"{state} {language}": found
        for state in STATES
        for language in (LANGUAGES if scheme == "light" else ("en", "ar"))
        if (found := violations(gallery.show(state, language)))
    }
    gallery.context.close()
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("size", "text"),
    [(SMALL, 1), (LARGE, 1), (LANDSCAPE, 1), (LARGE, 2)],
    ids=["small", "large", "landscape", "text of twice the size"],
)
def test_every_screen_fits(served: Any, browser: Browser, gallery_built: None, size: dict[str, int], text: int) -> None:
    gallery = Gallery(browser, served.base, viewport=size)
    wide: list[str] = []
    for state in STATES:
        for language in LANGUAGES:
            page = gallery.show(state, language)
            page.evaluate("times => { document.documentElement.style.fontSize = `${112.5 * times}%` }", text)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(f"{state} {language}")
            small = page.evaluate(SMALL_TARGETS)
            if small:
                wide.append(f"{state} {language}: {small} small targets")
    gallery.context.close()
    assert not wide, wide


def test_pictures_of_every_screen(served: Any, browser: Browser, gallery_built: None, tmp_path: Path) -> None:
    """`./dev screens` keeps the sheet: BORDERLIGHT_SCREENS names the file."""
    gallery = Gallery(browser, served.base, device_scale_factor=1.0)
    pictures = {state.replace("_", " "): gallery.show(state).screenshot() for state in STATES}
    assert len(set(pictures.values())) == len(STATES), "two screens look alike"
    for language in LANGUAGES[1:]:
        pictures[f"consent ({language})"] = gallery.show("consent", language).screenshot()
    gallery.context.close()
    sheet = Path(os.environ.get("BORDERLIGHT_SCREENS", tmp_path / "screens.jpg"))
    write_contact_sheet(sheet, pictures)
    assert sheet.stat().st_size > 50_000
