"""The calibration of the comparison as a page and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2

from borderlight_lab.calibration.comparison import ComparisonCalibration, OperatingPoint, Pair, statement
from borderlight_lab.evaluation.curves import det_curve, histogram
from borderlight_lab.evaluation.page import percent
from borderlight_lab.evaluation.statistics import Rate

_LISTED = 12


def _short(found: Rate | None) -> str:
    return "–" if found is None else f"{100 * found.value:.2f} %"


def _percent(found: Rate | None) -> str:
    return percent(None if found is None else found.to_json())


def _point(point: OperatingPoint) -> dict[str, Any]:
    rates = {"fmr": point.fmr, "fnmr": point.fnmr}
    return {
        "threshold": point.threshold,
        **{name: None if value is None else value.to_json() for name, value in rates.items()},
    }


def calibration_json(found: ComparisonCalibration, about: dict[str, str]) -> dict[str, Any]:
    """What lies beside the threshold file."""
    plain = {key: value for key, value in asdict(found).items() if key not in ("chosen", "groups", "table")}
    return {
        "schema": "borderlight.comparison-calibration/1",
        **about,
        **plain,
        "statement": statement(found),
        "chosen": _point(found.chosen),
        "groups": {name: _point(point) for name, point in found.groups.items()},
        "table": [_point(point) for point in found.table],
    }


def write_calibration_page(
    folder: Path, found: ComparisonCalibration, pairs: Sequence[Pair], about: dict[str, str]
) -> Path:
    """report.html and report.json below `folder`; the page's path. about: run, made_at, model, source."""
    scored = [(pair, pair.score) for pair in pairs if pair.score is not None]
    mated = [score for pair, score in scored if pair.same]
    non_mated = [score for pair, score in scored if not pair.same]
    limit = found.chosen.threshold
    plots = [
        det_curve(mated, non_mated, "Detection error trade-off", ("false match rate", "false non-match rate")),
        histogram(
            {"mated": mated, "non-mated": non_mated}, "Scores", limit, "score (higher is more alike)", "comparisons"
        ),
    ]
    nearest = sorted(scored, key=lambda item: item[1] - limit if item[0].same else limit - item[1])
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    text = environment.get_template("comparison.html.j2").render(
        found=found, statement=statement(found), plots=plots, hardest=[pair for pair, _ in nearest[:_LISTED]],
        failures=[pair for pair in pairs if pair.score is None][:_LISTED], percent=_percent, rate=_short, **about,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_text(text)
    (folder / "report.json").write_text(json.dumps(calibration_json(found, about), indent=1) + "\n")
    return page
