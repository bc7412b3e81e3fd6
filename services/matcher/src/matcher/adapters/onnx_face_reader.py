"""Read faces with the verified ONNX models."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from borderlight.vision.face_detector import FaceDetector
from borderlight.vision.face_embedder import FaceEmbedder, align_chip
from borderlight.vision.face_landmarker import FaceLandmarker, Region
from matcher.ports import PhotoReading

_MAX_PHOTO_BYTES = 20_000_000
_MAX_PIXELS = 40_000_000
_LONG_SIDE_PX = 1280
_SECOND_FACE_SHARE = 0.6


def _stated_size(photo: bytes) -> tuple[int, int] | None:
    """(width, height) from a PNG or JPEG header, so that a bomb is refused before it is decoded."""
    if photo[:8] == b"\x89PNG\r\n\x1a\n" and len(photo) >= 24:
        return int.from_bytes(photo[16:20], "big"), int.from_bytes(photo[20:24], "big")
    at = 2
    while photo[:2] == b"\xff\xd8" and at + 9 < len(photo):
        if photo[at] != 0xFF:
            return None
        marker, length = photo[at + 1], int.from_bytes(photo[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(photo[at + 7 : at + 9], "big"), int.from_bytes(photo[at + 5 : at + 7], "big")
        if length < 2:
            return None
        at += 2 + length
    return None


class OnnxFaceReader:
    """The FaceReader port; holds the models."""

    def __init__(self, models: Path, min_eye_distance_px: float) -> None:
        cv2.setNumThreads(1)
        self._detector = FaceDetector(models)
        self._landmarker = FaceLandmarker(models)
        self._embedder = FaceEmbedder(models)
        self._min_eye_distance_px = min_eye_distance_px

    @property
    def model_sha256(self) -> str:
        return self._embedder.model_sha256

    def embed_chips(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        return self._embedder.embed(chips).mean(0)

    def read_photo(self, photo: bytes) -> PhotoReading:
        size = _stated_size(photo)
        if len(photo) > _MAX_PHOTO_BYTES or (size is not None and size[0] * size[1] > _MAX_PIXELS):
            return PhotoReading(None, ("comparison.reference_too_large",))
        if size is None:
            return PhotoReading(None, ("comparison.reference_not_an_image",))
        decoded = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            return PhotoReading(None, ("comparison.reference_not_an_image",))
        rgb = np.ascontiguousarray(decoded[:, :, ::-1])
        long_side = max(rgb.shape[:2])
        if long_side > _LONG_SIDE_PX:
            scale = _LONG_SIDE_PX / long_side
            rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = self._detector.detect(rgb)
        if not faces:
            return PhotoReading(None, ("comparison.reference_no_face",))
        main = max(faces, key=lambda face: float(face.size.prod()))
        rivals = [f for f in faces if f is not main and f.size.max() > _SECOND_FACE_SHARE * main.size.max()]
        if rivals:
            return PhotoReading(None, ("comparison.reference_several_faces",))
        mesh = self._landmarker.locate(rgb, Region.around_box(main))
        eyes_px = float(np.linalg.norm(mesh.points[263, :2] - mesh.points[33, :2]))
        quality = {"eye_distance_px": round(eyes_px, 2), "presence": round(mesh.presence, 4)}
        if mesh.presence < 0.5:
            return PhotoReading(None, ("comparison.reference_no_face",), quality)
        if eyes_px < self._min_eye_distance_px:
            return PhotoReading(None, ("comparison.reference_too_small",), quality)
        return PhotoReading(self._embedder.embed([align_chip(rgb, mesh.points)])[0], (), quality)
