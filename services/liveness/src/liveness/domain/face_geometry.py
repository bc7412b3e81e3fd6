"""Normals, self-shadowing and screen irradiance of the face, from the landmark mesh on the cell grid.

Axes in grid cells: x to the right of the picture, y down, z away from the camera.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import LinearNDInterpolator

from liveness.domain.smoothing import smooth

ROWS, COLUMNS = 30, 24
_SKY = tuple(
    (np.cos(e) * np.sin(a), -np.sin(e), -np.cos(e) * np.cos(a))
    for e in np.radians((15, 45, 75))
    for a in np.radians(range(0, 360, 45))
)
"""Directions towards the sky, 8 azimuths in 3 rings; azimuth 0 lies behind the camera."""
_SIDES = ((0, 1, 7, 8, 9, 15), (1, 2, 3, 9, 10, 11), (5, 6, 7, 13, 14, 15), (16, 17, 20, 23))
"""Rooms that light mostly from the front, from either side, from above."""


@dataclass(frozen=True)
class FaceGeometry:
    """inside: cells that the mesh covers; templates: [n, 30, 24] log of screen light over room light, one per room."""

    inside: Bool[np.ndarray, "rows columns"]
    templates: Float[np.ndarray, "rooms rows columns"]


def _depth(mesh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:ROWS, 0:COLUMNS] + 0.5
    depth = LinearNDInterpolator(mesh[:, :2], mesh[:, 2])(x, y)
    inside = ~np.isnan(depth)
    filled = np.where(inside, depth, np.nanmax(depth))
    return inside, smooth(filled, inside.astype(float), 0.7)


def _normals(depth: np.ndarray) -> np.ndarray:
    along_y, along_x = np.gradient(depth)
    normal = np.stack([along_x, along_y, -np.ones_like(depth)], axis=-1)
    return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def _room_light(depth: np.ndarray, inside: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """[directions, rows, columns] cosine-weighted visibility of each sky direction, with self-shadowing."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    found: list[np.ndarray] = []
    for direction in _SKY:
        cosine = np.clip(normal @ np.array(direction), 0.0, None)
        flat = float(np.hypot(direction[0], direction[1]))
        visible = np.ones_like(depth)
        if flat > 0.05:
            for step in range(1, 9):
                column = np.clip(np.round(x + direction[0] / flat * step).astype(int), 0, COLUMNS - 1)
                row = np.clip(np.round(y + direction[1] / flat * step).astype(int), 0, ROWS - 1)
                ray = depth + direction[2] / flat * step
                visible = np.where((depth[row, column] < ray - 0.35) & inside[row, column], 0.0, visible)
        found.append(cosine * visible)
    return np.array(found)


def _screen_light(depth: np.ndarray, normal: np.ndarray, distance_cells: float = 40.0) -> np.ndarray:
    """Irradiance from a small source a little below the camera, relative (inverse square and cosine)."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    place = np.stack([x - COLUMNS / 2, y - ROWS / 2, depth - np.median(depth)], axis=-1)
    towards = np.array([0.0, 3.0, -distance_cells]) - place
    length = np.linalg.norm(towards, axis=-1)
    return np.clip((normal * towards).sum(-1) / length, 0.0, None) * (distance_cells / length) ** 2


def face_geometry(mesh: Float[np.ndarray, "points 3"]) -> FaceGeometry:
    """Templates of what a live face of this shape shows; mesh: landmarks in grid cells."""
    inside, depth = _depth(mesh)
    normal = _normals(depth)
    sky = _room_light(depth, inside, normal)
    screen = np.log(np.maximum(_screen_light(depth, normal), 0.1))
    even = sky.mean(0)
    rooms = [np.log(even + 0.05)]
    rooms += [np.log(sky[list(side)].mean(0) + 0.35 * (even + 0.05) + 0.02) for side in _SIDES]
    return FaceGeometry(inside, np.stack([screen - room for room in rooms]))
