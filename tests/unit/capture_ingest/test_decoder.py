"""Decoding: what phones make, and what strangers send."""

import io
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from borderlight.errors import CaptureRejected
from borderlight.vision.reduced_frame import sample_areas
from capture_ingest.adapters.video.decoder import DecodeLimits, decode, open_video


def picture(number: int, width: int, height: int) -> np.ndarray:
    """A gradient with a block that moves; top left is red, so that orientation shows."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 60)], -1).astype(np.uint8)
    rgb[: height // 8, : width // 8] = (230, 20, 20)
    rgb[height // 2 : height // 2 + 16, (number * 4) % (width - 16) : (number * 4) % (width - 16) + 16] = 255
    return rgb


def video(
    codec: str = "libx264", frames: int = 40, size: tuple[int, int] = (480, 640), container: str = "mp4",
    step_ms: float = 33.3, times: list[int] | None = None, pix_fmt: str = "yuv420p",
) -> bytes:  # fmt: skip
    target = io.BytesIO()
    with av.open(target, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.bit_rate = 1_500_000
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), format="rgb24")
            frame.pts, frame.time_base = (times[number] if times else round(number * step_ms)), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("libvpx", "webm"), ("libvpx-vp9", "webm")])
def test_the_codecs_of_browsers_are_read(codec: str, container: str) -> None:
    frames = list(decode(video(codec, container=container)))
    assert len(frames) == 40
    assert (frames[0].frame.width, frames[0].frame.height) == (480, 640)
    assert np.abs(frames[5].frame.rgb().astype(int) - picture(5, 480, 640)).mean() < 12


def test_variable_frame_times_are_kept() -> None:
    times = list(np.cumsum([0, *([25, 33, 60, 33] * 10)])[:40])
    found = [frame.time_ms for frame in decode(video(times=[int(t) for t in times]))]
    assert found == pytest.approx(times[: len(found)], abs=1.5)


def test_sixty_frames_a_second_are_thinned_to_thirty() -> None:
    found = [frame.time_ms for frame in decode(video(frames=120, step_ms=16.67))]
    assert 55 <= len(found) <= 65
    assert np.median(np.diff(found)) == pytest.approx(33.3, abs=2)


def test_odd_sizes_are_read() -> None:
    frames = list(decode(video(size=(360, 482))))
    assert len(frames) == 40 and frames[0].frame.rgb().shape == (482, 360, 3)


def painted(colorspace: int, full: bool) -> bytes:
    """A video whose header names its colours, as phones write it, and whose planes hold them."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as out:
        stream: Any = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 480, 640, "yuv420p", 4_000_000
        stream.codec_context.colorspace, stream.codec_context.color_range = colorspace, 2 if full else 1
        for number in range(26):
            rgb = av.VideoFrame.from_ndarray(picture(number, 480, 640), format="rgb24")
            frame = rgb.reformat(format="yuv420p", dst_colorspace=colorspace, dst_color_range=2 if full else 1)
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("colorspace", [1, 5, 6])
def test_colours_are_those_that_the_header_names(colorspace: int, full: bool) -> None:
    frame = list(decode(painted(colorspace, full)))[5].frame
    assert frame.planes is not None, "planes are kept, not converted whole"
    off = frame.rgb().astype(float) - picture(5, 480, 640)
    assert np.abs(off.mean((0, 1))).max() < 1.5 and np.abs(off).mean() < 6
    whole = np.array([[8.0, 0.0, 3.5], [0.0, 8.0, 3.5]])
    sampled = sample_areas([frame.reduced()], whole[None], (60, 80))[0].astype(float)
    off = sampled - frame.rgb().reshape(80, 8, 60, 8, 3).mean((1, 3))
    assert np.abs(off.mean((0, 1))).max() < 0.6


_TURNS = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def held_sideways(content: bytes, clockwise_deg: int) -> bytes:
    """The file with a rotation in its track header: how phones write what they film upright with a sensor that lies."""
    a, b, c, d = _TURNS[clockwise_deg]
    at = content.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return content[:at] + matrix + content[at + len(matrix) :]


@pytest.mark.parametrize(("clockwise_deg", "corner"), [(90, (0, 1)), (180, (1, 1)), (270, (1, 0))])
@pytest.mark.parametrize("size", [(480, 640), (1080, 1920)])
def test_a_turned_picture_is_set_upright(clockwise_deg: int, corner: tuple[int, int], size: tuple[int, int]) -> None:
    """The red corner, top left as filmed, lies elsewhere when the player has turned the picture."""
    frame = next(iter(decode(held_sideways(video(size=size, frames=26), clockwise_deg)))).frame
    rgb = frame.rgb()
    assert (rgb.shape[0] > rgb.shape[1]) == (clockwise_deg == 180)
    assert min(rgb.shape[:2]) == min(size[0], 720)
    corners = {(row, column): rgb[-row * 12 :, -column * 12 :][:12, :12] for row in (0, 1) for column in (0, 1)}
    away = {at: float(np.abs(part.reshape(-1, 3).mean(0) - (230, 20, 20)).max()) for at, part in corners.items()}
    assert min(away, key=lambda at: away[at]) == corner and away[corner] < 20


def test_large_frames_are_scaled_down() -> None:
    frame = next(iter(decode(video(size=(1080, 1920), frames=26)))).frame
    assert min(frame.width, frame.height) == 720
    assert frame.rgb().shape == (frame.height, frame.width, 3)


def test_a_webm_without_a_duration_is_read() -> None:
    content = bytearray(video("libvpx", container="webm"))
    at = content.find(b"\x44\x89\x88")  # Duration, eight bytes long, as a recorder that streams would leave it out
    assert at > 0
    content[at] = 0xEC
    content[at + 1] = 0x89  # Void element over it
    content[at + 2] = content[at + 2]
    assert len(list(decode(bytes(content)))) == 40


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "capture.not_a_video"),
        (b"not a video at all" * 100, "capture.not_a_video"),
        (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500, "capture.not_a_video"),
        (b"\x1a\x45\xdf\xa3" + b"\x00" * 500, "capture.not_a_video"),
    ],
    ids=["empty", "text", "mp4-head", "webm-head"],
)
def test_what_is_no_video_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(CaptureRejected) as caught:
        list(decode(content))
    assert caught.value.code == code


def test_a_truncated_video_gives_what_is_there_or_says_so() -> None:
    whole = video("libvpx", frames=60, container="webm")
    assert len(list(decode(whole[: len(whole) * 3 // 4]))) >= 24
    assert len(list(decode(whole[: len(whole) // 12]))) < DecodeLimits().min_frames
    with pytest.raises(CaptureRejected, match="not a readable"):
        list(decode(whole[:300]))


def test_a_wrong_codec_is_named() -> None:
    with pytest.raises(CaptureRejected, match="mpeg4") as caught:
        list(decode(video("mpeg4")))
    assert caught.value.code == "capture.codec"


def test_a_wrong_container_is_named() -> None:
    with pytest.raises(CaptureRejected, match="container avi") as caught:
        list(decode(video("mpeg4", container="avi")))
    assert caught.value.code == "capture.codec"


def test_too_large_too_long_and_too_many_are_refused() -> None:
    with pytest.raises(CaptureRejected) as large:
        list(decode(video(size=(2160, 3840), frames=3)))
    assert large.value.code == "capture.too_large"
    with pytest.raises(CaptureRejected) as long:
        list(decode(video(frames=30, step_ms=1_000)))
    assert long.value.code == "capture.too_long"
    with pytest.raises(CaptureRejected) as many:
        list(decode(video(frames=60), DecodeLimits(max_frames=40)))
    assert many.value.code == "capture.too_long"
    with pytest.raises(CaptureRejected) as heavy:
        list(decode(video(), DecodeLimits(max_bytes=1_000)))
    assert heavy.value.code == "capture.too_large"


def test_the_container_says_what_the_track_is() -> None:
    with open_video(video()) as opened:
        properties = opened.properties
    assert (properties.codec, properties.container, properties.width) == ("h264", "mp4", 480)


def test_frames_that_are_held_stay_as_they_were() -> None:
    """They are views of the decoder's memory, which it uses again for later pictures; the moving block shows whose."""
    frames = [one.frame for one in decode(video(frames=80))]
    assert len(frames) == 80
    for number in (0, 31, 32, 63, 64, 79):
        assert np.abs(frames[number].rgb().astype(int) - picture(number, 480, 640)).mean() < 12
        assert number == 0 or not np.array_equal(frames[number].rgb(), frames[number - 1].rgb())
        assert np.array_equal(frames[number].kept().rgb(), frames[number].rgb())
