"""Read faces with the verified ONNX models."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from borderlight.vision.detector import FaceBox, FaceDetector
from borderlight.vision.embedder import FaceEmbedder, align_chip
from borderlight.vision.frame import Frame
from borderlight.vision.landmarker import FaceLandmarker, FaceMesh, Region
from matcher.adapters.photo_decoder import PhotoRefused, PixelDecoder, decode_photo
from matcher.adapters.photo_pixels import decode_pixels
from matcher.domain.photo_quality import QualityLimits, flags, measure_quality, refusals
from matcher.ports import PhotoReading

_RIVAL_SHARE = 0.6
"""A second face of at least this share of the main one's size is no ghost portrait unless it is the same person."""
_SAME_PERSON = 0.5
_MIN_PRESENCE = 0.5


class OnnxFaceReader:
    """The FaceReader port; holds the models."""

    def __init__(
        self,
        models: Path,
        embedder: FaceEmbedder | None = None,
        limits: QualityLimits | None = None,
        pixels: PixelDecoder = decode_pixels,
    ) -> None:
        """pixels: decodes photographs; the service gives the one in the sandbox."""
        cv2.setNumThreads(1)
        self._pixels = pixels
        self._detector = FaceDetector(models)
        self._landmarker = FaceLandmarker(models)
        self._embedder = embedder or FaceEmbedder(models)
        self._limits = limits or QualityLimits()

    @property
    def model_sha256(self) -> str:
        return self._embedder.model_sha256

    def embed_chips(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        return self._embedder.embed(chips).mean(0)

    def _faces(self, rgb: np.ndarray) -> list[FaceBox]:
        """Faces of the whole picture; of its quarters when the whole shows none (a face on a scanned page)."""
        found = self._detector.detect(rgb)
        if found:
            return found
        height, width = rgb.shape[:2]
        for top in (0, height // 3):
            for left in (0, width // 3):
                part = rgb[top : top + 2 * height // 3, left : left + 2 * width // 3]
                if min(part.shape[:2]) < 64:
                    continue
                offset = np.array([left, top], dtype=float)
                for box in self._detector.detect(np.ascontiguousarray(part)):
                    found.append(FaceBox(box.centre + offset, box.size, box.points + offset, box.score))
        return [max(found, key=lambda box: box.score)] if found else []

    def _chip(self, rgb: np.ndarray, face: FaceBox) -> tuple[np.ndarray, FaceMesh]:
        mesh = self._landmarker.locate(Frame(pixels=rgb), Region.around_box(face))
        return align_chip(rgb, mesh.points), mesh

    def read_photo(self, photo: bytes) -> PhotoReading:
        try:
            rgb = decode_photo(photo, self._pixels)
        except PhotoRefused as refused:
            return PhotoReading(None, (refused.reason,))
        faces = self._faces(rgb)
        if not faces:
            return PhotoReading(None, ("comparison.reference_no_face",))
        main = max(faces, key=lambda face: float(face.size.prod()))
        chip, mesh = self._chip(rgb, main)
        if mesh.presence < _MIN_PRESENCE:
            return PhotoReading(None, ("comparison.reference_no_face",), (), {"face_presence": round(mesh.presence, 4)})
        quality = measure_quality(rgb, mesh.points, mesh.presence)
        refused = refusals(quality, self._limits)
        if refused:
            return PhotoReading(None, refused, (), quality)
        embedding = self._embedder.embed([chip])[0]
        rivals = [f for f in faces if f is not main and f.size.max() > _RIVAL_SHARE * main.size.max()]
        for rival in rivals:
            other = self._embedder.embed([self._chip(rgb, rival)[0]])[0]
            if float(np.linalg.norm(other - embedding)) > _SAME_PERSON:
                return PhotoReading(None, ("comparison.reference_several_faces",), (), quality)
        return PhotoReading(embedding, (), flags(quality, self._limits), quality)
