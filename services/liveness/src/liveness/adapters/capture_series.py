"""Arrays of a normalized capture, in linear radiance and on the clock of the light."""

import hashlib
from functools import cache

import numpy as np

from borderlight.contracts.challenge.generators import SlotGenerator, generator_named
from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight.contracts.normalized_capture import NormalizedCapture
from liveness.domain.display_timing import DisplayTiming
from liveness.domain.null_schedules import NULL_SCHEDULES, permuted_schedules
from liveness.domain.series import CaptureSeries, Commitment

_CODE = np.arange(256) / 255.0
_LINEAR = np.where(_CODE <= 0.04045, _CODE / 12.92, ((_CODE + 0.055) / 1.055) ** 2.4)
"""Linear radiance of each sRGB code value (IEC 61966-2-1)."""
_LANDMARK_UNITS_PER_PX = 16.0


@cache
def _drawn(generator: SlotGenerator) -> np.ndarray:
    """[N, S, 3] schedules of a generator, drawn once: any session's could have been one of these."""
    seeds = (hashlib.sha512(f"{generator.name} {k}".encode()).digest() for k in range(NULL_SCHEDULES))
    return np.stack([generator.draw(seed).linear_colours() for seed in seeds])


def _other_schedules(schedule: ColourSchedule, seed: bytes) -> np.ndarray:
    """[N, S, 3] schedules that could have been issued: the generator's own where it is known, else other orders."""
    generator = generator_named(schedule.generator)
    if generator is None or generator.slots != len(schedule.slots):
        return permuted_schedules(schedule.linear_colours(), NULL_SCHEDULES, int.from_bytes(seed[:8], "big"))
    return _drawn(generator)


def _cell_place(capture: NormalizedCapture, frame_size: tuple[float, float]) -> np.ndarray:
    """[rows, columns, 2] mean place of each face cell in the frame [shares of its width and height]."""
    rows, columns = capture.face_radiance.shape[1:3]
    cells = np.stack(np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5), axis=-1)
    to_frame = capture.grid_to_frame.astype(np.float64).mean(0)
    return (cells @ to_frame[:, :2].T + to_frame[:, 2]) / np.array(frame_size)


def schedule_of(capture: NormalizedCapture) -> ColourSchedule:
    """The issued challenge; raises CaptureRejected when it is unreadable."""
    return ColourSchedule.from_json(capture.header.get("challenge", {}))


def _timing(capture: NormalizedCapture, schedule: ColourSchedule) -> DisplayTiming:
    started_ms = float(capture.header.get("client_video", {}).get("started_client_ms") or 0.0)
    return DisplayTiming(
        frame_time_ms=capture.frame_time_ms.astype(np.float64) + started_ms,
        start_ms=schedule.start_ms(),
        duration_ms=schedule.duration_ms(),
        colours=schedule.linear_colours(),
    )


def _commitment(capture: NormalizedCapture) -> Commitment | None:
    if capture.frame_committed_ms is None or capture.slot_released_ms is None:
        return None
    return Commitment(capture.frame_committed_ms.astype(np.float64), capture.slot_released_ms.astype(np.float64))


def series_of(capture: NormalizedCapture) -> CaptureSeries:
    """Arrays of a normalized capture; raises CaptureRejected when its challenge is unreadable."""
    schedule = schedule_of(capture)
    points = capture.landmarks[:, :, :2].astype(np.float64) / _LANDMARK_UNITS_PER_PX
    frame_size = capture.quality_of("frame_width_px"), capture.quality_of("frame_height_px")
    seed = hashlib.sha256(capture.film_sha256.encode()).digest()
    return CaptureSeries(
        timing=_timing(capture, schedule),
        other_colours=_other_schedules(schedule, seed),
        radiance=capture.face_radiance.astype(np.float64),
        usable_share=capture.face_usable.astype(np.float64) / 255.0,
        scene=capture.scene_radiance.astype(np.float64),
        mesh=capture.mesh.astype(np.float64),
        cell_place=_cell_place(capture, frame_size),
        eyes=_LINEAR[capture.eyes],
        tracked_frame=capture.tracked_frame.astype(int),
        face_low=points.min((0, 1)),
        face_high=points.max((0, 1)),
        frame_size=frame_size,
        eye_distance_px=capture.quality_of("eye_distance_px"),
        yaw=capture.quality_of("yaw"),
        commitment=_commitment(capture),
    )
