"""A printed picture of a head on paper, as prints and cut-outs use it."""

import cv2
import numpy as np

from borderlight_lab.simulator.head import HEIGHT, WIDTH, Head
from borderlight_lab.simulator.light import Lighting, Scene, backdrop, normals, room_irradiance, screen_irradiance


def printed(head: Head, lighting: Lighting, seed: int) -> np.ndarray:
    """[H, W, 3] reflectance of the print: the head as a camera saw it under soft room light."""
    shade = room_irradiance(head.height, lighting, seed + 1)[..., None]
    paper = np.full((HEIGHT, WIDTH, 3), 0.55, np.float32)
    person = head.person[..., None]
    return np.clip(person * head.albedo * shade + (1 - person) * paper, 0.02, 0.85).astype(np.float32)


def held_up(
    picture: np.ndarray, height: np.ndarray, lighting: Lighting, seed: int, gloss: float, edge_px: int = 24
) -> Scene:
    """The sheet `picture` with surface `height` before the room; its edges are in view."""
    random = np.random.default_rng(seed)
    normal = normals(height)
    colour = np.array(lighting.room_colour, np.float32)
    inside = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.rectangle(inside, (edge_px, edge_px), (WIDTH - edge_px, HEIGHT - edge_px), 1.0, -1)
    inside = cv2.GaussianBlur(inside, (0, 0), 1.2)[..., None]
    tilt = 1.0 + 0.15 * (np.mgrid[0:HEIGHT, 0:WIDTH][0] / HEIGHT - 0.5) * float(random.uniform(-1, 1))
    room = (lighting.room_lx * tilt)[..., None].astype(np.float32) * colour
    screen = screen_irradiance(height, normal, lighting)[..., None]
    shine = (gloss * np.clip(normal[..., 2], 0, 1) ** 60 * lighting.screen_lx())[..., None]
    wall = backdrop(random)
    fall = (lighting.distance_m / (lighting.distance_m + 1.5)) ** 2 * lighting.screen_lx()
    return Scene(
        (inside * picture * room + (1 - inside) * wall * lighting.room_lx * 0.8 * colour).astype(np.float32),
        (inside * (picture * screen + shine) + (1 - inside) * wall * fall).astype(np.float32),
    )
