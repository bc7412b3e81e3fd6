"""The import as a page for the steward: counts, quality, and every refusal with what would help."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from borderlight_cli.importing.run import Imported
from matcher.domain.photo_quality import advice_for

_MEASURES = {
    "inter_eye_distance": ("distance between the eyes [px]", 0.0, 240.0),
    "sharpness": ("sharpness [mean absolute Laplacian]", 0.0, 40.0),
    "dynamic_range": ("dynamic range [code values]", 0.0, 255.0),
    "luminance_mean": ("mean luminance [code values]", 0.0, 255.0),
    "eyes_open": ("eyes open [lid gap over width]", 0.0, 0.6),
}
"""name: (words, lowest and highest value of the drawn scale)"""


def _measures(results: Sequence[Imported]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, (words, low, high) in _MEASURES.items():
        values = sorted(value for result in results for key, value in result.quality if key == name)
        if values:
            picks = [values[round(q * (len(values) - 1))] for q in (0.05, 0.5, 0.95)]
            left, middle, right = (100.0 * min(1.0, max(0.0, (v - low) / (high - low))) for v in picks)
            place = {"left": round(left, 1), "middle": round(middle, 1), "width": round(max(right - left, 0.5), 1)}
            rows.append({"words": words, "picks": picks, **place})
    return rows


def write_report(folder: Path, results: Sequence[Imported], source: str, seconds: float) -> Path:
    """report.html and report.json below `folder`; the page's path."""
    counts = Counter(result.outcome for result in results)
    reasons = Counter(reason for result in results for reason in result.reasons)
    flags = Counter(flag for result in results for flag in result.flags)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    text = environment.get_template("report.html.j2").render(
        source=source,
        total=len(results),
        seconds=seconds,
        rate=len(results) / seconds if seconds > 0 else 0.0,
        counts=counts,
        chips=Counter(result.authenticity for result in results if result.authenticity).most_common(),
        doubtful=[result for result in results if result.authenticity not in ("", "authentic", "not_signed")],
        tally=[(word, number, advice_for((word,))) for word, number in (reasons + flags).most_common()],
        measures=_measures(results),
        refused=[result for result in results if result.outcome != "enrolled"],
    )
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_text(text)
    content = {
        "schema": "borderlight.import/1",
        "source": source,
        "counts": dict(counts),
        "reasons": dict(reasons),
        "flags": dict(flags),
        "authenticity": dict(Counter(result.authenticity for result in results if result.authenticity)),
        "results": [result.__dict__ for result in results],
    }
    (folder / "report.json").write_text(json.dumps(content, indent=1) + "\n")
    return page
