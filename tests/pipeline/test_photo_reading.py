"""Photographs from strangers: each bad one is refused with its reason, and good ones in every container are read."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from dg2_files import iso_19794, iso_39794, wrapped

from borderlight_lab.simulated_limits import SIMULATED_LIMITS
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from matcher.app import make_face_reader
from matcher.domain.comparison import comparison_score
from matcher.domain.photo_quality import ADVICE, OTHER_FACE
from matcher.ports import FaceReader
from matcher.settings import MatcherSettings


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return make_face_reader(MatcherSettings(thresholds_file=SIMULATED_LIMITS))


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


def test_one_face_in_every_container_is_the_same_face(reader: FaceReader, portrait: bytes) -> None:
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


def test_quality_has_native_values_with_names(reader: FaceReader, portrait: bytes) -> None:
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


def test_every_bad_picture_is_refused_with_its_reason_and_advice(reader: FaceReader, portrait: bytes) -> None:
    wrong: list[str] = []
    for name, (content, reason) in bad_pictures(portrait).items():
        found = reader.read_photo(content)
        if found.embedding is not None or found.reasons != (reason,):
            wrong.append(f"{name}: {found.reasons} {found.quality}")
        assert reason in ADVICE
    assert not wrong, wrong


def test_a_truncated_jpeg_never_raises(reader: FaceReader, portrait: bytes) -> None:
    for cut in range(20, len(portrait), len(portrait) // 12):
        found = reader.read_photo(portrait[:cut])
        assert found.embedding is not None or found.reasons


def test_a_ghost_portrait_does_not_confuse(reader: FaceReader, portrait: bytes) -> None:
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
    assert OTHER_FACE not in found.flags, "the ghost is the holder"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_page_on_its_side_is_read_as_upright(reader: FaceReader, portrait: bytes, turns: int) -> None:
    turned = coded(np.ascontiguousarray(np.rot90(pixels(portrait), turns)))
    found, wanted = reader.read_photo(turned), reader.read_photo(portrait)
    assert found.embedding is not None and wanted.embedding is not None, found.reasons
    assert comparison_score(found.embedding, wanted.embedding) > 0.95
    assert abs(found.quality["head_pose_roll"]) < 15


def page_with(*portraits: tuple[np.ndarray, int, int, int], size: tuple[int, int] = (3508, 2480)) -> bytes:
    """A scanned page: (portrait, its height, left, top) each."""
    page = np.full((*size, 3), 236, np.uint8)
    for line in range(300, size[0] - 100, 90):
        cv2.putText(page, "SPECIMEN 0123456789 <<<<<<", (120, line), cv2.FONT_HERSHEY_PLAIN, 3, (120, 120, 120), 4)
    for portrait, height, left, top in portraits:
        width = round(portrait.shape[1] * height / portrait.shape[0])
        page[top : top + height, left : left + width] = cv2.resize(
            portrait, (width, height), interpolation=cv2.INTER_AREA
        )
    return coded(page)


@pytest.mark.parametrize("height", [410, 260, 190])
def test_a_small_portrait_on_a_whole_page_is_found_and_read_in_full(
    reader: FaceReader, portrait: bytes, height: int
) -> None:
    """Faces of 5, 3.5 and 2.5 % of a page's long side: below what the video's detector sees."""
    found, wanted = reader.read_photo(page_with((pixels(portrait), height, 1500, 600))), reader.read_photo(portrait)
    assert wanted.embedding is not None
    if height == 190:
        assert found.reasons in ((), ("comparison.reference_too_small",)), "found, whatever its size is good for"
        assert found.quality["inter_eye_distance"] > 20
        return
    assert found.embedding is not None, found.reasons
    assert comparison_score(found.embedding, wanted.embedding) > 0.8


def test_two_people_on_one_picture_are_refused(reader: FaceReader, portrait: bytes) -> None:
    other = pixels(document_photo(make_head(-2, 0.8), 4))
    found = reader.read_photo(coded(np.hstack([pixels(portrait), other])))
    assert found.embedding is None and found.reasons == ("comparison.reference_several_faces",)


def test_a_poster_behind_the_person_is_flagged(reader: FaceReader, portrait: bytes) -> None:
    """The person is much larger; the other face is said, and the person's is the one that is embedded."""
    wall = np.full((900, 1200, 3), 210, np.uint8)
    wall[200:731, 700:1113] = pixels(portrait)
    poster = pixels(document_photo(make_head(-2, 0.8), 4))
    wall[60:299, 200:386] = cv2.resize(poster, (186, 239), interpolation=cv2.INTER_AREA)
    found, wanted = reader.read_photo(coded(wall)), reader.read_photo(portrait)
    assert found.embedding is not None and wanted.embedding is not None, found.reasons
    assert comparison_score(found.embedding, wanted.embedding) > 0.9
    assert OTHER_FACE in found.flags
