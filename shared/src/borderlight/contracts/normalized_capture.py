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

from borderlight.contracts.array_archive import ArchiveUnreadable, read_array, read_json_object, read_members
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

    @property
    def film_sha256(self) -> str:
        """Digest of the film; raises NormalizedCaptureUnreadable when the header lacks it."""
        found = self.header.get("video", {}).get("sha256")
        if not isinstance(found, str):
            raise NormalizedCaptureUnreadable("the header has no digest of the film")
        return found

    def quality_of(self, name: str) -> float:
        """A measure of the capture's quality; raises NormalizedCaptureUnreadable when the header lacks it."""
        try:
            return float(self.header["quality"][name])
        except (KeyError, TypeError, ValueError) as error:
            raise NormalizedCaptureUnreadable(f"the header has no quality {name}") from error


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
        optional = [f"{name}.npy" for name in _OPTIONAL_DTYPES]
        members = read_members(content, ["header.json", *(f"{name}.npy" for name in _DTYPES)], optional)
        header = read_json_object(members["header.json"])
        known = (_DTYPES | _OPTIONAL_DTYPES).items()
        arrays = {name: read_array(members[f"{name}.npy"], kind) for name, kind in known if f"{name}.npy" in members}
    except ArchiveUnreadable as error:
        raise NormalizedCaptureUnreadable(f"The normalized capture cannot be read: {error}") from error
    if header.pop("schema", None) != SCHEMA:
        raise NormalizedCaptureUnreadable(f"expected schema {SCHEMA}")
    _check_header(header)
    _check(arrays)
    capture = NormalizedCapture(header=header, **arrays)
    side = _CHIP_SIDES.get(capture.chip_template)
    if capture.chips.shape != (len(capture.chip_frame), side, side, 3):
        raise NormalizedCaptureUnreadable(f"chips of shape {capture.chips.shape} are not {capture.chip_template}")
    return capture


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < 1e13


def _check_header(header: dict[str, Any]) -> None:
    for name in ("challenge", "quality", "video", "client_video"):
        if not isinstance(header.get(name, {}), dict):
            raise NormalizedCaptureUnreadable(f"the header's {name} is no object")
    started = header.get("client_video", {}).get("started_client_ms")
    if started is not None and not _is_number(started):
        raise NormalizedCaptureUnreadable("the header's started_client_ms is no number")
    for name, value in header.get("quality", {}).items():
        if not _is_number(value):
            raise NormalizedCaptureUnreadable(f"the header's quality {str(name)[:40]} is no number")


def _check(arrays: dict[str, np.ndarray]) -> None:
    counts = {name: arrays[name].shape[:1] or (-1,) for name in ("frame_time_ms", "tracked_frame", "chip_frame")}
    (frames,), (tracked,), (chips,) = counts.values()
    expected = {
        "frame_time_ms": (frames,),
        "tracked_frame": (tracked,),
        "landmarks": (tracked, 468, 3),
        "eyes": (tracked, 2, 24, 40, 3),
        "faces": (*arrays["faces"].shape[:1], 160, 160, 3),
        "chip_frame": (chips,),
        "face_radiance": (frames, GRID_ROWS, GRID_COLUMNS, 3),
        "face_usable": (frames, GRID_ROWS, GRID_COLUMNS),
        "grid_to_frame": (frames, 2, 3),
        "scene_radiance": (frames, SCENE_ROWS, SCENE_COLUMNS, 3),
        "mesh": (468, 3),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise NormalizedCaptureUnreadable(f"{name} has shape {arrays[name].shape}, expected {shape}")
    if not np.isfinite(arrays["frame_time_ms"]).all():
        raise NormalizedCaptureUnreadable("a frame has no time")
    for name in ("tracked_frame", "chip_frame"):
        if ((arrays[name] < 0) | (arrays[name] >= frames)).any():
            raise NormalizedCaptureUnreadable(f"{name} names a frame that is not there")
    if "frame_committed_ms" in arrays and arrays["frame_committed_ms"].shape != (frames,):
        raise NormalizedCaptureUnreadable("frame_committed_ms does not name every frame")


assert set(_DTYPES | _OPTIONAL_DTYPES) == {f.name for f in fields(NormalizedCapture)} - {"header"}
