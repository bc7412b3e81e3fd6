"""The evaluation as a folder: report.html, report.json, explanations of the failures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from borderlight_lab.evaluation.ablation import ablation
from borderlight_lab.evaluation.curves import det_curve, histogram
from borderlight_lab.evaluation.scoring import Judged
from borderlight_lab.evaluation.scoring import score as score_all

_TEMPLATE = Path(__file__).parent / "report.html.j2"


def percent(found: dict[str, float] | None) -> str:
    """`2.0 % (1 of 50; 0.1-10.6 %)`."""
    if found is None:
        return "–"
    low, high = 100 * found["lower"], 100 * found["upper"]
    return f"{100 * found['rate']:.1f} % ({found['count']:.0f} of {found['trials']:.0f}; {low:.1f}-{high:.1f} %)"


def _plots(items: Sequence[Judged]) -> list[str]:
    scored = [(item.label, score) for item in items if (score := item.liveness_score) is not None]
    honest = [score for label, score in scored if label == "bona_fide"]
    attack = [score for label, score in scored if label == "attack"]
    if not honest or not attack:
        return []
    return [
        det_curve(honest, attack, "DET of the liveness score", ("attacks accepted", "honest not accepted")),
        histogram(
            {"bona fide": honest, "attack": attack}, "Liveness score", 0.5, "higher is more bona fide", "captures"
        ),
    ]


def write_page(folder: Path, items: Sequence[Judged], title: str, thresholds: str) -> dict[str, Any]:
    """Write the report below `folder` (explanations are there already); the report as JSON-ready data."""
    report = {**score_all(items), "ablation": ablation(items)}
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.globals["percent"] = percent  # type: ignore[assignment]
    explained = {path.stem for path in (folder / "explanations").glob("*.html")}
    text = environment.from_string(_TEMPLATE.read_text()).render(
        title=title, report=_with_gaps(report), thresholds=thresholds, plots=_plots(items), explained=explained,
        simulated=any(item.truth.get("simulated", True) for item in items),
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(text)
    answers = [{**item.answer, "truth": item.truth} for item in items]
    (folder / "report.json").write_text(json.dumps({**report, "answers": answers}, indent=1) + "\n")
    return report


def _with_gaps(report: dict[str, Any]) -> dict[str, Any]:
    """Rates that a row does not have as None, so that the template need not ask."""
    empty = dict.fromkeys(("apcer", "bpcer", "apnrr", "bpnrr", "iapar"))
    return {**report, "species": {name: {**empty, **row} for name, row in report["species"].items()}}
