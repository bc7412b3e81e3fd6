"""The demo's HTML report: frames, faces, verdicts and the liveness pages, in one file."""

import base64
import io
from pathlib import Path
from typing import Any

import av
import cv2
import jinja2
import numpy as np

from borderlight_lab.demo.cast import Act
from borderlight_lab.demo.journey import Travelled

_FRAMES = 7
_TEMPLATE = Path(__file__).parent / "report.html.j2"


def _jpeg(rgb: np.ndarray, height: int) -> str:
    small = cv2.resize(rgb, (round(rgb.shape[1] * height / rgb.shape[0]), height), interpolation=cv2.INTER_AREA)
    done, content = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise RuntimeError("OpenCV could not encode a JPEG")
    return base64.b64encode(content.tobytes()).decode()


def _frames(travelled: Travelled) -> tuple[list[dict[str, Any]], np.ndarray]:
    """(pictures from the middle of evenly chosen slots with the colour shown, the middle frame)."""
    with av.open(io.BytesIO(travelled.session.video), mode="r") as container:
        decoded = [(float(f.time or 0.0) * 1000.0, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    slots = travelled.session.schedule.slots
    lag_ms = float(travelled.session.truth["lag_ms"])
    shown: list[dict[str, Any]] = []
    for number in np.linspace(0, len(slots) - 1, _FRAMES).round().astype(int).tolist():
        slot = slots[number]
        wanted = slot.start_ms + lag_ms + 0.6 * slot.duration_ms
        at, rgb = decoded[int(np.argmin([abs(moment - wanted) for moment, _ in decoded]))]
        shown.append({"jpeg": _jpeg(rgb, 220), "at": round(at), "colour": slot.srgb})
    return shown, decoded[len(decoded) // 2][1]


def _card(act: Act, travelled: Travelled) -> dict[str, Any]:
    verdict = travelled.verdict
    frames, middle = _frames(travelled)
    photo = cv2.imdecode(np.frombuffer(travelled.session.photo, np.uint8), cv2.IMREAD_COLOR)
    if photo is None:
        raise RuntimeError("the simulator wrote an unreadable photograph")
    score = verdict.comparison.score
    return {
        "title": act.title,
        "why": act.why,
        "expected": " or ".join(act.expected),
        "outcome": verdict.outcome.value,
        "liveness": verdict.liveness.outcome or "missing",
        "comparison": verdict.comparison.outcome or "missing",
        "reasons": ", ".join(verdict.reasons),
        "advice": ", ".join(verdict.advice),
        "frames": frames,
        "probe": _jpeg(middle[90:540, 70:410], 160),
        "photo": _jpeg(photo[:, :, ::-1], 160),
        "score": "–" if score is None else f"{score:.2f}",
        "threshold": "–" if verdict.comparison.threshold is None else f"{verdict.comparison.threshold:.2f}",
        "explanation": travelled.explanation,
    }


def write_report(path: Path, travelled: list[tuple[Act, Travelled]]) -> None:
    """Write the report to `path`, self-contained."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(_TEMPLATE.read_text())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.render(acts=[_card(act, one) for act, one in travelled]))
