"""A tablet held before the phone: its own picture, and the phone's mirror image in its glass."""

import cv2
import numpy as np

from borderlight_lab.simulator.head import HEIGHT, WIDTH
from borderlight_lab.simulator.light import Lighting, Scene


def behind_glass(picture: np.ndarray, lighting: Lighting, seed: int) -> Scene:
    """`picture`: [H, W, 3] luminance the tablet emits, relative; the mirror image is a soft rectangle."""
    random = np.random.default_rng(seed)
    brightness = max(lighting.room_lx * 0.6, 120.0)
    mirror = np.zeros((HEIGHT, WIDTH), np.float32)
    x, y = int(random.integers(120, 300)), int(random.integers(120, 400))
    cv2.rectangle(mirror, (x, y), (x + 90, y + 190), 1.0, -1)
    mirror = cv2.GaussianBlur(mirror, (0, 0), 5.0)[..., None] * 0.045 * lighting.screen_cd_m2
    haze = np.full((HEIGHT, WIDTH, 1), 0.0004 * lighting.screen_lx(), np.float32)
    return Scene((picture * brightness).astype(np.float32), np.repeat(mirror + haze, 3, axis=2).astype(np.float32))
