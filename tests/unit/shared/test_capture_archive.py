"""Archives of normalized captures that mean harm: refused before anything large is made, in words, without a crash."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_contracts import small_capture

from borderlight.contracts.array_archive import ArchiveUnreadable, read_array, read_json_object
from borderlight.contracts.normalized_capture import NormalizedCaptureUnreadable, pack, unpack

PACKED = pack(small_capture())


def rewritten(changes: dict[str, bytes], method: int = zipfile.ZIP_STORED, twice: str | None = None) -> bytes:
    """The archive with some members exchanged."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PACKED)) as source, zipfile.ZipFile(target, "w", method) as archive:
        for name in source.namelist():
            archive.writestr(name, changes.get(name, source.read(name)))
        if twice is not None:
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(twice, source.read(twice))
    return target.getvalue()


def array(shape: str, body: bytes = b"", descr: str = "<f4", version: bytes = b"\x01\x00") -> bytes:
    """An array file whose header says whatever it likes."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + body


def header(**changes: Any) -> bytes:
    return json.dumps({"schema": "borderlight.normalized/1", "challenge": {}, "quality": {}, **changes}).encode()


ZEROS = array("(100000000,)", bytes(400_000_000))
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "compressed members": (lambda: rewritten({}, zipfile.ZIP_DEFLATED), "is compressed"),
    "a bomb of compressed zeros": (lambda: rewritten({"mesh.npy": ZEROS}, zipfile.ZIP_DEFLATED), "is compressed"),
    "a member twice": (lambda: rewritten({}, twice="mesh.npy"), "twice"),
    "a shape of 4 TB": (lambda: rewritten({"mesh.npy": array("(1000000, 1000000)")}), "by its shape"),
    "a shape beyond all numbers": (lambda: rewritten({"mesh.npy": array("(" + "9" * 4_000 + ",)")}), "usual form"),
    "a negative shape": (lambda: rewritten({"mesh.npy": array("(-1, 3)", bytes(24))}), "usual form"),
    "a shape that is an expression": (lambda: rewritten({"mesh.npy": array("(468*1, 3)")}), "usual form"),
    "nested brackets": (lambda: rewritten({"mesh.npy": array("(" * 9_000 + ")" * 9_000)}), "usual form"),
    "an array without dimensions": (lambda: rewritten({"frame_time_ms.npy": array("()", bytes(4))}), "shape"),
    "another type": (lambda: rewritten({"mesh.npy": array("(468, 3)", bytes(468 * 24), "<f8")}), "expected <f4"),
    "objects": (lambda: rewritten({"mesh.npy": array("(1,)", b"x", "|O")}), "usual form"),
    "another version": (lambda: rewritten({"mesh.npy": array("(468, 3)", bytes(5616), version=b"\x02\x00")}), "1.0"),
    "a body that is short": (lambda: rewritten({"mesh.npy": array("(468, 3)", bytes(100))}), "by its shape"),
    "an empty member": (lambda: rewritten({"mesh.npy": b""}), "format 1.0"),
    "more frames in one array": (lambda: rewritten({"face_usable.npy": array("(6, 30, 24)", bytes(4320), "|u1")}),
                                 "face_usable has shape"),
    "a chip of a frame that is not there": (lambda: rewritten({"chip_frame.npy": array("(3,)", b"\x09\x00" * 3,
                                            "<i2")}), "names a frame"),
    "a time that is none": (lambda: rewritten({"frame_time_ms.npy": array("(5,)", b"\x00\x00\xc0\x7f" * 5)}), "time"),
    "a header that is a list": (lambda: rewritten({"header.json": b"[]"}), "no JSON object"),
    "a header that is a number": (lambda: rewritten({"header.json": b"7"}), "no JSON object"),
    "a nested header": (lambda: rewritten({"header.json": b"[" * 200_000}), "no JSON"),
    "a nested object": (lambda: rewritten({"header.json": b'{"a":' * 100_000}), "no JSON"),
    "a header of two megabytes": (lambda: rewritten({"header.json": header(more="x" * 2_000_000)}), "at most"),
    "no header": (lambda: rewritten({"header.json": b""}), "no JSON"),
    "another schema": (lambda: rewritten({"header.json": b"{}"}), "schema"),
    "a challenge that is a list": (lambda: rewritten({"header.json": header(challenge=[])}), "challenge is no object"),
    "quality that is a word": (lambda: rewritten({"header.json": header(quality="good")}), "quality is no object"),
    "a quality that is a word": (lambda: rewritten({"header.json": header(quality={"yaw": "none"})}), "no number"),
    "a quality that is infinite": (lambda: rewritten({"header.json": header(quality={"yaw": float("inf")})}), "number"),
    "a clock that is a list": (lambda: rewritten({"header.json": header(client_video={"started_client_ms": []})}),
                               "no number"),
}  # fmt: skip


@pytest.mark.parametrize("variant", HOSTILE)
def test_a_hostile_archive_is_refused_before_it_costs_anything(variant: str) -> None:
    make, words = HOSTILE[variant]
    content = make()
    tracemalloc.start()
    try:
        with pytest.raises(NormalizedCaptureUnreadable, match=words):
            unpack(content)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000 + 3 * len(PACKED)
    finally:
        tracemalloc.stop()


def test_what_the_header_lacks_is_unreadable_and_not_an_error_of_ours() -> None:
    capture = unpack(PACKED)
    with pytest.raises(NormalizedCaptureUnreadable, match="no quality eye_distance_px"):
        capture.quality_of("eye_distance_px")
    with pytest.raises(NormalizedCaptureUnreadable, match="no digest"):
        _ = capture.film_sha256


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(content) - 200, len(content)))
    try:
        unpack(bytes(content[:cut]))
    except NormalizedCaptureUnreadable as error:
        assert str(error)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_no_array_and_no_header(noise: bytes) -> None:
    with pytest.raises(ArchiveUnreadable):
        read_array(b"\x93NUMPY\x01\x00" + noise, "<f4")
    try:
        assert isinstance(read_json_object(noise), dict)
    except ArchiveUnreadable as error:
        assert str(error)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4), (1, 0, 7)])
@pytest.mark.parametrize("dtype", ["<f4", "<f2", "<i2", "|u1"])
def test_what_numpy_writes_is_read(shape: tuple[int, ...], dtype: str) -> None:
    stream = io.BytesIO()
    written = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    np.lib.format.write_array(stream, written)
    assert np.array_equal(read_array(stream.getvalue(), dtype), written)
