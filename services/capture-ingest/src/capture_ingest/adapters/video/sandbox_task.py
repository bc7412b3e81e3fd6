"""What the worker in the sandbox does: a video and its header in, a normalized capture or the reason why not out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from borderlight.errors import CaptureRejected
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer
from capture_ingest.domain.committed_film import CommittedFilm

Task = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]


def make_task(arguments: dict[str, Any]) -> Task:
    """Load the models; arguments: models (folder), limits (fields of DecodeLimits)."""
    normalizer = VisionCaptureNormalizer(Path(arguments["models"]), DecodeLimits(**arguments["limits"]))
    _warm_up(normalizer)

    def normalize(header: dict[str, Any], video: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            return {}, normalizer.normalize(video, header["capture"], _committed(header["committed"]))
        except CaptureRejected as rejected:
            return {"rejected": rejected.code, "explanation": str(rejected)[:500]}, b""

    return normalize


def _committed(raw: dict[str, Any] | None) -> CommittedFilm | None:
    if raw is None:
        return None
    ends, arrived, released = (tuple(raw[name]) for name in ("ends", "arrived_ms", "released_ms"))
    return CommittedFilm(ends, arrived, released)


def _warm_up(normalizer: VisionCaptureNormalizer) -> None:
    """Let libraries load what they load late: afterwards no file can be opened where the kernel lacks Landlock."""
    try:
        normalizer.normalize(b"not a video", {})
    except CaptureRejected:
        np.linalg.lstsq(np.eye(3), np.ones(3), rcond=None)
