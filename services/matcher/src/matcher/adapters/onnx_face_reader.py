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
from matcher.adapters.photo_decoder import CheckedPicture, PhotoRefused, PixelDecoder, check_picture
from matcher.adapters.photo_pixels import decode_pixels
from matcher.domain.comparison import comparison_score
from matcher.domain.photo_quality import OTHER_FACE, QualityLimits, flags, measure_quality, refusals
from matcher.ports import PhotoReading

_PAGE_LONG_SIDE_PX = 1_280
"""Size at which a page is searched for faces."""
_GOOD_FACE_PX = 320
"""A main face smaller than this on the searched page is read from a larger picture, where there is one."""
_SURE_SCORE = 0.9
"""An upright face that serves scores higher; below it the page may be turned."""
_RIVAL_SHARE = 0.6
"""Another face of at least this share of the main one's size makes the holder uncertain, unless it is the same person:
a smaller one is a ghost portrait or stands in the background."""
_MIN_PRESENCE = 0.5


def _stretched(rgb: np.ndarray) -> np.ndarray:
    """With the darkest and the brightest per cent of the code values at black and white."""
    low, high = np.percentile(rgb[::4, ::4], (1, 99))
    scale = 255.0 / max(float(high - low), 8.0)
    return cv2.convertScaleAbs(np.maximum(rgb, round(low)), alpha=scale, beta=-round(low) * scale)


class OnnxFaceReader:
    """The FaceReader port; holds the models.

    match_limit: score from which two faces on one page are one person; None while there is no limit yet, then a second
    large face is always refused. pixels: decodes photographs; the service gives the one in the sandbox.
    """

    def __init__(
        self,
        models: Path,
        embedder: FaceEmbedder,
        match_limit: float | None,
        limits: QualityLimits | None = None,
        pixels: PixelDecoder = decode_pixels,
    ) -> None:
        cv2.setNumThreads(1)
        self._pixels = pixels
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
        page = picture.pixels(_PAGE_LONG_SIDE_PX)
        searched, turns, faces = max(page.shape[:2]), 0, self._detector.detect(page)
        if not faces or faces[0].score < _SURE_SCORE:
            turns, faces = self._search_harder(page, faces)
        rgb = np.ascontiguousarray(np.rot90(page, turns))
        faces = sorted(faces, key=lambda face: -float(face.size.prod()))
        if not faces or picture.long_side <= searched or faces[0].size.max() >= _GOOD_FACE_PX:
            return rgb, faces
        wanted = min(picture.long_side, round(searched * _GOOD_FACE_PX / float(faces[0].size.max())))
        larger = np.ascontiguousarray(np.rot90(picture.pixels(wanted), turns))
        scale = max(larger.shape[:2]) / searched
        return larger, [FaceBox(f.centre * scale, f.size * scale, f.points * scale, f.score) for f in faces]

    def _search_harder(self, page: np.ndarray, found: list[FaceBox]) -> tuple[int, list[FaceBox]]:
        """(quarter turns, faces) of the turn that shows the surest face, with the contrast stretched.

        A page may lie on its side or upside down, where the detector sees faces less surely and their points wrongly.
        """
        stretched = _stretched(page)
        turned = [found or self._detector.detect(stretched)]
        turned += [self._detector.detect(np.rot90(stretched, turns)) for turns in (1, 2, 3)]
        scores = [max((face.score for face in faces), default=0.0) for faces in turned]
        best = int(np.argmax(scores))
        return best, turned[best]

    def read_photo(self, photo: bytes) -> PhotoReading:
        try:
            rgb, faces = self._find(check_picture(photo, self._pixels))
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
