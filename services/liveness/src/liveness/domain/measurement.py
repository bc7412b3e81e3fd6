"""Everything the evidences look at, measured once per capture."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from liveness.domain.challenge_fit import ChallengeFit, fit_challenge
from liveness.domain.eye_response import glint_strength
from liveness.domain.face_geometry import FaceGeometry, face_geometry
from liveness.domain.reflectance_fit import ReflectanceFit, fit_reflectance
from liveness.domain.relief_fit import ReliefFit, fit_relief
from liveness.domain.response_map import ResponseMap, measure_response
from liveness.domain.row_delay import RowDelay, measure_row_delay
from liveness.domain.scene_response import around_the_face, scene_shares
from liveness.domain.slot_exposure import lit_frames, settled_frames, slot_exposure, slow_drift

NULL_SCHEDULES = 800
_MIN_BAND_CELLS = 6
LAGS_MS = np.arange(-312.0, 661.0, 24.0)


@dataclass(frozen=True)
class CaptureSeries:
    """A normalized capture and the schedule it answers, as arrays.

    radiance: linear radiance per frame and face cell; usable_share: unclipped share per cell; scene: radiance on the
    coarse grid over the whole frame; mesh: landmarks in grid cells; cell_place: mean place of each cell in the frame
    [shares of its width and height]; eyes: linear radiance of both eyes in the tracked frames; face_low, face_high:
    mesh bounds [px]; colours: linear displayed colours per slot; other_colours: schedules that could have been issued.
    """

    frame_time_ms: Float[np.ndarray, "frames"]
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
    start_ms: Float[np.ndarray, "slots"]
    duration_ms: Float[np.ndarray, "slots"]
    colours: Float[np.ndarray, "slots 3"]
    other_colours: Float[np.ndarray, "schedules slots 3"]
    eye_distance_px: float
    yaw: float


@dataclass(frozen=True)
class Measurement:
    """challenge: fit of the issued schedule; response: the R/B map, relief, reflectance: what it shows (None: too few
    usable cells).

    row_delay: readout along the axis that shows it best; glint: strongest corneal spot [face responses];
    duplicate_share: share of frames equal to the one before; surround_*: share of the face's answer that cells around
    the face give, its error; clipped_share: share of face cells that are clipped or black; face_level: mean linear
    radiance of the face; light_course: the face's relative radiance, over the scene's where that fits better;
    fitted_course: what the challenge explains of it
    in the lit frames.
    """

    challenge: ChallengeFit
    response: ResponseMap | None
    relief: ReliefFit | None
    reflectance: ReflectanceFit | None
    geometry: FaceGeometry
    row_delay: RowDelay | None
    glint: float | None
    duplicate_share: float
    surround_share: Float[np.ndarray, "cells"]
    surround_error: Float[np.ndarray, "cells"]
    clipped_share: float
    face_level: float
    frames_per_second: float
    eye_distance_px: float
    yaw: float
    light_course: Float[np.ndarray, "frames 3"]
    fitted_course: Float[np.ndarray, "lit 3"]
    lit: Bool[np.ndarray, "frames"]
    surround_cells: Bool[np.ndarray, "scene_rows scene_columns"]


def permuted_schedules(
    colours: Float[np.ndarray, "slots 3"], count: int, seed: int
) -> Float[np.ndarray, "schedules slots 3"]:
    """`count` other orders of the session's own slots: the null where no generator is known."""
    generator = np.random.default_rng(seed)
    return colours[generator.random((count, len(colours))).argsort(axis=1)]


def without_issued(
    others: Float[np.ndarray, "schedules slots 3"], issued: Float[np.ndarray, "slots 3"]
) -> Float[np.ndarray, "fewer slots 3"]:
    """`others` less those that show the issued colours: repeated colours make some orders the same challenge."""
    return others[np.abs(others - issued).max((1, 2)) > 1e-6]


def _best_course(
    relative: Float[np.ndarray, "frames 3"], scene: Float[np.ndarray, "frames 3"], series: CaptureSeries
) -> tuple[ChallengeFit, Float[np.ndarray, "frames 3"]]:
    """(fit, course): the face's course as it is or over the scene's, which cancels exposure; the better one counts.

    Taking the better of two is paid for: the null of each is compared with its own course only, and the p-value of
    the better one is doubled (Bonferroni).
    """
    others = without_issued(series.other_colours, series.colours)
    schedules = np.concatenate([series.colours[None], others])
    over_scene = relative / np.maximum(scene, 0.05)
    courses = np.stack([relative, over_scene / over_scene.mean(0)])
    fits = fit_challenge(courses, series.frame_time_ms, series.start_ms, series.duration_ms, schedules, LAGS_MS)
    better = 1 if fits[1].correlation > fits[0].correlation else 0
    fit = replace(fits[better], p_value=min(1.0, 2.0 * fits[better].p_value))
    return fit, courses[better]


def _row_delay(series: CaptureSeries, inside: Bool[np.ndarray, "rows columns"], lag_ms: float) -> RowDelay | None:
    """Along rows and along columns of the frame; whichever stands out more from its error."""
    found: list[RowDelay] = []
    member = inside.astype(float)
    for axis in (0, 1):
        cells = member.sum(1 - axis)
        bands = np.nonzero(cells >= _MIN_BAND_CELLS)[0]
        if len(bands) == 0:
            continue
        total = np.einsum("tyxc,yx->tyc" if axis == 0 else "tyxc,yx->txc", series.radiance, member)
        course = total[:, bands] / cells[bands, None]
        middle = (series.cell_place[..., 1 - axis] * member).sum(1 - axis)[bands] / cells[bands]
        delay = measure_row_delay(
            course / np.maximum(course.mean(0), 1e-5), middle, series.frame_time_ms, series.start_ms,
            series.duration_ms, series.colours, lag_ms,
        )  # fmt: skip
        if delay is not None:
            found.append(delay)
    return max(found, key=lambda delay: abs(delay.readout_ms) / delay.error) if found else None


def _glint(
    series: CaptureSeries,
    face: Float[np.ndarray, "frames 3"],
    course: Float[np.ndarray, "frames 3"],
    coefficients: Float[np.ndarray, "terms 3"],
    lag_ms: float,
) -> float | None:
    """Corneal spot from the tracked frames that saw one colour only."""
    exposure = slot_exposure(series.frame_time_ms, series.start_ms, series.duration_ms, lag_ms)
    light = (exposure @ series.colours) @ coefficients[-3:]
    share = light / np.maximum(course, 0.05)
    settled = settled_frames(series.frame_time_ms, series.start_ms, series.duration_ms, lag_ms)[series.tracked_frame]
    frames = series.tracked_frame[settled]
    return glint_strength(series.eyes[settled], face[frames], share[frames])


def measure(series: CaptureSeries) -> Measurement:
    """All measurements of one capture; pure."""
    geometry = face_geometry(series.mesh)
    usable = geometry.inside & (series.usable_share.mean(0) > 0.8)
    inside = usable if int(usable.sum()) >= 60 else geometry.inside
    face = np.maximum(series.radiance[:, inside].mean(1), 1e-5)
    relative = face / face.mean(0)
    rows, columns = series.scene.shape[1:3]
    around = around_the_face(series.face_low, series.face_high, series.frame_size, rows, columns)
    top = np.zeros_like(around)
    top[:2] = True
    ring = series.scene[:, around if int(around.sum()) >= 4 else top]
    surround = np.maximum(np.median(ring, axis=1), 1e-5)
    challenge, course = _best_course(relative, surround / surround.mean(0), series)
    response = measure_response(
        series.radiance, series.usable_share, course, geometry.inside, series.frame_time_ms, series.start_ms,
        series.duration_ms, series.colours, challenge.lag_ms,
    )  # fmt: skip
    exposure = slot_exposure(series.frame_time_ms, series.start_ms, series.duration_ms, challenge.lag_ms)
    lit = lit_frames(exposure)
    lit = lit if int(lit.sum()) >= 20 else np.ones_like(lit)
    drift = slow_drift(series.frame_time_ms[lit])
    drive = exposure[lit] @ series.colours
    coefficients = np.linalg.lstsq(np.concatenate([drift, drive], axis=1), course[lit], rcond=None)[0]
    light = drive @ coefficients[drift.shape[1] :]
    fitted = drift @ coefficients[: drift.shape[1]] + light
    share, error = scene_shares(ring[lit], light - light.mean(0), series.frame_time_ms[lit])
    span = float(series.frame_time_ms[-1] - series.frame_time_ms[0])
    return Measurement(
        challenge=challenge,
        response=response,
        relief=None if response is None else fit_relief(response, geometry),
        reflectance=None if response is None else fit_reflectance(response, geometry),
        geometry=geometry,
        row_delay=_row_delay(series, inside, challenge.lag_ms),
        glint=_glint(series, face, course, coefficients, challenge.lag_ms),
        duplicate_share=float((series.radiance[1:] == series.radiance[:-1]).all((1, 2, 3)).mean()),
        surround_share=share,
        surround_error=error,
        clipped_share=float(1.0 - (series.usable_share[:, geometry.inside] > 0.5).mean()),
        face_level=float(face.mean()),
        frames_per_second=1000.0 * (len(series.frame_time_ms) - 1) / max(span, 1.0),
        eye_distance_px=series.eye_distance_px,
        yaw=series.yaw,
        light_course=course,
        fitted_course=fitted,
        lit=lit,
        surround_cells=around,
    )
