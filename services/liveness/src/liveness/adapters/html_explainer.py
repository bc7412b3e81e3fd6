"""Explain an assessment as one self-contained HTML page: no script, no other file, plain words."""

import base64
import html
import struct
import zlib

import numpy as np

from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight.contracts.normalized_capture import NormalizedCapture
from liveness.domain.assessment import Assessment
from liveness.domain.finding import Advice, Evidence, Finding, Outcome
from liveness.domain.measure.response import ResponseMap

_TITLES = {
    "challenge_match": "The colours that were shown, when they were shown",
    "lag": "The delay between screen and camera",
    "diffuse_reflection": "Skin, not glass",
    "own_reflectance": "The face's own colours",
    "relief": "The shape of a face",
    "background": "A room behind the face",
    "sensor_rows": "A sensor that reads row by row",
    "corneal_glint": "The screen mirrored in an eye",
    "continuity": "A film without cuts",
    "commitment": "An answer in time",
    "recording": "A recording of moving light",
}
_SAYS = {
    Finding.SUPPORTS_BONA_FIDE: ("speaks for a live face", "for"),
    Finding.SUPPORTS_ATTACK: ("speaks against it", "against"),
    Finding.CANNOT_TELL: ("cannot tell", "open"),
}
_VERDICTS = {
    Outcome.BONA_FIDE: "The light fell on a live face.",
    Outcome.ATTACK: "The light did not answer as it does on a live face.",
    Outcome.INCONCLUSIVE: "This capture does not allow an answer.",
}
_HELPS = {
    Advice.TOO_BRIGHT: "shade, or a brighter screen",
    Advice.LIGHT_AHEAD: "turning until the window or lamp is beside the face",
    Advice.TOO_FAR: "the phone nearer to the face",
    Advice.TURNED: "looking straight at the screen",
    Advice.MOVED: "keeping still while the light changes",
    Advice.COVERED: "keeping the whole face free and in the picture",
    Advice.SLOW_CAMERA: "closing other apps: the camera was too slow",
}
_AT_MOST = {"lag", "continuity", "commitment", "background", "recording"}
_PARTS = ("share", "of the ")
"""How units begin of which a hundredth is called a per cent."""
_SPREAD = 0.8
"""Log ratio at which the colours of a map are strongest."""
_CHANNELS = (("red", "#d33"), ("green", "#2a2"), ("blue", "#36d"))
_STYLE = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1c2330;background:#fbfbf9}h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin-top:2rem}
.outcome{font-size:1.2rem;padding:.6rem 1rem;border-left:6px solid #888;background:#fff}.bona_fide{border-color:#2c7a4b}
.attack{border-color:#a33}.inconclusive{border-color:#b8860b}table{border-collapse:collapse;width:100%;background:#fff}
td,th{padding:.5rem .6rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}.for{color:#2c7a4b}
.against{color:#a33}.open{color:#7a5c00}img{image-rendering:pixelated;border:1px solid #ccc}
figure{display:inline-block;vertical-align:top;
margin:0 1rem 1rem 0}figcaption{font-size:.85rem;max-width:14rem}small{color:#556}
"""


def png(pixels: np.ndarray) -> bytes:
    """PNG file of [height, width, 3] uint8."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\x00" + pixels[y].tobytes() for y in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 3)) + chunk(b"IEND", b"")


def _image(pixels: np.ndarray, caption: str, width: int) -> str:
    source = base64.b64encode(png(np.ascontiguousarray(pixels, dtype=np.uint8))).decode()
    text = html.escape(caption)
    image = f'<img src="data:image/png;base64,{source}" width="{width}" alt="{text}">'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>"


def _diverging(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Blue (less) over white to orange (more); cells without measurement are grey."""
    x = np.clip(np.nan_to_num(values) / _SPREAD, -1.0, 1.0)[..., None]
    low, mid, high = np.array([33.0, 102, 172]), np.array([247.0, 247, 247]), np.array([217.0, 95, 14])
    colour = np.where(x < 0, mid + (low - mid) * -x, mid + (high - mid) * x)
    return np.where(usable[..., None], colour, 205.0).astype(np.uint8)


def _maps(response: ResponseMap, assessment: Assessment) -> str:
    geometry = assessment.measurement.geometry
    ratio = np.log(np.clip(response.ratio, 0.15, 5.0))
    ratio = ratio - np.median(ratio[response.usable])
    cells = response.usable & geometry.inside
    templates = geometry.relief_templates()
    templates = templates - np.median(templates[:, cells], axis=1)[:, None, None]
    apart = [
        np.abs(np.clip(template, -_SPREAD, _SPREAD) - np.clip(ratio, -_SPREAD, _SPREAD))[cells].mean()
        for template in templates
    ]
    expected = templates[int(np.argmin(apart))]
    return (
        _image(_diverging(ratio, response.usable), "Measured: screen light over room light, cell by cell", 216)
        + _image(
            _diverging(expected, geometry.inside),
            "What a live face of this shape would show, roughly, in the room that fits best",
            216,
        )
        + "<p>Orange: more screen light than room light. On a face the hollows beside the nose and under brow and lip "
        "are shaded from the room and turn orange; a picture of a face shows no such pattern.</p>"
    )


def _light(assessment: Assessment, schedule: ColourSchedule, times: np.ndarray) -> str:
    """The shown colours above the light of the face."""
    measured = assessment.measurement
    width, height, top = 900, 230, 40
    end = float(times[-1]) or 1.0
    parts = [f'<svg viewBox="0 0 {width} {height + top}" role="img" aria-label="Shown colours and measured answer">']
    for slot in schedule.slots:
        x = (slot.start_ms + measured.challenge.lag_ms) / end * width
        w = slot.duration_ms / end * width
        parts.append(f'<rect x="{x:.1f}" y="4" width="{w:.1f}" height="28" fill="rgb{slot.srgb}" stroke="#999"/>')
    face_light, fitted = measured.face_light, measured.screen.fitted
    low, high = float(face_light.min()), float(face_light.max())
    scale = (height - 20) / max(high - low, 1e-6)
    for channel, (_, colour) in enumerate(_CHANNELS):
        drawn = (
            (times[measured.screen.frames], fitted, 'stroke-width="5" opacity=".25"'),
            (times, face_light, 'stroke-width="1.6"'),
        )
        for moments, series, style in drawn:
            points = " ".join(
                f"{t / end * width:.1f},{top + height - 10 - (v - low) * scale:.1f}"
                for t, v in zip(moments.tolist(), series[:, channel].tolist(), strict=True)
            )
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" {style}/>')
    parts.append(
        "</svg><p>Above: the colours the screen showed, moved by the measured delay. Below: the light on the face, "
        "for red, green and blue (thin), and what the shown colours explain of it (broad).</p>"
    )
    return "".join(parts)


def _amounts(item: Evidence) -> tuple[str, str]:
    """(what was measured with its bounds, what it is held against), as people read numbers."""
    numbers = (item.reading.value, item.reading.lower, item.reading.upper, item.reading.limit)
    if item.unit.startswith(_PARTS):
        value, lower, upper, limit = (f"{100.0 * number:.0f}" for number in numbers)
        unit = "% " + item.unit.removeprefix("share").strip()
    else:
        value, lower, upper, limit = (f"{number:.3g}" for number in numbers)
        unit = item.unit
    side = "at most" if item.name in _AT_MOST else "at least"
    measured = f"{value} {html.escape(unit)} <small>({lower} to {upper})</small>"
    return measured, f"{side} {limit}{' %' if unit.startswith('%') else ''}"


def _row(item: Evidence) -> str:
    words, style = _SAYS[item.finding]
    measured, limit = _amounts(item)
    return (
        f"<tr><th scope='row'>{html.escape(_TITLES.get(item.name, item.name))}</th><td>{html.escape(item.meaning)}"
        f"</td><td>{measured}</td><td>{limit}</td><td class='{style}'>{words}</td></tr>"
    )


class HtmlExplainer:
    """The Explainer port."""

    def explain(self, capture: NormalizedCapture, assessment: Assessment) -> bytes:
        judgement = assessment.judgement
        faces = "".join(_image(face, "The face in the capture", 160) for face in capture.faces[:1])
        response = assessment.measurement.response
        maps = _maps(response, assessment) if response is not None else "<p>Too little of the face was measurable.</p>"
        drawn = _light(assessment, ColourSchedule.from_json(capture.header["challenge"]), capture.frame_time_ms)
        rows = "".join(_row(item) for item in judgement.evidence)
        advice = "; ".join(_HELPS[code] for code in judgement.advice)
        text = (
            "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
            f"<title>Liveness of {html.escape(str(capture.header['session_id']))}</title><style>{_STYLE}</style>"
            f"<h1>Why the answer is “{judgement.outcome.value.replace('_', ' ')}”</h1>"
            f"<small>Session {html.escape(str(capture.header['session_id']))}</small>"
            f"<p class='outcome {judgement.outcome.value}'>{_VERDICTS[judgement.outcome]}</p>"
            + (f"<p>What would help: {html.escape(advice)}.</p>" if advice else "")
            + f"<h2>Shown and measured</h2>{drawn}"
            + f"<h2>The face, and the light on it</h2>{faces}{maps}"
            + "<h2>The evidence</h2><table><thead><tr><th>Question</th><th>Answer</th><th>Measured</th><th>Limit</th>"
            + f"<th>It</th></tr></thead><tbody>{rows}</tbody></table>"
            + "<p><small>In brackets: the range that the error of measurement allows; a line speaks for a live face "
            "when all of it does. A live face needs every necessary line to speak for it. One line against it is "
            "enough to refer the traveller to an officer; nobody is refused by the machine.</small></p></html>"
        )
        return text.encode()
