"""The normalized capture, version 1: all that liveness and matcher may know of a video.

On disk it is a ZIP archive (stored, not compressed) of `header.json` and one `.npy` file per array; nothing in it is
executable and nothing is unpickled. Readers ignore members they do not know. See docs/normalized-capture.md.
"""

import io
import json
import zipfile
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from borderlight.errors import InvalidMessage

SCHEMA = "borderlight.normalized/1"
GRID_ROWS, GRID_COLUMNS = 30, 24
SCENE_ROWS, SCENE_COLUMNS = 16, 12
MAX_BYTES = 6_000_000
"""What a reader accepts; a three-second session stays below 2 MB."""


class NormalizedCaptureUnreadable(InvalidMessage):
    """The normalized capture cannot be read."""


@dataclass(frozen=True)
class NormalizedCapture:
    """T judged frames, K of them tracked by the landmark model, P probe chips.

    header: challenge, client log, video properties and capture quality (JSON).
    frame_time_ms: [T] presentation time from the first frame [ms].
    face_radiance: [T, 30, 24, 3] mean linear radiance per face cell, RGB [share of full scale].
    face_usable: [T, 30, 24] share of the cell's pixels that are neither clipped nor black [1/255].
    grid_to_frame: [T, 2, 3] affine map from grid cells (column, row, 1) to pixels of the frame.
    scene_radiance: [T, 16, 12, 3] mean linear radiance over the whole frame, coarse [share of full scale].
    tracked_frame: [K] index of the frames in which landmarks were found.
    landmarks: [K, 468, 3] mesh points [1/16 pixel].
    mesh: [468, 3] mean mesh in grid cells (column, row, depth; nearer is smaller).
    eyes: [K, 2, 24, 40, 3] image-left and image-right eye, sRGB code values.
    faces: [F, 160, 160, 3] aligned face pictures, sRGB code values, for the report.
    chips: [P, side, side, 3] probe chips, sRGB code values, aligned as the header's `chip_template` says: `arcface_112`
        (five points, side 112); absent in captures from before it was stated, which are `dlib_150` (side 150).
    chip_frame: [P] frame index of each chip.
    frame_committed_ms: [T] when each frame's bytes were fixed, of a live capture; None without one [ms].
    slot_released_ms: [S] when each colour of the challenge went out, by the same clock; None without one [ms].
    """

    header: dict[str, Any]
    frame_time_ms: np.ndarray
    face_radiance: np.ndarray
    face_usable: np.ndarray
    grid_to_frame: np.ndarray
    scene_radiance: np.ndarray
    tracked_frame: np.ndarray
    landmarks: np.ndarray
    mesh: np.ndarray
    eyes: np.ndarray
    faces: np.ndarray
    chips: np.ndarray
    chip_frame: np.ndarray
    frame_committed_ms: np.ndarray | None = None
    slot_released_ms: np.ndarray | None = None

    @property
    def chip_template(self) -> str:
        """How the chips were cut."""
        return str(self.header.get("chip_template", _CHIP_TEMPLATE_BEFORE))


_CHIP_TEMPLATE_BEFORE = "dlib_150"
_CHIP_SIDES = {"arcface_112": 112, "dlib_150": 150}
_DTYPES: dict[str, str] = {
    "frame_time_ms": "<f4",
    "face_radiance": "<f2",
    "face_usable": "|u1",
    "grid_to_frame": "<f4",
    "scene_radiance": "<f2",
    "tracked_frame": "<i2",
    "landmarks": "<i2",
    "mesh": "<f4",
    "eyes": "|u1",
    "faces": "|u1",
    "chips": "|u1",
    "chip_frame": "<i2",
}
_OPTIONAL_DTYPES = {"frame_committed_ms": "<f4", "slot_released_ms": "<f4"}


def pack(capture: NormalizedCapture) -> bytes:
    """Bytes of the archive; equal captures give equal bytes (fixed member times and order)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:

        def write(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)

        write("header.json", json.dumps({"schema": SCHEMA, **capture.header}, sort_keys=True).encode())
        for name, dtype in (_DTYPES | _OPTIONAL_DTYPES).items():
            if getattr(capture, name) is None:
                continue
            stream = io.BytesIO()
            array = np.ascontiguousarray(getattr(capture, name), dtype=dtype)
            np.lib.format.write_array(stream, array, allow_pickle=False)
            write(f"{name}.npy", stream.getvalue())
    return target.getvalue()


def unpack(content: bytes) -> NormalizedCapture:
    """Read an archive made by `pack`; raises NormalizedCaptureUnreadable when it is damaged or of another schema."""
    if len(content) > MAX_BYTES:
        raise NormalizedCaptureUnreadable(f"{len(content)} bytes; a normalized capture has at most {MAX_BYTES}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            header = json.loads(archive.read("header.json"))
            if header.pop("schema", None) != SCHEMA:
                raise NormalizedCaptureUnreadable(f"expected schema {SCHEMA}")
            present = {name.removesuffix(".npy") for name in archive.namelist()}
            arrays = {
                name: np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                for name in (*_DTYPES, *(_OPTIONAL_DTYPES.keys() & present))
            }
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise NormalizedCaptureUnreadable(f"The normalized capture cannot be read: {error}") from error
    _check(arrays)
    capture = NormalizedCapture(header=header, **arrays)
    side = _CHIP_SIDES.get(capture.chip_template)
    if capture.chips.shape != (len(capture.chip_frame), side, side, 3):
        raise NormalizedCaptureUnreadable(f"chips of shape {capture.chips.shape} are not {capture.chip_template}")
    return capture


def _check(arrays: dict[str, np.ndarray]) -> None:
    frames = arrays["frame_time_ms"].shape[0]
    expected = {
        "face_radiance": (frames, GRID_ROWS, GRID_COLUMNS, 3),
        "face_usable": (frames, GRID_ROWS, GRID_COLUMNS),
        "grid_to_frame": (frames, 2, 3),
        "scene_radiance": (frames, SCENE_ROWS, SCENE_COLUMNS, 3),
        "mesh": (468, 3),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise NormalizedCaptureUnreadable(f"{name} has shape {arrays[name].shape}, expected {shape}")
    if "frame_committed_ms" in arrays and arrays["frame_committed_ms"].shape != (frames,):
        raise NormalizedCaptureUnreadable("frame_committed_ms does not name every frame")
    for name, dtype in (_DTYPES | _OPTIONAL_DTYPES).items():
        if name in arrays and arrays[name].dtype != np.dtype(dtype):
            raise NormalizedCaptureUnreadable(f"{name} is {arrays[name].dtype}, expected {dtype}")


assert set(_DTYPES | _OPTIONAL_DTYPES) == {f.name for f in fields(NormalizedCapture)} - {"header"}
