"""Captures made of arrays, with known light, albedo and shape: what the measurement is tested on."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from borderlight.contracts.challenge.generators import COLOUR_SLOTS
from borderlight.contracts.challenge.schedule import ColourSchedule
from liveness.domain.display_timing import DisplayTiming
from liveness.domain.measure.face_geometry import face_geometry
from liveness.domain.null_schedules import permuted_schedules
from liveness.domain.series import CaptureSeries

ROWS, COLUMNS = 30, 24
MESH = np.load(Path(__file__).parent / "fixtures" / "mesh.npy").astype(float)


@dataclass(frozen=True)
class Scene:
    """room, screen: [30, 24] irradiance of the room and of the white screen; albedo: [30, 24, 3]; gloss: [30, 24]
    mirror-like answer; behind: answer of the background over the face's; lag, readout [ms]; noise: share."""

    room: np.ndarray
    screen: np.ndarray
    albedo: np.ndarray
    gloss: np.ndarray
    behind: float = 0.02
    lag_ms: float = 90.0
    readout_ms: float = 0.0
    noise: float = 0.002
    drift: float = 0.0


def bumps() -> np.ndarray:
    """[30, 24] height of a face-like relief where this mesh has its features: nose, brows, eye hollows, lips, chin."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS] + 0.5

    def at(*points: int) -> tuple[float, float]:
        place = MESH[list(points), :2].mean(0)
        return float(place[0]), float(place[1])

    def bump(centre: tuple[float, float], sx: float, sy: float) -> np.ndarray:
        return np.exp(-0.5 * (((x - centre[0]) / sx) ** 2 + ((y - centre[1]) / sy) ** 2))

    height = 9.0 * np.sqrt(np.clip(1 - ((x - 12) / 13) ** 2 - ((y - 15) / 17) ** 2, 0, None))
    height += 3.6 * bump(at(1), 1.5, 1.7) + 2.4 * bump(at(6, 1), 1.2, 3.0)
    for eye, brow in (((33, 133), 105), ((362, 263), 334)):
        height += -2.4 * bump(at(*eye), 2.2, 1.3) + 1.6 * bump(at(brow), 2.6, 0.9)
    mouth = at(13, 14)
    height += 1.2 * bump(mouth, 3.0, 0.9) - 1.4 * bump((mouth[0], mouth[1] + 2.6), 2.8, 0.8)
    return height + 1.6 * bump(at(199), 2.4, 1.4)


def lit_from(height: np.ndarray, direction: tuple[float, float, float], soft: float, shadow: float = 1.5) -> np.ndarray:
    """Lambertian irradiance on a height map from `direction` (x right, y down, z to the camera), with an even part;
    shadow: how much darker a hollow is, by its depth below the surroundings."""
    gy, gx = np.gradient(height)
    normal = np.stack([-gx, -gy, np.ones_like(height)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    vector = np.array(direction) / np.linalg.norm(direction)
    hollow = np.clip(gaussian_filter(height, 1.8) - height, 0, None)
    return (soft + (1 - soft) * np.clip(normal @ vector, 0.02, None)) * np.exp(-shadow * hollow)


def albedo_of_a_face(seed: int = 3) -> np.ndarray:
    """[30, 24, 3] skin with dark eyes and brows, reddish lips and fine texture."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    albedo = np.ones((ROWS, COLUMNS, 3)) * np.array([0.52, 0.37, 0.29])
    for side in (-1, 1):
        albedo[(abs(x - 11.5 - 4.5 * side) < 2.2) & (abs(y - 9.5) < 1)] *= 0.35
        albedo[(abs(x - 11.5 - 4.5 * side) < 2.8) & (y == 7)] *= 0.45
    albedo[(abs(x - 11.5) < 3.2) & (abs(y - 21) < 1)] *= np.array([0.9, 0.55, 0.6])
    texture = np.random.default_rng(seed).normal(0, 0.3, (ROWS, COLUMNS, 1))
    return albedo * np.exp(texture)


def live_face(screen_to_room: float = 0.4, **changes: float) -> Scene:
    """A relief under a room from above and the phone in front."""
    height = bumps()
    room = lit_from(height, (0.2, -1.0, 0.6), 0.35)
    screen = lit_from(height, (0.0, 0.1, 1.0), 0.0, 0.0) * screen_to_room
    return replace(Scene(room, screen, albedo_of_a_face(), np.zeros((ROWS, COLUMNS))), **changes)


def picture_of_a_face() -> np.ndarray:
    """Albedo of a print: the face as the room had lit it."""
    return albedo_of_a_face() * lit_from(bumps(), (0.2, -1.0, 0.6), 0.35)[..., None]


def flat_print(screen_to_room: float = 0.4, gloss: float = 0.0, **changes: float) -> Scene:
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    room = 1.0 + 0.01 * (y - 15) + 0.008 * (x - 12)
    screen = screen_to_room * (1.0 - 0.0012 * ((x - 12) ** 2 + (y - 18) ** 2))
    veil = gloss * screen_to_room * np.exp(-0.5 * (((x - 14) / 6) ** 2 + ((y - 18) / 8) ** 2))
    return replace(Scene(room, screen, picture_of_a_face(), veil, behind=0.6), **changes)


def bent_print(screen_to_room: float = 0.4, **changes: float) -> Scene:
    x = np.mgrid[0:ROWS, 0:COLUMNS][1].astype(float)
    slope = np.clip(1 - ((x - 12) / 15) ** 2, 0.05, None)
    return replace(
        Scene(0.6 + 0.4 * slope, screen_to_room * slope**1.5, picture_of_a_face(), np.zeros((ROWS, COLUMNS))), **changes
    )


def tinted_video(screen_to_room: float = 0.4, **changes: float) -> Scene:
    """The whole picture multiplied by the colour."""
    even = np.ones((ROWS, COLUMNS))
    return replace(Scene(even, screen_to_room * even, picture_of_a_face(), 0 * even, behind=1.0), **changes)


def relit_video(screen_to_room: float = 0.4, **changes: float) -> Scene:
    """A filmed face multiplied by the shading of the screen on the shape: the room's shadows are inherited."""
    even = np.ones((ROWS, COLUMNS))
    shading = lit_from(bumps(), (0.0, 0.1, 1.0), 0.0, 0.0)
    return replace(Scene(even, screen_to_room * shading, picture_of_a_face(), 0 * even), **changes)


def relit_by_the_mesh(screen_to_room: float = 0.4, **changes: float) -> Scene:
    """A filmed face multiplied by screen light over the light of an assumed room, both computed from the mesh."""
    geometry = face_geometry(MESH)
    answer = np.exp(geometry.relief_templates()[1])
    answer = np.where(geometry.inside, answer / np.median(answer[geometry.inside]), 1.0)
    even = np.ones((ROWS, COLUMNS))
    return replace(Scene(even, screen_to_room * answer, picture_of_a_face(), 0 * even), **changes)


def projection(screen_to_room: float = 0.4, **changes: float) -> Scene:
    """A picture of the face thrown on a pale form of its shape: relief, but the room's light is the picture."""
    face = live_face(screen_to_room)
    picture = picture_of_a_face() / picture_of_a_face().mean()
    pale = 0.6
    baseline = pale * (0.25 * face.room[..., None] + picture)
    # The answer is pale * screen everywhere; as an albedo it is what makes the baseline, so it is divided out again.
    return replace(Scene(np.ones((ROWS, COLUMNS)), 0 * face.screen, baseline, pale * face.screen), **changes)


def mirror_in_glass(screen_to_room: float = 0.4, **changes: float) -> Scene:
    """A display behind glass: its own picture, and the phone's mirror image as a soft rectangle."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    rectangle = ((abs(x - 12) < 6) & (abs(y - 15) < 9)).astype(float)
    mirror = gaussian_filter(rectangle, 0.8) * screen_to_room
    return replace(Scene(np.ones_like(x), 0.002 * np.ones_like(x), picture_of_a_face(), mirror), **changes)


def schedule(seed: int = 1) -> ColourSchedule:
    return COLOUR_SLOTS.draw(np.random.default_rng(seed).bytes(64))


def moved(series: CaptureSeries, path: np.ndarray) -> CaptureSeries:
    """The face shifted under the grid by `path` [frames 2] cells, down and right."""
    radiance = np.stack([
        shift(frame, (down, right, 0.0), order=1, mode="nearest")
        for frame, (down, right) in zip(series.radiance, path.tolist(), strict=True)
    ])  # fmt: skip
    return replace(series, radiance=radiance)


def thinned(series: CaptureSeries, step: int) -> CaptureSeries:
    """Every `step`-th frame only."""
    kept = np.arange(0, len(series.radiance), step)
    tracked = np.arange(0, len(kept), 4)
    return replace(
        series,
        timing=replace(series.timing, frame_time_ms=series.timing.frame_time_ms[kept]),
        radiance=series.radiance[kept],
        usable_share=series.usable_share[kept],
        scene=series.scene[kept],
        tracked_frame=tracked,
        eyes=series.eyes[: len(tracked)],
    )


def film(scene: Scene, shown: ColourSchedule, issued: ColourSchedule | None = None, seed: int = 5) -> CaptureSeries:
    """The capture of `scene` while `shown` is on the screen; `issued`: what the server believes (default: the same)."""
    random = np.random.default_rng(seed)
    issued = issued or shown
    end = float(shown.start_ms()[-1] + shown.duration_ms()[-1])
    times = np.arange(0.0, end + scene.lag_ms, 1000 / 30) + random.uniform(-1, 1)
    times -= times[0]
    y = np.mgrid[0:ROWS, 0:COLUMNS][0]
    place = np.stack([0.2 + 0.6 * np.mgrid[0:ROWS, 0:COLUMNS][1] / COLUMNS, 0.2 + 0.6 * y / ROWS], -1)

    def light_at(moments: np.ndarray) -> np.ndarray:
        """[..., 3] displayed colour averaged over an exposure of 20 ms."""
        offsets = np.linspace(-20.0, 0.0, 9)
        when = moments[..., None] - scene.lag_ms + offsets
        slot = np.clip(np.searchsorted(shown.start_ms(), when, side="right") - 1, 0, len(shown.slots) - 1)
        return shown.linear_colours()[slot].mean(-2)

    light = light_at(times[:, None, None] + scene.readout_ms * place[None, ..., 1])
    gain = 1.0 + scene.drift * np.sin(times / 700.0)
    radiance = scene.albedo * (scene.room[..., None] + light * scene.screen[..., None]) + light * scene.gloss[..., None]
    radiance = radiance * gain[:, None, None, None] * 0.4
    radiance *= 1.0 + random.normal(0, scene.noise, radiance.shape)
    centre = light_at(times + 0.5 * scene.readout_ms)
    typical = float(np.median(scene.screen / scene.room))
    around = 0.2 * (1.0 + scene.behind * typical * centre)[:, None, None, :] * np.ones((1, 16, 12, 1))
    around = around * gain[:, None, None, None] * (1.0 + random.normal(0, 0.001, (len(times), 16, 12, 3)))
    tracked = np.arange(0, len(times), 4)
    return CaptureSeries(
        timing=DisplayTiming(times, issued.start_ms(), issued.duration_ms(), issued.linear_colours()),
        other_colours=permuted_schedules(issued.linear_colours(), 300, 1),
        radiance=radiance,
        usable_share=np.ones(radiance.shape[:3]),
        scene=around,
        mesh=MESH,
        cell_place=place,
        eyes=np.full((len(tracked), 2, 24, 40, 3), 0.1),
        tracked_frame=tracked,
        face_low=np.array([150.0, 200.0]),
        face_high=np.array([330.0, 440.0]),
        frame_size=(480.0, 640.0),
        eye_distance_px=90.0,
        yaw=0.0,
    )
