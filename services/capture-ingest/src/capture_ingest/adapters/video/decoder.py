"""Decode a capture once, inside limits: MP4 (H.264) and WebM (VP8, VP9) from memory, one thread.

Limits are checked before decoding where the container states them and while decoding where it does not, because
browsers leave out durations and a hostile file lies about sizes.
"""

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
import av.error
import cv2
import numpy as np

from borderlight.errors import CaptureRejected
from borderlight.vision.frame import Frame
from borderlight.vision.plane_colours import YuvColours

_CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "webm"}
_CODECS = {"h264", "vp8", "vp9"}
_BLOCK_HEADER_BYTES = 4
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_LUMA_SHARES = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 5: (0.299, 0.114), 6: (0.299, 0.114)}
"""Of red and blue, by AVColorSpace: BT.709, unspecified, BT.470BG, SMPTE 170M (BT.601)."""


@dataclass(frozen=True)
class DecodeLimits:
    """What a capture may cost us."""

    max_bytes: int = 12_000_000
    max_duration_ms: int = 12_000
    max_frame_pixels: int = 1920 * 1088
    max_frames: int = 900
    min_frames: int = 24
    min_duration_ms: int = 1_000
    max_judged_fps: float = 31.0
    max_short_side_px: int = 720


@dataclass(frozen=True)
class DecodedFrame:
    """time_ms: presentation time from the first frame [ms]; frame: the picture, upright, in the decoder's memory.

    end_byte: position behind the last byte of its packet in the file; None when the container does not say.
    """

    time_ms: float
    frame: Frame
    end_byte: int | None = None


@dataclass(frozen=True)
class VideoProperties:
    """What the container said; evidence, not truth."""

    container: str
    codec: str
    profile: str
    width: int
    height: int


def _open(data: bytes, limits: DecodeLimits) -> Any:
    if len(data) > limits.max_bytes:
        raise CaptureRejected("capture.too_large", f"{len(data)} bytes of video; at most {limits.max_bytes} are read")
    if not data:
        raise CaptureRejected("capture.not_a_video", "the video file is empty; record and send it again")
    try:
        return av.open(io.BytesIO(data), mode="r", metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError, EOFError, OSError) as error:
        raise CaptureRejected(
            "capture.not_a_video", "this is not a readable MP4 or WebM video; record and send it again"
        ) from error


def _video_stream(container: Any, limits: DecodeLimits) -> Any:
    if container.format.name not in _CONTAINERS:
        raise CaptureRejected("capture.codec", f"container {container.format.name} is not MP4 or WebM")
    if not container.streams.video:
        raise CaptureRejected("capture.not_a_video", "the file holds no video track")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None or context.name not in _CODECS:
        name = "unknown" if context is None else context.name
        raise CaptureRejected("capture.codec", f"codec {name} is not H.264, VP8 or VP9")
    if context.width * context.height > limits.max_frame_pixels:
        raise CaptureRejected(
            "capture.too_large", f"frames of {context.width}x{context.height} pixels; record at 480x640"
        )
    if container.duration is not None and container.duration / 1000 > limits.max_duration_ms:
        raise CaptureRejected(
            "capture.too_long", f"{container.duration / 1e6:.0f} s of video; a capture lasts a few seconds"
        )
    context.thread_count = 1
    return stream


@contextmanager
def open_video(data: bytes, limits: DecodeLimits | None = None) -> "Generator[Video]":
    """The video track of a file in memory; raises CaptureRejected."""
    limits = limits or DecodeLimits()
    with _open(data, limits) as container:
        yield Video(container, _video_stream(container, limits), limits)


class Video:
    """An opened video track; made by `open_video`."""

    def __init__(self, container: Any, stream: Any, limits: DecodeLimits) -> None:
        self._container, self._stream, self._limits = container, stream, limits
        context = stream.codec_context
        self.properties = VideoProperties(
            _CONTAINERS[container.format.name], context.name, str(context.profile), context.width, context.height
        )

    def frames(self) -> Iterator[DecodedFrame]:
        """Judged frames in order, upright, thinned to `max_judged_fps`; raises CaptureRejected."""
        limits = self._limits
        first_ms: float | None = None
        last_ms = -1e9
        decoded = 0
        interval_ms = 1000.0 / limits.max_judged_fps
        next_due_ms = 0.0
        try:
            for frame, end_byte in self._decoded():
                decoded += 1
                if decoded > limits.max_frames:
                    raise CaptureRejected("capture.too_long", f"more than {limits.max_frames} frames")
                if frame.width * frame.height > limits.max_frame_pixels:
                    raise CaptureRejected("capture.too_large", f"a frame of {frame.width}x{frame.height} pixels")
                if frame.pts is None or frame.time_base is None:
                    raise CaptureRejected("capture.not_a_video", "frames without time stamps; record again")
                at_ms = float(frame.pts * frame.time_base) * 1000.0
                if first_ms is None:
                    first_ms = at_ms
                at_ms -= first_ms
                if at_ms > limits.max_duration_ms:
                    raise CaptureRejected("capture.too_long", f"more than {limits.max_duration_ms / 1000:.0f} s")
                if at_ms <= last_ms:
                    continue  # a repeated or backward time stamp carries no new moment
                if at_ms + 0.25 * interval_ms < next_due_ms:
                    continue
                last_ms = at_ms
                next_due_ms = max(next_due_ms + interval_ms, at_ms + 0.5 * interval_ms)
                yield DecodedFrame(at_ms, _upright(frame, limits), end_byte)
        except (av.error.FFmpegError, ValueError) as error:
            if decoded < limits.min_frames:
                raise CaptureRejected(
                    "capture.not_a_video", f"the video breaks off after {decoded} frames; record and send it again"
                ) from error

    def _decoded(self) -> Iterator[tuple[Any, int | None]]:
        """Decoded frames with the end of the packet that carried each, found again by its time stamp."""
        # A block of Matroska begins with track, time and flags; its position is that of the block's content.
        header = _BLOCK_HEADER_BYTES if self.properties.container == "webm" else 0
        ends: dict[int, int] = {}
        for packet in self._container.demux(self._stream):
            if packet.pts is not None and packet.pos is not None and packet.pos >= 0:
                ends[packet.pts] = packet.pos + packet.size + header
            for frame in packet.decode():
                yield frame, ends.pop(frame.pts, None)


def decode(data: bytes, limits: DecodeLimits | None = None) -> Iterator[DecodedFrame]:
    """The judged frames of a file in memory; raises CaptureRejected."""
    with open_video(data, limits) as video:
        yield from video.frames()


_ROTATIONS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


def _upright(frame: Any, limits: DecodeLimits) -> Frame:
    """The frame, at most `max_short_side_px` on its short side, turned upright."""
    turns = round(int(getattr(frame, "rotation", 0) or 0) / 90) % 4
    scale = min(1.0, limits.max_short_side_px / min(frame.width, frame.height))
    width, height = (max(4, round(side * scale / 4) * 4) if scale < 1 else side for side in (frame.width, frame.height))
    colours = _plane_colours(frame)
    if colours is None:
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
        return Frame(pixels=rgb if turns == 0 else np.ascontiguousarray(np.rot90(rgb, turns)))
    luma, u, v = (
        _plane(source, frame.width // by, frame.height // by, (width // by, height // by), turns)
        for source, by in zip(frame.planes, (1, 2, 2), strict=True)
    )
    return Frame((luma, u, v), colours=colours)


def _plane(source: Any, width: int, height: int, wanted: tuple[int, int], turns: int) -> np.ndarray:
    """One plane of width x height, scaled to `wanted` and turned to the left; a view where neither is needed."""
    plane = np.frombuffer(source, np.uint8).reshape(-1, source.line_size)[:height, :width]
    if wanted != (width, height):
        plane = cv2.resize(plane, wanted, interpolation=cv2.INTER_AREA)
    return cv2.rotate(plane, _ROTATIONS[turns]) if turns else plane


def _plane_colours(frame: Any) -> YuvColours | None:
    """What the frame's planes mean, None when they are not plain 4:2:0 with even sides: those are converted at once."""
    shares = _LUMA_SHARES.get(int(frame.colorspace))
    plain = frame.format.name in ("yuv420p", "yuvj420p") and frame.width % 2 == 0 and frame.height % 2 == 0
    if shares is None or not plain:
        return None
    full = frame.format.name == "yuvj420p" or int(frame.color_range) == _FULL_RANGE
    return YuvColours(*shares, full=full)
