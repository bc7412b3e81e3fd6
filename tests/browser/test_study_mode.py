"""Study mode as its operator uses it: consent, labels, a real capture, and a bundle that the evaluation can read."""

import json
import subprocess
import sys
from collections.abc import Generator
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser
from visit import MELANIN, PERSON

from borderlight.contracts.bundle import read_bundle
from borderlight_lab.browser.traveller import Camera, phone
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from borderlight_tools.devstack.server import Server, answers, free_ports

CONSENT = "We film your face for a few seconds while the screen shows colours, to measure how well this works. " * 2


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "borderlight_cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def study(models: Path, tmp_path: Path) -> Generator[tuple[str, Path]]:
    (tmp_path / "consent.md").write_text(CONSENT)
    folder = tmp_path / "study"
    run(
        "study", "init", str(folder), "--title", "Faces in bad light", "--contact", "lead@example.org",
        "--consent", str(tmp_path / "consent.md"),
    )  # fmt: skip
    (port,) = free_ports(1)
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "borderlight_cli", "study", "serve", str(folder), "--port", str(port)]
    ready = partial(answers, f"{base}/study")
    server = Server("study", command, tmp_path / "study.log", ready, {"CAPTURE_INGEST_MIN_CAMERA_FPS": "5"})
    server.start()
    yield base, folder
    server.stop()


def test_a_capture_of_a_consenting_subject_becomes_a_labelled_bundle(
    study: tuple[str, Path], browser: Browser, honest: Camera, tmp_path: Path
) -> None:
    base, folder = study
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(document_photo(make_head(PERSON, MELANIN), 3))
    console = browser.new_page()
    console.goto(f"{base}/study")
    assert console.get_by_role("button", name="Open the capture").is_disabled(), "nobody has consented"
    console.fill("[name=pseudonym]", "S-001")
    console.fill("[name=recorded_by]", "lead")
    console.select_option("[name=skin_tone]", "medium")
    console.set_input_files("[name=photo]", photo)
    console.check("[name=agreed]")
    console.get_by_role("button", name="Take down the consent").click()
    console.fill("[name=ambient_lx]", "120")
    console.fill("[name=device]", "virtual phone")
    console.get_by_role("button", name="Open the capture").click()
    link = console.get_by_role("link", name="open here").get_attribute("href")
    assert link is not None

    traveller = phone(browser, honest)
    page = traveller.new_page()
    page.goto(link)
    page.get_by_role("button", name="Start", exact=True).click()
    console.get_by_text("Recorded").wait_for(timeout=60_000)
    traveller.close()
    console.close()

    out = tmp_path / "bundles"
    run("study", "export", str(folder), str(out))
    (bundle,) = (path.parent for path in out.glob("*/capture.json"))
    read = read_bundle(bundle)
    assert len(read.video) > 50_000 and read.capture["challenge"]["steps"] and read.documents[0].kind == "passport"
    truth = json.loads((bundle / "truth.json").read_text())
    assert (truth["label"], truth["subject"], truth["ambient_lx"]) == ("bona_fide", "S-001", 120)
    answer = json.loads(run("verify", "--json", str(bundle)))
    assert answer["liveness"]["outcome"] == "bona_fide" and answer["comparison"]["outcome"] == "match", answer

    run("study", "withdraw", str(folder), "S-001")
    assert not bundle.exists() and not list((folder / "captures").iterdir())


def test_a_foreign_page_cannot_use_the_console(study: tuple[str, Path]) -> None:
    base, folder = study
    form = {"pseudonym": "S-002", "recorded_by": "x", "agreed": "yes"}
    foreign = httpx.post(f"{base}/study/subjects", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    unticked = httpx.post(f"{base}/study/subjects", data={**form, "agreed": ""})
    assert unticked.status_code == 422 and "consent" in unticked.text
    assert json.loads((folder / "study.json").read_text())["subjects"] == []
