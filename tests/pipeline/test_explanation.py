"""The page behind an answer: an officer reads it without help, so it speaks in words and draws what it says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from simulated_sessions import Sessions

from borderlight.contracts.normalized_capture import NormalizedCapture, unpack
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer
from liveness.adapters.capture_series import series_of
from liveness.adapters.html_explainer import HtmlExplainer
from liveness.domain.assessment import Assessment, assess_liveness
from liveness.domain.finding import Advice
from liveness.domain.thresholds import parse_thresholds
from liveness.settings import LivenessSettings


@pytest.fixture(scope="module")
def assessed(sessions: Sessions, models: Path) -> tuple[NormalizedCapture, Assessment]:
    bundle = sessions["honest"]
    raw = json.loads((bundle / "capture.json").read_text())
    header = {"challenge": raw["challenge"], "client_video": raw["video"], "session_id": "<honest>"}
    video = (bundle / raw["video"]["file"]).read_bytes()
    capture = unpack(VisionCaptureNormalizer(models, DecodeLimits()).normalize(video, header))
    limits = parse_thresholds(LivenessSettings().thresholds_file.read_text())
    return capture, assess_liveness(series_of(capture), limits)


def test_the_page_stands_alone_and_shows_every_evidence(assessed: tuple[NormalizedCapture, Assessment]) -> None:
    page = HtmlExplainer().explain(*assessed).decode()
    assert "The light fell on a live face." in page and "Session &lt;honest&gt;" in page
    assert 'src="http' not in page and "<script" not in page and "<link" not in page
    assert page.count("<tr>") == 1 + len(assessed[1].judgement.evidence)
    assert page.count("data:image/png") == 3, "the face, the measured map, the expected map"
    assert "at least 4<" in page and "at most 600<" in page and " % of the predicted relief" in page


@pytest.mark.parametrize("code", list(Advice))
def test_advice_is_given_in_words(assessed: tuple[NormalizedCapture, Assessment], code: Advice) -> None:
    capture, assessment = assessed
    advised = replace(assessment, judgement=replace(assessment.judgement, advice=(code,)))
    page = HtmlExplainer().explain(capture, advised).decode()
    assert "What would help: " in page and code.value not in page


def test_the_page_of_the_traveller_knows_all_advice() -> None:
    """Codes travel by event; the capture page turns them into the traveller's language."""
    web = Path(__file__).parents[2] / "services" / "capture-ingest" / "web" / "src" / "outcome.ts"
    known = web.read_text()
    assert [code for code in Advice if f'"{code.value}":' not in known] == []
