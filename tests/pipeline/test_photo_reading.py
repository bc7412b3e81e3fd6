"""Photographs from strangers: each bad one is refused with its reason, and good ones in every container are read."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from dg2_files import iso_19794, iso_39794, wrapped

from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from matcher.adapters.onnx_face_reader import OnnxFaceReader
from matcher.domain.comparison import comparison_score
from matcher.domain.photo_quality import ADVICE


@pytest.fixture(scope="module")
def reader(models: Path) -> OnnxFaceReader:
    return OnnxFaceReader(models)


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return document_photo(make_head(2, 0.2), 3)


def pixels(jpeg: bytes) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def coded(picture: np.ndarray, suffix: str = ".jpg") -> bytes:
    done, content = cv2.imencode(suffix, picture)
    assert done
    return content.tobytes()


def png_header(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def test_one_face_in_every_container_is_the_same_face(reader: OnnxFaceReader, portrait: bytes) -> None:
    wanted = reader.read_photo(portrait)
    assert wanted.embedding is not None and not wanted.reasons
    jp2 = coded(pixels(portrait), ".jp2")
    for content in (
        coded(pixels(portrait), ".png"),
        jp2,
        wrapped(iso_19794(portrait)),
        wrapped(iso_39794(jp2), 0x7F2E),
    ):
        found = reader.read_photo(content)
        assert found.embedding is not None, found.reasons
        assert comparison_score(found.embedding, wanted.embedding) > 0.9


def test_quality_has_native_values_with_names(reader: OnnxFaceReader, portrait: bytes) -> None:
    quality = reader.read_photo(portrait).quality
    assert 60 < quality["inter_eye_distance"] < 250
    assert abs(quality["head_pose_yaw"]) < 0.15 and quality["eyes_open"] > 0.15
    blurred = reader.read_photo(coded(cv2.GaussianBlur(pixels(portrait), (0, 0), 2.0))).quality
    assert blurred["sharpness"] < 0.5 * quality["sharpness"]
    grey = np.repeat(cv2.cvtColor(pixels(portrait), cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    assert reader.read_photo(coded(grey)).quality["natural_colour"] < 3 < quality["natural_colour"]


def bad_pictures(portrait: bytes) -> dict[str, tuple[bytes, str]]:
    picture = pixels(portrait)
    wall = np.full((600, 400, 3), 90, np.uint8)
    record = bytearray(wrapped(iso_19794(portrait)))
    record[2] ^= 0x40
    return {
        "text": (b"not a picture", "comparison.reference_not_an_image"),
        "nothing": (b"", "comparison.reference_not_an_image"),
        "a JPEG's head alone": (portrait[:40], "comparison.reference_not_an_image"),
        "30,000 pixels a side": (png_header(30_000, 30_000), "comparison.reference_too_large"),
        "a PNG bomb": (png_header(60_000, 60_000, bytes(1_000_000)), "comparison.reference_too_large"),
        "more than 20 MB": (portrait + bytes(20_000_000), "comparison.reference_too_large"),
        "a wrong length in a DG2": (bytes(record), "comparison.reference_record_unreadable"),
        "a lying type in a DG2": (wrapped(iso_19794(portrait, 1)), "comparison.reference_record_unreadable"),
        "a wall": (coded(wall), "comparison.reference_no_face"),
        "five faces": (coded(np.hstack([pixels(document_photo(make_head(k, 0.2), 3)) for k in (1, -1, 2, -2, 3)])),
                       "comparison.reference_several_faces"),
        "tiny": (coded(cv2.resize(picture, None, fx=0.18, fy=0.18, interpolation=cv2.INTER_AREA)),
                 "comparison.reference_too_small"),
        "dark": (coded((picture * 0.04).astype(np.uint8)), "comparison.reference_too_dark"),
        "blurred": (coded(cv2.GaussianBlur(picture, (0, 0), 7.0)), "comparison.reference_blurred"),
    }  # fmt: skip


def test_every_bad_picture_is_refused_with_its_reason_and_advice(reader: OnnxFaceReader, portrait: bytes) -> None:
    wrong: list[str] = []
    for name, (content, reason) in bad_pictures(portrait).items():
        found = reader.read_photo(content)
        if found.embedding is not None or found.reasons != (reason,):
            wrong.append(f"{name}: {found.reasons} {found.quality}")
        assert reason in ADVICE
    assert not wrong, wrong


def test_a_truncated_jpeg_never_raises(reader: OnnxFaceReader, portrait: bytes) -> None:
    for cut in range(20, len(portrait), len(portrait) // 12):
        found = reader.read_photo(portrait[:cut])
        assert found.embedding is not None or found.reasons


def test_a_ghost_portrait_does_not_confuse(reader: OnnxFaceReader, portrait: bytes) -> None:
    """A licence repeats the portrait small and pale; the main one is used."""
    card = np.full((700, 1100, 3), 205, np.uint8)
    picture = pixels(portrait)
    card[90:621, 60:473] = picture
    ghost = cv2.resize(picture, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    pale = (0.5 * ghost + 0.5 * 205).astype(np.uint8)
    card[400 : 400 + pale.shape[0], 820 : 820 + pale.shape[1]] = pale
    found, wanted = reader.read_photo(coded(card)), reader.read_photo(portrait)
    assert found.embedding is not None and wanted.embedding is not None, found.reasons
    assert comparison_score(found.embedding, wanted.embedding) > 0.8
