"""A tablet with a matte film that re-lights its own picture: it sees the phone's colour and answers 180-380 ms late."""

import cv2
import numpy as np

from borderlight_lab.simulator.camera import CROSSTALK, displayed_course, film
from borderlight_lab.simulator.head import HEIGHT, WIDTH
from borderlight_lab.simulator.light import Scene
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.inject_relit_adaptive import adaptive_shading
from borderlight_lab.simulator.species.stolen import footage, relit

_FILM_HAZE = 0.004
"""Share of the phone's light that a matte film scatters back, all over."""
_DISPLAY_MS = 16.0
"""How long a display takes from one picture to the next."""


def film_species(setup: Setup) -> Filmed:
    base = footage(setup)
    level = float(base[150:450, 120:360].mean())
    scene = relit(setup, base, adaptive_shading(setup, base))
    brightness = max(setup.lighting.room_lx * 0.6, 120.0)
    haze = np.full_like(base, _FILM_HAZE * setup.lighting.screen_lx())
    shown = Scene((base / level * brightness).astype(np.float32), haze.astype(np.float32))
    emitted = ((scene.screen @ CROSSTALK.T) / level * 0.23).astype(np.float32)
    lag_ms = float(setup.random().uniform(180.0, 380.0))

    def answer(frame: np.ndarray, at_ms: float, pose: np.ndarray) -> np.ndarray:
        colour = displayed_course(setup.schedule, np.array([at_ms - lag_ms]), setup.camera.exposure_ms + _DISPLAY_MS)
        moved = cv2.warpAffine(emitted, pose, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        return frame + moved * colour[0].astype(np.float32)

    return film(shown, setup.schedule, setup.camera, setup.seed, answer)
