"""Turn a video into a normalized capture: decode once, track the face, sample it.

Runs inside the sandboxed worker process (`sandboxed_capture_normalizer.py`), which holds memory and CPU down.
"""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from borderlight.contracts.normalized_capture import NormalizedCapture, pack
from borderlight.errors import CaptureRejected
from borderlight.vision.chip import ARCFACE, align_chip, chip_bounds
from borderlight.vision.detector import FaceDetector
from borderlight.vision.frame import Frame
from borderlight.vision.landmarker import FaceLandmarker
from borderlight.vision.reduced_frame import ReducedFrame
from capture_ingest.adapters.video.decoder import DecodeLimits, open_video
from capture_ingest.adapters.video.face_grid import fit_grid, look_at_scene, sample_faces, sample_scenes
from capture_ingest.adapters.video.face_track import FaceTrack, track_face
from capture_ingest.domain.committed_film import CommittedFilm
from capture_ingest.domain.probe_selection import rank_frames, spread, yaw_measure

_EYE_SIZE = (40, 24)
_EYE_CORNERS = ((33, 133), (362, 263))
_FACE_SIDE = 160
_CHIPS = 2
_MOST_CANDIDATES = 12
_LOOK_EVERY_MS = 200.0
"""How often landmarks are looked for: a head is seen as often whatever the frame rate."""
_LOOK_SLACK_MS = 17.0
_MIN_EYE_DISTANCE_PX = 40.0


class VisionCaptureNormalizer:
    """Holds the two models; one instance per worker process."""

    def __init__(self, models: Path, limits: DecodeLimits, first_look_ms: float = 0.0) -> None:
        """first_look_ms: when landmarks are looked for first; the answers should not depend on it."""
        cv2.setNumThreads(1)
        self._first_look_ms = first_look_ms
        self._limits = limits
        self._detector = FaceDetector(models)
        self._landmarker = FaceLandmarker(models)

    def normalize(self, video: bytes, header: dict[str, Any], committed: CommittedFilm | None = None) -> bytes:
        """Packed normalized capture of `video`; `header` carries challenge and client log. Raises CaptureRejected."""
        times: list[float] = []
        end_bytes: list[int | None] = []
        looks: dict[int, Frame] = {}
        frames: list[ReducedFrame] = []
        scene_looks: list[np.ndarray] = []
        due_ms = self._first_look_ms
        with open_video(video, self._limits) as opened:
            properties = opened.properties
            for decoded in opened.frames():
                if decoded.time_ms >= due_ms - _LOOK_SLACK_MS:
                    due_ms = max(due_ms, decoded.time_ms - _LOOK_EVERY_MS / 2) + _LOOK_EVERY_MS
                    looks[len(times)] = decoded.frame.kept()
                times.append(decoded.time_ms)
                end_bytes.append(decoded.end_byte)
                # At once, while the frame is in the processor's cache.
                frames.append(decoded.frame.reduced())
                scene_looks.append(look_at_scene(frames[-1]))
        if len(frames) < self._limits.min_frames or times[-1] < self._limits.min_duration_ms:
            duration = times[-1] / 1000 if times else 0.0
            raise CaptureRejected("capture.too_short", f"{len(frames)} frames in {duration:.1f} s are too few to judge")
        track = track_face(list(looks.items()), self._detector, self._landmarker)
        grid = fit_grid(track, len(frames))
        face_radiance, face_usable = sample_faces(frames, grid.to_frame)
        chips, chip_frame, quality = _probe(looks, track)
        first = next(iter(looks.values()))
        quality["frame_width_px"], quality["frame_height_px"] = first.width, first.height
        capture = NormalizedCapture(
            header={
                **header,
                "video": {
                    "sha256": hashlib.sha256(video).hexdigest(),
                    "bytes": len(video),
                    "container": properties.container,
                    "codec": properties.codec,
                    "profile": properties.profile,
                    "width": properties.width,
                    "height": properties.height,
                },
                "quality": quality,
                "chip_template": ARCFACE.name,
            },
            frame_time_ms=np.array(times),
            face_radiance=face_radiance,
            face_usable=face_usable,
            grid_to_frame=grid.to_frame,
            scene_radiance=sample_scenes(scene_looks, frames),
            tracked_frame=track.tracked_frame,
            landmarks=np.clip(np.round(track.points * 16), -32768, 32767),
            mesh=grid.mesh,
            eyes=np.stack([_eyes(looks[t], track.points[k]) for k, t in enumerate(track.tracked_frame.tolist())]),
            faces=_face_pictures(looks, track),
            chips=chips,
            chip_frame=chip_frame,
            frame_committed_ms=None if committed is None else np.array([*map(committed.committed_ms, end_bytes)]),
            slot_released_ms=None if committed is None else np.array(committed.released_ms),
        )
        return pack(capture)


def _chip(frame: Frame, points: np.ndarray) -> np.ndarray:
    rgb, left, top = frame.crop(*chip_bounds(points))
    return align_chip(rgb, points[:, :2] - (left, top))


def _probe(looks: dict[int, Frame], track: FaceTrack) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    step = -(-len(track.tracked_frame) // _MOST_CANDIDATES)
    candidates = np.arange(0, len(track.tracked_frame), step)
    chips = [_chip(looks[int(track.tracked_frame[k])], track.points[k]) for k in candidates]
    sharpness = np.array([float(cv2.Laplacian(cv2.cvtColor(c, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()) for c in chips])
    means = np.array([cv2.mean(chip[22:90, 22:90])[:3] for chip in chips])
    chromaticity = means / np.maximum(means.sum(1, keepdims=True), 1.0)
    cast = np.abs(chromaticity - np.median(chromaticity, axis=0)).sum(1)
    yaw = yaw_measure(track.points[candidates])
    chosen = spread(rank_frames(sharpness, yaw, cast), _CHIPS, 2)
    eyes_px = np.linalg.norm(track.points[:, 263, :2] - track.points[:, 33, :2], axis=1)
    nose = track.points[:, 1, :2]
    moved = np.abs(np.diff(nose, axis=0)).sum(1) / np.maximum(eyes_px[1:], 1.0) if len(nose) > 1 else np.zeros(1)
    quality = {
        "eye_distance_px": round(float(np.median(eyes_px)), 2),
        "min_eye_distance_px": _MIN_EYE_DISTANCE_PX,
        "yaw": round(float(np.median(yaw)), 4),
        "sharpness": round(float(np.median(sharpness)), 2),
        "mean_code_value": round(float(means.mean()), 2),
        "motion_per_track": round(float(np.median(moved)), 5),
        "least_presence": round(float(track.presence.min()), 4),
        "tracked_share": round(track.tracked_share, 3),
    }
    return np.stack([chips[k] for k in chosen]), track.tracked_frame[candidates[chosen]], quality


def _eyes(frame: Frame, points: np.ndarray) -> np.ndarray:
    crops: list[np.ndarray] = []
    for left, right in _EYE_CORNERS:
        a, b = points[left, :2], points[right, :2]
        axis = (b - a) / (_EYE_SIZE[0] * 0.7)
        centre = (a + b) / 2
        matrix = np.array([[axis[0], -axis[1], 0], [axis[1], axis[0], 0]])
        matrix[:, 2] = centre - matrix[:, :2] @ np.array([_EYE_SIZE[0] / 2, _EYE_SIZE[1] / 2])
        crops.append(frame.warp(matrix, _EYE_SIZE))
    return np.stack(crops)


def _face_pictures(looks: dict[int, Frame], track: FaceTrack) -> np.ndarray:
    pictures: list[np.ndarray] = []
    for k in np.linspace(0, len(track.tracked_frame) - 1, 2).round().astype(int):
        points = track.points[k, :, :2]
        low, high = points.min(0), points.max(0)
        side = float((high - low).max()) * 1.25
        scale = side / _FACE_SIDE
        origin = (low + high) / 2 - side / 2
        matrix = np.array([[scale, 0, origin[0]], [0, scale, origin[1]]])
        pictures.append(looks[int(track.tracked_frame[k])].warp(matrix, (_FACE_SIDE, _FACE_SIDE)))
    return np.stack(pictures)
