"""What the challenge's colours cost the comparison, and what undoing them gains, on honest captures.

Per capture, two sets of chips (those that the normalizer chose for their calm light, and the frames with the strongest
cast), each embedded as filmed and with the cast undone, and compared with the document's photograph.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from borderlight.contracts.normalized_capture import unpack
from borderlight.errors import CaptureRejected
from borderlight.vision.chip import ARCFACE, align_chip
from borderlight.vision.models import default_models_folder
from capture_ingest.adapters.video.decoder import DecodeLimits, decode
from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer
from matcher.app import make_face_reader
from matcher.domain.comparison import comparison_score, mean_embedding
from matcher.domain.probe_colour import cast_gains, without_cast
from matcher.ports import FaceReader
from matcher.settings import MatcherSettings

VARIANTS = ("calm, as filmed", "calm, undone", "worst, as filmed", "worst, undone")


@dataclass(frozen=True)
class CastScores:
    """Scores of one capture against its document, in the order of VARIANTS; strongest: ratio of its largest gain.

    probe, first: embeddings of both calm chips, cast undone, and of the first alone; document: of the photograph.
    """

    bundle: str
    is_mated: bool
    scores: tuple[float, ...]
    strongest: float
    probe: np.ndarray
    first: np.ndarray
    document: np.ndarray


def second_chip_changes(found: Sequence[CastScores]) -> np.ndarray:
    """What the second chip changes in the score of every capture with every document, mated or not [cosine]."""
    documents = np.stack([item.document for item in found])
    both, first = np.stack([item.probe for item in found]), np.stack([item.first for item in found])
    return np.abs((both - first) @ documents.T).ravel()


def _chips(video: bytes, frames: np.ndarray, landmarks: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    wanted = {int(frame): landmarks[int(np.flatnonzero(tracked == frame)[0])] / 16.0 for frame in frames}
    found: dict[int, np.ndarray] = {}
    for index, decoded in enumerate(decode(video, DecodeLimits())):
        if index in wanted:
            found[index] = align_chip(decoded.frame.rgb(), wanted[index])
    return np.stack([found[int(frame)] for frame in frames])


def _measure(bundle: Path, normalizer: VisionCaptureNormalizer, reader: FaceReader) -> CastScores | None:
    raw = json.loads((bundle / "capture.json").read_text())
    video = (bundle / raw["video"]["file"]).read_bytes()
    photo = reader.read_photo((bundle / raw["documents"][0]["file"]).read_bytes())
    if photo.embedding is None:
        return None
    try:
        capture = unpack(normalizer.normalize(video, {"challenge": raw["challenge"]}))
    except CaptureRejected:
        return None
    course = capture.face_radiance.astype(np.float32).mean((1, 2))
    tracked = capture.tracked_frame.astype(int)
    gains = cast_gains(course, tracked)
    cast = gains.max(1) / gains.min(1)
    count = len(capture.chip_frame)
    worst = np.sort(tracked[np.argsort(cast)[-count:]])
    scores: list[float] = []
    calm: list[np.ndarray] = []
    for frames in (capture.chip_frame.astype(int), worst):
        chips = _chips(video, frames, capture.landmarks.astype(float), tracked)
        for shown in (chips, without_cast(chips, cast_gains(course, frames))):
            embedded = reader.embed_chips(list(shown), ARCFACE.name)
            if len(scores) < 2:  # the last of these two stays: calm, undone
                calm = [mean_embedding(embedded), embedded[0]]
            scores.append(comparison_score(mean_embedding(embedded), photo.embedding))
    return CastScores(bundle.name, True, tuple(scores), float(cast.max()), calm[0], calm[1], photo.embedding)


def measure_cast(bundles: Sequence[Path], advance: Callable[[], None]) -> list[CastScores]:
    """Honest bundles only; a truth file says which, and whether the document is the traveller's."""
    models = default_models_folder()
    normalizer, reader = VisionCaptureNormalizer(models, DecodeLimits()), make_face_reader(MatcherSettings())
    found: list[CastScores] = []
    for bundle in bundles:
        advance()
        truth: dict[str, Any] = json.loads((bundle / "truth.json").read_text())
        if truth["label"] == "bona_fide" and (scores := _measure(bundle, normalizer, reader)) is not None:
            found.append(replace(scores, is_mated=bool(truth["mated"])))
    return found


def cast_table(found: Sequence[CastScores], limit: float) -> list[dict[str, Any]]:
    """One row per variant: mean mated score, mated below the limit, highest non-mated score."""
    mated = np.array([item.scores for item in found if item.is_mated])
    non_mated = np.array([item.scores for item in found if not item.is_mated])
    rows: list[dict[str, Any]] = []
    for column, name in enumerate(VARIANTS):
        rows.append({
            "chips": name,
            "mated": len(mated),
            "mean_mated": round(float(mated[:, column].mean()), 4) if len(mated) else None,
            "lowest_mated": round(float(mated[:, column].min()), 4) if len(mated) else None,
            "mated_below_limit": int((mated[:, column] < limit).sum()) if len(mated) else 0,
            "non_mated": len(non_mated),
            "highest_non_mated": round(float(non_mated[:, column].max()), 4) if len(non_mated) else None,
        })  # fmt: skip
    return rows
