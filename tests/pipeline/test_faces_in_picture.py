"""No face, two faces: told with words that help."""

from pathlib import Path

import numpy as np
import pytest
from simulated_sessions import Sessions

from borderlight.errors import CaptureRejected
from borderlight.vision.detector import FaceDetector
from borderlight.vision.frame import Frame
from borderlight.vision.landmarker import FaceLandmarker
from capture_ingest.adapters.video.decoder import decode
from capture_ingest.adapters.video.face_track import track_face


@pytest.fixture(scope="module")
def tools(models: Path) -> tuple[FaceDetector, FaceLandmarker]:
    return FaceDetector(models), FaceLandmarker(models)


@pytest.fixture(scope="module")
def frames(sessions: Sessions) -> list[Frame]:
    return [one.frame for one in decode(next(sessions["honest"].glob("video.*")).read_bytes())][:24]


def every_fourth(frames: list[Frame]) -> list[tuple[int, Frame]]:
    return list(enumerate(frames))[::4]


def test_the_face_is_followed(tools: tuple[FaceDetector, FaceLandmarker], frames: list[Frame]) -> None:
    track = track_face(every_fourth(frames), *tools)
    assert track.tracked_share == 1.0
    every = track.at_every_frame(track.points[:, :, :2], len(frames))
    assert every.shape == (24, 468, 2)
    assert np.abs(np.diff(every[:, 1], axis=0)).max() < 12, "the nose moves little from frame to frame"


def test_no_face_says_so(tools: tuple[FaceDetector, FaceLandmarker]) -> None:
    walls = [Frame(pixels=np.full((640, 480, 3), 90, np.uint8))] * 24
    with pytest.raises(CaptureRejected, match="outline") as caught:
        track_face(every_fourth(walls), *tools)
    assert caught.value.code == "capture.no_face"


def test_two_faces_say_so(tools: tuple[FaceDetector, FaceLandmarker], frames: list[Frame]) -> None:
    pairs = [Frame(pixels=np.hstack([frame.rgb(), frame.rgb()])) for frame in frames]
    with pytest.raises(CaptureRejected, match="only one person") as caught:
        track_face(every_fourth(pairs), *tools)
    assert caught.value.code == "capture.several_faces"


def test_a_face_that_leaves_says_so(tools: tuple[FaceDetector, FaceLandmarker], frames: list[Frame]) -> None:
    wall = Frame(pixels=np.full((640, 480, 3), 90, np.uint8))
    with pytest.raises(CaptureRejected) as caught:
        track_face(every_fourth([*frames[:8], *([wall] * 40)]), *tools)
    assert caught.value.code == "capture.covered"
