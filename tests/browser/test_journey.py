"""The whole journey in a real browser, on the real flow: honest travellers get through, tricks do not."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flash_rule import flashes_per_second
from visit import MELANIN, PERSON, Served, Visit

from borderlight.contracts.challenge.generators import COLOUR_SLOTS, RANDOM_BYTES
from borderlight_lab.browser.layers import empty_layers, head_layers, two_head_layers
from borderlight_lab.browser.traveller import Camera

Visits = Callable[..., Visit]
ENDS = ("done", "retake", "other_way")
NO_SOCKET = """window.WebSocket = class extends EventTarget {
  constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("close"))); }
  close() {}
};"""
"""A network that lets no socket through, as far as the page can tell."""


def begin(visit: Visits, camera: Camera, button: str = "Start", **more: Any) -> Visit:
    seen = visit(camera, **more)
    seen.until("consent")
    seen.tap(button)
    return seen


def end(seen: Visit, seconds: float = 40.0) -> dict[str, Any]:
    """The row of the session after the journey has ended."""
    seen.until(*ENDS, seconds=seconds)
    assert not seen.foreign, "every request stays with the origin"
    assert not seen.complaints, seen.complaints
    return seen.served.row(seen.opened["session_id"])


def test_an_honest_traveller_is_admitted_in_time(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    seen.until("consent")
    begun = time.monotonic()
    seen.tap("Start")
    seen.until("waiting", *ENDS)
    sent = time.monotonic()
    row = end(seen)
    told = time.monotonic()
    assert (seen.state, row["outcome"]) == ("done", "admit"), row
    assert row["freshness"] == "live", "the film was committed while it was made"
    assert row["channel"] == "made", "the virtual traveller is a canvas, and is told from a camera"
    log = seen.page.evaluate("window.__virtualTravellerLog")
    assert log["stopped"] >= 1, "the camera is given back"
    stored = seen.page.evaluate("JSON.stringify([{...localStorage}, Object.keys(sessionStorage)])")
    assert stored == '[{},["borderlight"]]', "nothing but session and token"
    print(f"\nfirst tap to verdict {told - begun:.1f} s, last byte to verdict {told - sent:.1f} s")
    print(f"{log['frames'] / (told - begun):.1f} camera frames a second in this browser")


def test_the_calm_light_serves_as_well_and_never_flashes(visit: Visits, honest: Camera) -> None:
    seen = begin(visit, honest, "Start with calm light")
    row = end(seen, 60)
    assert (seen.state, row["outcome"]) == ("done", "admit"), row
    shown = seen.page.evaluate("window.__virtualTravellerLog.shown.filter(s => s[4] === 'light')")
    assert len(shown) > 60, "the whole calm light was watched"
    assert flashes_per_second(shown) < 1, "the light comes on, and no opposing change follows"


def test_the_painted_light_keeps_the_flash_rule(visit: Visits, honest: Camera) -> None:
    """WCAG 2.3.1, measured on what the page really painted, light check included."""
    seen = begin(visit, honest)
    end(seen)
    shown = seen.page.evaluate("window.__virtualTravellerLog.shown")
    assert len(shown) > 30
    assert flashes_per_second(shown) <= 3


def test_without_a_socket_the_challenge_comes_whole_and_the_policy_knows(visit: Visits, honest: Camera) -> None:
    seen = visit(honest, init_script=NO_SOCKET)
    seen.until("consent")
    seen.tap("Start")
    seen.until(*ENDS, seconds=40)
    row = seen.served.row(seen.opened["session_id"])
    assert (row["outcome"], row["freshness"]) == ("admit", "deadline_only"), row


def test_less_motion_is_respected(visit: Visits, honest: Camera) -> None:
    seen = visit(honest, reduced_motion="reduce")
    seen.until("consent")
    first = seen.page.locator(".actions button").first
    assert first.inner_text() == "Start with calm light"


def earlier() -> tuple[dict[str, Any], ...]:
    schedule = COLOUR_SLOTS.draw(np.random.default_rng(99).bytes(RANDOM_BYTES))
    return tuple(schedule.to_json()["steps"])


@pytest.mark.parametrize("kind", ["frozen", "tinted", "replay"])
def test_a_trick_is_not_admitted_and_nobody_is_called_a_fraud(visit: Visits, kind: str) -> None:
    seen = begin(visit, Camera(head_layers(PERSON, 120.0, MELANIN), kind=kind, earlier=earlier()))
    row = end(seen, 60)
    assert seen.state != "done" and row["outcome"] != "admit", row
    assert row["liveness"] != "bona_fide", row


def test_another_face_is_not_admitted(visit: Visits) -> None:
    seen = begin(visit, Camera(head_layers(-PERSON, 120.0, MELANIN)))
    row = end(seen)
    assert (seen.state, row["comparison"]) == ("other_way", "non_match"), row


def test_a_dark_room_is_fine(visit: Visits) -> None:
    seen = begin(visit, Camera(head_layers(PERSON, 8.0, MELANIN)))
    row = end(seen)
    assert row["outcome"] == "admit", row


def test_bright_sun_gets_advice_and_no_accusation(visit: Visits) -> None:
    seen = begin(visit, Camera(head_layers(PERSON, 9_000.0, MELANIN)))
    seen.until("light_check")
    seen.page.get_by_text("Turn your screen brightness all the way up.").first.wait_for(timeout=15_000)
    row = end(seen, 60)
    assert seen.state in ("retake", "other_way") and row["liveness"] in ("inconclusive", None), row


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (two_head_layers(PERSON, -PERSON, 120.0), "Make sure that only your face is in the picture."),
        (empty_layers(120.0), "Hold the phone so that your face fills the outline."),
    ],
    ids=["two faces", "no face"],
)
def test_placement_is_guided(visit: Visits, layers: Any, words: str) -> None:
    seen = begin(visit, Camera(layers))
    seen.page.locator("#hint", has_text=words).wait_for(timeout=30_000)
    assert seen.served.state(seen.opened)["state"] == "claimed", "no challenge was spent"


def test_without_guidance_the_page_still_works(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    seen.page.route("**/guidance/**", lambda route: route.abort())
    seen.until("consent")
    seen.tap("Start")
    seen.until(*ENDS, seconds=40)
    assert seen.state == "done"


def test_a_camera_lost_in_mid_challenge_is_taken_again(visit: Visits, honest: Camera) -> None:
    seen = begin(visit, honest)
    seen.until("light")
    seen.page.evaluate("window.__virtualTravellerLose()")
    seen.until("retake")
    assert "interrupted" in seen.page.inner_text("main")
    seen.tap("Try again")
    seen.until("light")
    seen.until(*ENDS, seconds=40)
    assert seen.state == "done"
    assert seen.served.state(seen.opened)["continued_by"]["outcome"] == "admit", "the first link shows where it went on"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("window.__virtualTravellerTrack.dispatchEvent(new Event('mute'))", "interrupted"),
        ("screen.orientation.dispatchEvent(new Event('change'))", "upright"),
    ],
    ids=["a call comes in", "the phone is turned"],
)
def test_what_spoils_a_capture_is_said(visit: Visits, honest: Camera, script: str, words: str) -> None:
    seen = begin(visit, honest)
    seen.until("light")
    seen.page.evaluate(script)
    seen.until("retake")
    assert words in seen.page.inner_text("main")
    assert seen.served.state(seen.opened)["state"] == "filming", "nothing was sealed, nothing was sent"


def test_a_hidden_tab_is_taken_again_and_attempts_end(visit: Visits, honest: Camera) -> None:
    seen = begin(visit, honest)
    hide = """() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
    }"""
    for _ in range(2):
        seen.until("light")
        seen.page.evaluate(hide)
        seen.until("retake")
        seen.tap("Try again")
    seen.until("light")
    seen.page.evaluate(hide)
    seen.until("retake")
    seen.tap("Try again")
    seen.until("other_way")
    assert "another way" in seen.page.inner_text("main")


def test_a_network_cut_in_mid_upload_goes_on_by_itself(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    sent: list[str] = []
    cut = {"now": True}

    def part(route: Any) -> None:
        sent.append(route.request.headers.get("content-range", ""))
        if cut["now"] and len(sent) > 1:
            route.abort()
        else:
            route.continue_()

    seen.page.route("**/video", part)
    seen.until("consent")
    seen.tap("Start")
    seen.until("offline", seconds=40)
    assert "No connection" in seen.page.inner_text("main")
    cut["now"] = False
    seen.until(*ENDS, seconds=30)
    assert seen.state == "done"
    assert sum(one.startswith("bytes 0-") for one in sent) == 1, f"the first part went once: {sent}"


def test_a_reload_is_survived_at_every_step(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    for step in ("consent", "placing"):
        seen.until("consent")
        if step == "placing":
            seen.tap("Start")
            seen.until("placing", "light_check")
        seen.page.reload()
        seen.until("consent")
    seen.tap("Start")
    seen.until("light")
    seen.page.reload()
    seen.until("retake")
    seen.tap("Try again")
    seen.until("waiting", "done", seconds=40)
    seen.page.reload()
    seen.until("done")
    seen.page.reload()
    seen.until("done")


def test_back_and_forth_keeps_the_session(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    seen.until("consent")
    assert seen.opened["token"] not in seen.page.url, "the token has left the address"
    seen.page.goto(f"{seen.served.base}/docs")
    seen.page.go_back()
    seen.until("consent")


@pytest.mark.parametrize(
    ("refused", "state"),
    [
        ("NotAllowedError", "denied"),
        ("NotFoundError", "no_camera"),
        ("NotReadableError", "camera_in_use"),
        ("OverconstrainedError", "no_camera"),
    ],
)
def test_every_camera_refusal_has_its_screen(visit: Visits, refused: str, state: str) -> None:
    seen = begin(visit, Camera(empty_layers(100.0), refuse=refused))
    seen.until(state)
    assert seen.page.get_by_role("button", name="Try again").is_visible()


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "insecure"),
        ("delete window.MediaRecorder", "no_recorder"),
        ("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })", "no_camera"),
    ],
)
def test_what_a_browser_lacks_is_said(visit: Visits, script: str, state: str) -> None:
    seen = visit(None, init_script=script)
    seen.until(state)


def test_a_recorder_that_gives_nothing_is_found_out_before_the_challenge(visit: Visits, honest: Camera) -> None:
    mute = """const add = MediaRecorder.prototype.addEventListener;
    MediaRecorder.prototype.addEventListener = function (kind, ...more) {
      if (kind !== 'dataavailable') add.call(this, kind, ...more);
    };"""
    seen = begin(visit, honest, init_script=mute)
    seen.until("no_recorder")
    assert seen.served.state(seen.opened)["state"] == "claimed", "no challenge was spent"


def test_an_in_app_browser_is_sent_outside(visit: Visits) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile/15E148 Instagram 300.0"
    lacking = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    seen = visit(None, user_agent=agent, init_script=lacking)
    seen.until("in_app")
    assert seen.page.get_by_role("button", name="Copy the link").is_visible()


def test_a_slow_camera_is_said(visit: Visits) -> None:
    seen = begin(visit, Camera(empty_layers(100.0), fps=2))
    seen.until("slow_camera", seconds=20)


def test_a_used_and_an_unknown_link_have_their_screens(visit: Visits, served: Served, honest: Camera) -> None:
    first = visit(honest)
    first.until("consent")
    second = visit(honest, first.opened)
    second.until("used")
    third = visit(honest, {"link": f"{served.base}/capture/#{'x' * 22}.{'y' * 43}"})
    third.until("expired")
    fourth = visit(honest, {"link": f"{served.base}/capture/"})
    fourth.until("expired")


def test_a_busy_server_is_waited_for(visit: Visits, honest: Camera) -> None:
    body = '{"type":"urn:borderlight:problem:overloaded","title":"busy","status":503}'
    seen = visit(honest, init_script=NO_SOCKET)
    seen.page.route("**/challenge", lambda r: r.fulfill(status=503, body=body, content_type="application/problem+json"))
    seen.until("consent")
    seen.tap("Start")
    seen.until("busy", seconds=30)
    seen.page.unroute("**/challenge")
    seen.until("consent", seconds=20)


def test_a_late_answer_is_still_told_to_whoever_waits(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    held = {"now": True}

    def answer(route: Any) -> None:
        response = route.fetch()
        body = response.json()
        if held["now"] and body.get("state") == "decided":
            body |= {"state": "captured", "outcome": None}
        route.fulfill(response=response, json=body)

    seen.page.route("**/v1/sessions/*?wait_s=*", answer)
    seen.until("consent")
    seen.tap("Start")
    seen.until("later", seconds=60)
    held["now"] = False
    seen.until("done", seconds=15)


def test_a_desktop_hands_over_and_follows(visit: Visits, honest: Camera) -> None:
    desktop = visit(None, viewport={"width": 1280, "height": 800}, has_touch=False, is_mobile=False)
    desktop.until("hand_over")
    assert desktop.page.locator("img.qr").is_visible()
    seen = begin(visit, honest, opened=desktop.opened)
    seen.until("done", seconds=40)
    desktop.until("done", seconds=25)


@pytest.mark.parametrize(("language", "title"), [("fr", "Confirmez que c’est bien vous"), ("ar", "أكّد أنك أنت")])
def test_the_agency_chooses_the_language_and_the_traveller_changes_it(
    visit: Visits, served: Served, honest: Camera, language: str, title: str
) -> None:
    seen = visit(honest, served.open(language=language))
    seen.until("consent")
    seen.page.get_by_role("heading", name=title).wait_for()
    assert seen.page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    seen.page.select_option("#language", "es")
    seen.page.get_by_role("heading", name="Confirme que es usted").wait_for()


def test_the_page_works_by_keyboard_and_speaks(visit: Visits, honest: Camera) -> None:
    seen = visit(honest)
    seen.until("consent")
    assert seen.page.evaluate("document.activeElement.id") == "title", "a screen reader begins at the title"
    for _ in range(6):
        seen.page.keyboard.press("Tab")
        if seen.page.evaluate("document.activeElement.textContent") == "Start":
            break
    seen.page.keyboard.press("Enter")
    seen.until("asking_camera", "warming", "placing", "light_check")
    seen.page.wait_for_function("document.getElementById('said').textContent.length > 0")


def test_an_agency_embeds_the_page_and_hears_its_states(
    visit: Visits, served: Served, honest: Camera, agencies: dict[str, str]
) -> None:
    seen = visit(honest, {"link": f"{served.base}/docs"})
    link = served.open()["link"]
    seen.page.goto(f"{agencies['stranger']}/#{link}")
    seen.page.wait_for_timeout(1500)
    assert seen.page.evaluate("heard") == [], "an origin that is not configured hears nothing"
    seen.page.goto(f"{agencies['ours']}/#{link}")
    seen.page.wait_for_function("heard.includes('consent')")
