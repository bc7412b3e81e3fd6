"""Read faces with the verified ONNX models."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from borderlight.vision.chip import TEMPLATES, align_chip
from borderlight.vision.detector import FaceBox
from borderlight.vision.document_detector import DocumentFaceDetector
from borderlight.vision.embedder import FaceEmbedder
from borderlight.vision.frame import Frame
from borderlight.vision.landmarker import FaceLandmarker, FaceMesh, Region
from matcher.adapters.photo_decoder import CheckedPicture, PhotoRefused, check_picture
from matcher.domain.comparison import comparison_score
from matcher.domain.photo_quality import OTHER_FACE, QualityLimits, flags, measure_quality, refusals
from matcher.ports import PhotoReading

_PAGE_LONG_SIDE_PX = 1_280
"""Size at which a page is searched for faces."""
_GOOD_FACE_PX = 320
"""A main face smaller than this on the searched page is read from a larger picture, where there is one."""
_RIVAL_SHARE = 0.6
"""Another face of at least this share of the main one's size makes the holder uncertain, unless it is the same person:
a smaller one is a ghost portrait or stands in the background."""
_MIN_PRESENCE = 0.5


class OnnxFaceReader:
    """The FaceReader port; holds the models.

    match_limit: score from which two faces on one page are one person; None while there is no limit yet, then a second
    large face is always refused.
    """

    def __init__(
        self, models: Path, embedder: FaceEmbedder, match_limit: float | None, limits: QualityLimits | None = None
    ) -> None:
        cv2.setNumThreads(1)
        self._detector = DocumentFaceDetector(models)
        self._landmarker = FaceLandmarker(models)
        self._embedder = embedder
        self._match_limit = match_limit
        self._limits = limits or QualityLimits()

    @property
    def model_sha256(self) -> str:
        return self._embedder.model_sha256

    def embed_chips(self, chips: Sequence[np.ndarray], template: str) -> np.ndarray:
        return self._embedder.embed(chips, TEMPLATES[template])

    def _mesh(self, rgb: np.ndarray, face: FaceBox) -> FaceMesh:
        """In two passes: the detector's box is only roughly what the landmark model wants."""
        frame = Frame(pixels=rgb)
        first = self._landmarker.locate(frame, Region.around_box(face))
        return self._landmarker.locate(frame, Region.around_mesh(first))

    def _embed(self, rgb: np.ndarray, mesh: FaceMesh) -> np.ndarray:
        return self._embedder.embed([align_chip(rgb, mesh.points, self._embedder.template)])[0]

    def _find(self, picture: CheckedPicture) -> tuple[np.ndarray, list[FaceBox]]:
        """The picture at the size in which its main face is read, and its faces there, the largest first."""
        rgb = picture.pixels(_PAGE_LONG_SIDE_PX)
        faces = sorted(self._detector.detect(rgb), key=lambda face: -float(face.size.prod()))
        searched = max(rgb.shape[:2])
        if not faces or picture.long_side <= searched or faces[0].size.max() >= _GOOD_FACE_PX:
            return rgb, faces
        wanted = min(picture.long_side, round(searched * _GOOD_FACE_PX / float(faces[0].size.max())))
        larger = picture.pixels(wanted)
        scale = max(larger.shape[:2]) / searched
        return larger, [FaceBox(f.centre * scale, f.size * scale, f.points * scale, f.score) for f in faces]

    def read_photo(self, photo: bytes) -> PhotoReading:
        try:
            rgb, faces = self._find(check_picture(photo))
        except PhotoRefused as refused:
            return PhotoReading(None, (refused.reason,))
        if not faces:
            return PhotoReading(None, ("comparison.reference_no_face",))
        main, others = faces[0], faces[1:]
        mesh = self._mesh(rgb, main)
        if mesh.presence < _MIN_PRESENCE:
            return PhotoReading(None, ("comparison.reference_no_face",), (), {"face_presence": round(mesh.presence, 4)})
        quality = measure_quality(rgb, mesh.points, mesh.presence)
        refused = refusals(quality, self._limits)
        if refused:
            return PhotoReading(None, refused, (), quality)
        embedding = self._embed(rgb, mesh)
        found = list(flags(quality, self._limits))
        for other in others:
            if self._is_same_person(embedding, rgb, other):
                continue
            if other.size.max() > _RIVAL_SHARE * main.size.max():
                return PhotoReading(None, ("comparison.reference_several_faces",), (), quality)
            if OTHER_FACE not in found:
                found.append(OTHER_FACE)
        return PhotoReading(embedding, (), tuple(found), quality)

    def _is_same_person(self, embedding: np.ndarray, rgb: np.ndarray, other: FaceBox) -> bool:
        if self._match_limit is None:
            return False
        return comparison_score(self._embed(rgb, self._mesh(rgb, other)), embedding) >= self._match_limit
