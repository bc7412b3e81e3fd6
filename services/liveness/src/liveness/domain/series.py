"""A normalized capture and the challenge it answers, as arrays."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from liveness.domain.display_timing import DisplayTiming


@dataclass(frozen=True)
class Commitment:
    """Of a live capture, both by the server's clock [ms]: when the bytes of each frame were fixed, when the colour of
    each slot was released."""

    frame_committed_ms: Float[np.ndarray, "frames"]
    slot_released_ms: Float[np.ndarray, "slots"]


@dataclass(frozen=True)
class CaptureSeries:
    """What is measured on.

    timing: times of frames and slots, and the issued colours; other_colours: linear colours of schedules that the
    server could have issued instead; radiance: linear radiance per frame and face cell [share of full scale];
    usable_share: unclipped share of each cell, 0..1; scene: radiance on the coarse grid over the whole frame; mesh:
    landmarks in grid cells; cell_place: mean place of each cell in the frame [shares of its width and height]; eyes:
    linear radiance of both eyes in the tracked frames; tracked_frame: index of those; face_low, face_high: bounds of
    the mesh [px]; frame_size: width, height [px]; commitment: None for a capture without a transcript.
    """

    timing: DisplayTiming
    other_colours: Float[np.ndarray, "schedules slots 3"]
    radiance: Float[np.ndarray, "frames rows columns 3"]
    usable_share: Float[np.ndarray, "frames rows columns"]
    scene: Float[np.ndarray, "frames scene_rows scene_columns 3"]
    mesh: Float[np.ndarray, "points 3"]
    cell_place: Float[np.ndarray, "rows columns 2"]
    eyes: Float[np.ndarray, "tracked 2 eye_rows eye_columns 3"]
    tracked_frame: Int[np.ndarray, "tracked"]
    face_low: Float[np.ndarray, "2"]
    face_high: Float[np.ndarray, "2"]
    frame_size: tuple[float, float]
    eye_distance_px: float
    yaw: float
    commitment: Commitment | None = None
