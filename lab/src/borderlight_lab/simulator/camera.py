"""A phone's camera: crosstalk, exposure and white-balance loops, rolling shutter, noise, tone curve, motion, codec."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight_lab.simulator.head import HEIGHT, WIDTH
from borderlight_lab.simulator.light import Scene

CROSSTALK = np.array([[0.86, 0.11, 0.03], [0.08, 0.84, 0.08], [0.03, 0.13, 0.84]], np.float32)
_LEVELS = 4096
Overlay = Callable[[np.ndarray, float, np.ndarray], np.ndarray]
"""From a frame in linear light, its time [ms] and the [2, 3] pose of the scene in it to another frame."""


@dataclass(frozen=True)
class Camera:
    """lag_ms: display to sensor; readout_ms: over the height; drift: 0 locked .. 1 strong loops."""

    fps: float = 30.0
    lag_ms: float = 90.0
    exposure_ms: float = 25.0
    readout_ms: float = 16.0
    drift: float = 0.3
    noise: float = 1.0
    motion_px: float = 2.5
    codec: str = "vp8"
    mbit_per_s: float = 1.2
    drop_share: float = 0.02


def slot_shares(schedule: ColourSchedule, times_ms: np.ndarray, exposure_ms: float) -> np.ndarray:
    """[n, S] share of the exposure that ends at each time which every slot fills; 0 outside the schedule."""
    starts = schedule.start_ms()
    ends = starts + schedule.duration_ms()
    high = np.clip(np.minimum(times_ms[:, None], ends) - starts, 0.0, None)
    low = np.clip(np.minimum(times_ms[:, None] - exposure_ms, ends) - starts, 0.0, None)
    return (high - low) / exposure_ms


def displayed_course(schedule: ColourSchedule, times_ms: np.ndarray, exposure_ms: float) -> np.ndarray:
    """[n, 3] mean linear displayed colour over the exposure that ends at each time; dark outside the schedule."""
    return slot_shares(schedule, times_ms, exposure_ms) @ schedule.linear_colours()


def _tone_curve(random: np.random.Generator) -> np.ndarray:
    """[4096] code values: sRGB with a gentle shoulder, as phones render."""
    x = np.linspace(0.0, 1.0, _LEVELS)
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    bend = float(random.uniform(-0.04, 0.06))
    return np.clip(np.round(255 * (srgb + bend * np.sin(np.pi * srgb))), 0, 255).astype(np.uint8)


def frame_times(camera: Camera, duration_ms: float, random: np.random.Generator) -> np.ndarray:
    """[n] capture times with jitter and drops [ms]."""
    count = int(duration_ms / 1000.0 * camera.fps)
    times = np.arange(count) * 1000.0 / camera.fps + random.normal(0.0, 1.2, count)
    keep = random.uniform(size=count) >= camera.drop_share
    keep[0] = True
    return np.sort(times[keep] - times[0])


def film(
    scene: Scene, schedule: ColourSchedule, camera: Camera, seed: int, overlay: Overlay | None = None
) -> tuple[list[np.ndarray], np.ndarray]:
    """(frames [H, W, 3] code values, their times [ms]) of `scene` under the screen that shows `schedule`.

    overlay: for attacks behind the lens.
    """
    room, screen = scene.room @ CROSSTALK.T, scene.screen @ CROSSTALK.T
    gain = np.float32(0.23 / float((room + 0.35 * screen)[150:450, 120:360].mean()))
    room, screen, colours = room * gain, screen * gain, schedule.linear_colours().astype(np.float32)
    return film_light(lambda shares, _: room + screen * (shares @ colours)[:, None, :], schedule, camera, seed, overlay)


def film_light(
    light_at: Callable[[np.ndarray, int], np.ndarray],
    schedule: ColourSchedule,
    camera: Camera,
    seed: int,
    overlay: Overlay | None = None,
) -> tuple[list[np.ndarray], np.ndarray]:
    """As `film`, for light of any origin.

    light_at: from the share of every slot in the exposure of each row [H, S] and the number of the frame to linear
    light [H, W, 3], 0.23 where a face is well exposed.
    """
    random = np.random.default_rng(seed)
    end = float(schedule.start_ms()[-1] + schedule.duration_ms()[-1])
    times = frame_times(camera, end + camera.lag_ms + 150.0, random)
    rows_ms = np.arange(HEIGHT) / HEIGHT * camera.readout_ms
    curve = _tone_curve(random)
    noise = random.normal(size=(HEIGHT + 64, WIDTH + 64, 3)).astype(np.float32)
    walk = np.cumsum(random.normal(0.0, camera.motion_px / 12.0, (len(times), 3)), axis=0)
    walk -= np.linspace(0, 1, len(times))[:, None] * walk[-1] * 0.7
    exposure, balance = 1.0, np.ones(3, np.float32)
    frames: list[np.ndarray] = []
    for k, at in enumerate(times.tolist()):
        shares = slot_shares(schedule, at - camera.lag_ms + rows_ms, camera.exposure_ms).astype(np.float32)
        turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), float(walk[k, 2]) * 0.12, 1.0)
        turn[:, 2] += walk[k, :2]
        light = cv2.warpAffine(
            light_at(shares, k), turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        light *= exposure * balance
        if overlay is not None:
            light = overlay(light, at, turn)
        level = light[160:440:8, 130:350:8].reshape(-1, 3).mean(0)
        exposure *= 1.0 - camera.drift * 0.03 * float(level.mean() / 0.23 - 1.0)
        balance = balance * (1.0 - camera.drift * 0.012 * (level / level.mean() - 1.0)).astype(np.float32)
        dx, dy = random.integers(0, 64, 2)
        grain = noise[dy : dy + HEIGHT, dx : dx + WIDTH]
        light += grain * cv2.sqrt(np.maximum(light, 0.0) * (2.5e-4 * camera.noise) + 4e-6 * camera.noise)
        index = np.clip(light * (_LEVELS - 1), 0, _LEVELS - 1).astype(np.uint16)
        frames.append(curve[index])
    return frames, times


def encode(frames: list[np.ndarray], times_ms: np.ndarray, camera: Camera) -> tuple[bytes, str]:
    """(file, media type): WebM with VP8 or VP9, or MP4 with H.264 baseline; variable frame times."""
    webm = camera.codec in ("vp8", "vp9")
    target = io.BytesIO()
    with av.open(target, "w", format="webm" if webm else "mp4") as container:
        name = {"vp8": "libvpx", "vp9": "libvpx-vp9", "h264": "libx264"}[camera.codec]
        options = {"deadline": "realtime", "cpu-used": "8"} if webm else {"preset": "veryfast", "profile": "baseline"}
        stream: Any = container.add_stream(name, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = int(camera.mbit_per_s * 1e6)
        stream.time_base = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.thread_count = 1
        last = -1
        for rgb, at in zip(frames, times_ms.tolist(), strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            last = max(last + 1, round(at))
            frame.pts, frame.time_base = last, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue(), "video/webm" if webm else "video/mp4"
