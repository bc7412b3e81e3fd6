"""Photographs are decoded where no keys are: the same pixels and refusals, and no trust in what the worker says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_photo_reading import bad_pictures, coded, pixels

from borderlight.vision.embedder import FaceEmbedder
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from matcher.adapters.onnx_face_reader import OnnxFaceReader
from matcher.adapters.photo_decoder import PhotoRefused, check_picture
from matcher.adapters.photo_pixels import PixelsRefused, decode_pixels
from matcher.adapters.sandboxed_pixels import SandboxedPixels
from matcher.domain.face_image_record import JPEG


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxedPixels]:
    made = SandboxedPixels()
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return document_photo(make_head(2, 0.2), 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".jp2"])
def test_the_pixels_are_the_same(sandbox: SandboxedPixels, portrait: bytes, suffix: str) -> None:
    content = coded(np.tile(pixels(portrait), (4, 4, 1)), suffix)
    assert np.array_equal(check_picture(content, sandbox).pixels(1_280), check_picture(content).pixels(1_280))


def test_bad_pictures_are_refused_alike(sandbox: SandboxedPixels, portrait: bytes, models: Path) -> None:
    embedder = FaceEmbedder(models)
    readers = [OnnxFaceReader(models, embedder, 0.5, pixels=pixels) for pixels in (decode_pixels, sandbox)]
    for name, (content, reason) in bad_pictures(portrait).items():
        assert [reader.read_photo(content).reasons for reader in readers] == [(reason,)] * 2, name


def test_a_picture_that_needs_too_much_memory_is_refused_and_the_next_one_is_read(portrait: bytes) -> None:
    tight = SandboxedPixels(memory_bytes=60_000_000)
    large = coded(np.zeros((5_000, 7_000, 3), np.uint8), ".png")
    with pytest.raises(PhotoRefused):
        check_picture(large, tight).pixels(1_280)
    assert check_picture(portrait, tight).pixels(1_280).shape[2] == 3
    tight.close()


class Liar:
    """A worker that an intruder has taken over."""

    def __init__(self, answer: dict[str, Any], content: bytes) -> None:
        self._said = (answer, content)

    def start(self) -> None: ...

    def ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        del header, body
        return self._said


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ({}, b""),
        ({"height": 2, "width": 2}, bytes(11)),
        ({"height": -1, "width": -12}, bytes(36)),
        ({"height": 10**9, "width": 10**9}, b""),
        ({"height": "2", "width": 2}, bytes(12)),
        ({"height": 2.0, "width": 2}, bytes(12)),
        ({"height": [2], "width": None}, bytes(12)),
        ({"height": 4_000, "width": 1}, bytes(12_000)),
        ({"refused": True}, b""),
    ],
)
def test_a_taken_over_worker_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], content: bytes
) -> None:
    lying = SandboxedPixels()
    monkeypatch.setattr(lying, "_worker", Liar(answer, content))
    with pytest.raises(PixelsRefused):
        lying(b"picture", JPEG, 100, 1_280)


def test_decoding_here_says_what_it_cannot() -> None:
    with pytest.raises(PixelsRefused):
        decode_pixels(b"\xff\xd8\xff" + bytes(50), JPEG, 100, 1_280)
