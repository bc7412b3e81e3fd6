"""The operator page: new sessions, what became of them, and why."""

from pathlib import Path

from playwright.sync_api import Browser
from test_screens import violations
from visit import MELANIN, PERSON, Served

from borderlight_lab.browser.traveller import Camera, phone
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head


def test_a_session_is_opened_followed_and_explained(
    served: Served, browser: Browser, honest: Camera, tmp_path: Path
) -> None:
    console = browser.new_page(viewport={"width": 1200, "height": 900})
    complaints: list[str] = []
    console.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    console.goto(f"{served.base}/operator")
    console.fill("[name=traveller]", "t-operator")
    photo = tmp_path / "passport.jpg"
    photo.write_bytes(document_photo(make_head(PERSON, MELANIN), 3))
    console.set_input_files("[name=photo]", photo)
    console.get_by_role("button", name="Open a session").click()
    link = console.locator("#here")
    link.wait_for()
    assert console.locator("#qr img").is_visible()
    assert violations(console) == []

    traveller = phone(browser, honest)
    page = traveller.new_page()
    page.goto(str(link.get_attribute("href")))
    page.get_by_role("button", name="Start", exact=True).click()
    row = console.locator("#sessions tr", has_text="t-operator")
    row.get_by_text("admit").wait_for(timeout=60_000)
    with console.expect_popup() as opened:
        row.get_by_role("link").click()
    explanation = opened.value
    explanation.get_by_text("The light fell on a live face.").wait_for()
    traveller.close()
    explanation.close()
    console.close()
    assert complaints == []
