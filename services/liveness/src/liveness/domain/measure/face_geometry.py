"""Normals, self-shadowing and screen irradiance of the face, from the landmark mesh on the cell grid (eq. 8).

With the normal n of a cell, the screen at distance l in direction p, and sky directions q of weight w_m(q) and
visibility V,

    g = max(n.p, 0) / l²,   A_m = Σ_q w_m(q) max(n.q, 0) V(q) + bounced light,   w_m = log g - log A_m  (eq. 8)

is what log R/B shows in room m. Axes in grid cells: x to the right of the picture, y down, z away from the camera.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import binary_erosion

from liveness.domain.measure.smoothing import smooth

ROWS, COLUMNS = 30, 24
_SKY = np.array(
    [
        (np.cos(e) * np.sin(a), -np.sin(e), -np.cos(e) * np.cos(a))
        for e in np.radians((15, 45, 75))
        for a in np.radians(range(0, 360, 45))
    ]
)
"""Directions towards the sky, 8 azimuths in 3 rings; azimuth 0 lies behind the camera."""
_ROOMS = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0))
"""Where most of the light comes from: above, behind the phone, either side."""
_CONCENTRATION = 2.0
"""How far the light gathers around that direction: weights exp(2 cos), a window's width."""
_EVEN_SHARE, _BOUNCED_SHARE = 0.3, 0.4
"""What a room lit from one side has of the even room's light and of its bounced light."""
_STEPS = 8
"""Steps of a ray before it has left the relief [cells]."""
_BOUNCED = 0.06
"""Light that reaches every hollow after reflection, as a share of an unshaded cell's."""


@dataclass(frozen=True)
class FaceGeometry:
    """inside: cells that the mesh covers; screen: log irradiance from the phone's screen; rooms: the same from an even
    room and from rooms lit mostly from one side. All relative, natural logarithms."""

    inside: Bool[np.ndarray, "rows columns"]
    screen: Float[np.ndarray, "rows columns"]
    rooms: Float[np.ndarray, "rooms rows columns"]

    def inner(self) -> Bool[np.ndarray, "rows columns"]:
        """Cells at least two away from the outline, where grazing light, hair and background do not reach."""
        return np.asarray(binary_erosion(self.inside, iterations=2), dtype=bool)

    def relief_templates(self) -> Float[np.ndarray, "rooms rows columns"]:
        """What log R/B of a live face of this shape shows in each room (eq. 8)."""
        return self.screen - self.rooms


def _depth(mesh: Float[np.ndarray, "points 3"]) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:ROWS, 0:COLUMNS] + 0.5
    depth = LinearNDInterpolator(mesh[:, :2], mesh[:, 2])(x, y)
    inside = ~np.isnan(depth)
    filled = np.where(inside, depth, np.nanmax(depth))
    return inside, smooth(filled, inside.astype(float), _DEPTH_SIGMA)


def _normals(depth: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns 3"]:
    along_y, along_x = np.gradient(depth)
    normal = np.stack([along_x, along_y, -np.ones_like(depth)], axis=-1)
    return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def _rays() -> tuple[np.ndarray, np.ndarray]:
    """(index of the cell under each step of each ray [directions steps rows columns], its rise [directions steps])."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    flat = np.hypot(_SKY[:, 0], _SKY[:, 1])
    step = np.arange(1, _STEPS + 1) / np.maximum(flat, 0.05)[:, None]
    column = np.round(x + (_SKY[:, 0, None] * step)[..., None, None])
    row = np.round(y + (_SKY[:, 1, None] * step)[..., None, None])
    index = np.clip(row, 0, ROWS - 1) * COLUMNS + np.clip(column, 0, COLUMNS - 1)
    return index.astype(int), _SKY[:, 2, None] * step


_RAY_CELL, _RAY_RISE = _rays()
_SHADOW_DEPTH = 0.35
"""A neighbour must stand out by so much to shade [cells]: less is error of the mesh."""
_DEPTH_SIGMA = 0.7
"""Smoothing of the depth map [cells]: facets of the mesh are no relief."""
_SCREEN_DISTANCE, _SCREEN_BELOW = 40.0, 3.0
"""Distance of the screen, and how far below the camera its middle is [cells]: 30 cm and 2 cm on a face 18 cm wide."""
_GRAZING = 0.1
"""Least relative irradiance from the screen: beyond it the cosine is error of the normals."""


def _sky_light(
    depth: Float[np.ndarray, "rows columns"],
    inside: Bool[np.ndarray, "rows columns"],
    normal: Float[np.ndarray, "rows columns 3"],
) -> Float[np.ndarray, "directions rows columns"]:
    """Cosine-weighted visibility of each sky direction, with self-shadowing by marching along the depth map."""
    blocking = np.where(inside, depth, np.inf).ravel()[_RAY_CELL]
    ray = depth + _RAY_RISE[..., None, None] - _SHADOW_DEPTH
    visible = ~(blocking < ray).any(1)
    cosine = np.clip(np.moveaxis(normal @ _SKY.T, -1, 0), 0.0, None)
    return cosine * visible


def _screen_light(
    depth: Float[np.ndarray, "rows columns"], normal: Float[np.ndarray, "rows columns 3"]
) -> Float[np.ndarray, "rows columns"]:
    """Irradiance from a small source a little below the camera, relative (inverse square and cosine)."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    place = np.stack([x - COLUMNS / 2, y - ROWS / 2, depth - np.median(depth)], axis=-1)
    towards = np.array([0.0, _SCREEN_BELOW, -_SCREEN_DISTANCE]) - place
    length = np.linalg.norm(towards, axis=-1)
    return np.clip((normal * towards).sum(-1) / length, 0.0, None) * (_SCREEN_DISTANCE / length) ** 2


def face_geometry(mesh: Float[np.ndarray, "points 3"]) -> FaceGeometry:
    """What light does on a face of this shape; mesh: landmarks in grid cells."""
    inside, depth = _depth(mesh)
    normal = _normals(depth)
    sky = _sky_light(depth, inside, normal)
    even = sky.mean(0)
    rooms = [even + _BOUNCED]
    for room in _ROOMS:
        weight = np.exp(_CONCENTRATION * (_SKY @ np.array(room)))
        rooms.append(np.tensordot(weight / weight.sum(), sky, axes=1) + _EVEN_SHARE * even + _BOUNCED_SHARE * _BOUNCED)
    screen = np.log(np.maximum(_screen_light(depth, normal), _GRAZING))
    return FaceGeometry(inside, screen, np.log(np.stack(rooms)))
