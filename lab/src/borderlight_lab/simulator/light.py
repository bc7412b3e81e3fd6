"""Light on a relief: the phone's screen as an area source, the room with cast shadows."""

from dataclasses import dataclass

import cv2
import numpy as np

from borderlight_lab.simulator.head import HEIGHT, WIDTH, Head

_MM_PER_PX = 0.62
_ROOM_REDUCTION = 8


@dataclass(frozen=True)
class Lighting:
    """room_lx: illuminance on the face without screen; screen_cd_m2: white luminance; distance_m: phone to face.

    from_above, from_side: how one-sided the room is; from_front: a window behind the phone, 0 none .. 1 nothing else.
    """

    room_lx: float = 150.0
    screen_cd_m2: float = 500.0
    distance_m: float = 0.3
    from_above: float = 0.6
    from_side: float = 0.0
    from_front: float = 0.0
    room_colour: tuple[float, float, float] = (1.0, 0.95, 0.85)

    def screen_lx(self) -> float:
        """Illuminance of a 7 x 15 cm screen showing white, on the optical axis [lx] (small-source approximation)."""
        return self.screen_cd_m2 * 0.0105 / (self.distance_m**2 + 0.0105 / np.pi)


def normals(height: np.ndarray) -> np.ndarray:
    """[H, W, 3] unit normals of a height map; x right, y down, z towards the camera."""
    along_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8.0
    along_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8.0
    normal = np.stack([-along_x, -along_y, np.ones_like(height)], axis=-1)
    return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def screen_irradiance(height: np.ndarray, normal: np.ndarray, lighting: Lighting) -> np.ndarray:
    """[H, W] illuminance from the white screen [lx], summed over points of it; the camera sits at its upper edge."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    distance = lighting.distance_m * 1000.0 / _MM_PER_PX
    total = np.zeros((HEIGHT, WIDTH), np.float32)
    for dx in (-35.0, 35.0):
        for dy in (10.0, 75.0, 140.0):
            source = (WIDTH / 2 + dx / _MM_PER_PX, HEIGHT / 2 + dy / _MM_PER_PX - 40.0, distance + 100.0)
            to = np.stack([source[0] - x, source[1] - y, source[2] - height], axis=-1)
            length = np.linalg.norm(to, axis=-1)
            cosine = np.clip((normal * to).sum(-1) / length, 0.0, None)
            total += cosine * (to[..., 2] / length) * (distance / length) ** 2
    return total / 6.0 * lighting.screen_lx()


def room_irradiance(height: np.ndarray, lighting: Lighting, seed: int) -> np.ndarray:
    """[H, W] relative illuminance of the room on the relief (mean 1), with shadows that the relief casts on itself."""
    small = cv2.resize(height, None, fx=1 / _ROOM_REDUCTION, fy=1 / _ROOM_REDUCTION, interpolation=cv2.INTER_AREA)
    small = small / _ROOM_REDUCTION
    normal = normals(small)
    random = np.random.default_rng(seed)
    rows, columns = small.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    total = np.zeros_like(small)
    for azimuth in np.arange(0, 360, 30):
        for elevation in (10.0, 35.0, 65.0):
            a, e = np.radians(azimuth), np.radians(elevation)
            direction = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
            weight = 1.0 + lighting.from_above * -direction[1] * 1.4 + lighting.from_side * direction[0] * 1.4
            weight = max(weight, 0.05) * float(random.uniform(0.7, 1.3))
            facing = max(0.0, float(direction[2])) ** 6
            weight = (1.0 - lighting.from_front) * weight + lighting.from_front * 6.0 * facing
            lit = np.clip(normal @ direction, 0.0, None)
            flat = np.hypot(direction[0], direction[1])
            for step in range(1, 14):
                px = cv2.remap(
                    small, x + np.float32(direction[0] / flat * step), y + np.float32(direction[1] / flat * step),
                    cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
                )  # fmt: skip
                lit = np.where(px > small + direction[2] / flat * step + 0.25, 0.0, lit)
            total += weight * lit
    full = cv2.resize(total.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    full = cv2.GaussianBlur(full, (0, 0), 3.0)
    return np.clip(full / float(full[150:450, 120:360].mean()), 0.02, None)


def backdrop(random: np.random.Generator) -> np.ndarray:
    """[H, W, 3] reflectance of a wall with a few things on it."""
    wall = np.full((HEIGHT, WIDTH, 3), random.uniform(0.25, 0.6, 3), np.float32)
    for _ in range(6):
        x, y = int(random.integers(0, WIDTH)), int(random.integers(0, HEIGHT))
        w, h = int(random.integers(30, 160)), int(random.integers(30, 220))
        cv2.rectangle(wall, (x, y), (x + w, y + h), tuple(float(v) for v in random.uniform(0.05, 0.8, 3)), -1)
    return cv2.GaussianBlur(wall, (0, 0), 6.0)


@dataclass(frozen=True)
class Scene:
    """Luminance towards the camera: `room` without screen light; `screen` per unit of linear displayed colour [lx]."""

    room: np.ndarray
    screen: np.ndarray


def compose(head: Head, lighting: Lighting, seed: int, gloss: float = 0.02) -> Scene:
    """A live head before a wall 1.5 m behind it."""
    random = np.random.default_rng(seed)
    normal = normals(head.height)
    colour = np.array(lighting.room_colour, np.float32)
    room = room_irradiance(head.height, lighting, seed)[..., None] * lighting.room_lx * colour
    screen = screen_irradiance(head.height, normal, lighting)
    shine = gloss * np.clip(normal[..., 2], 0, 1) ** 24 * lighting.screen_lx()
    wall = backdrop(random)
    fall = (lighting.distance_m / (lighting.distance_m + 1.5)) ** 2 * lighting.screen_lx()
    person = head.person[..., None]
    return Scene(
        (person * head.albedo * room + (1 - person) * wall * lighting.room_lx * 0.8 * colour).astype(np.float32),
        (person * (head.albedo * screen[..., None] + shine[..., None]) + (1 - person) * wall * fall).astype(np.float32),
    )
