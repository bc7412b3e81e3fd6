"""Footage tinted over the face only, with smooth shading."""

import cv2
import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.dark import course_at, unlit


def film_species(setup: Setup) -> Filmed:
    strength = float(setup.random().uniform(0.2, 0.7))
    y, x = np.mgrid[0:640, 0:480].astype(np.float32)
    oval = np.sqrt(np.clip(1 - ((x - 238) / 150) ** 2 - ((y - 295) / 200) ** 2, 0, None))
    shade = cv2.GaussianBlur(oval.astype(np.float32), (0, 0), 8.0)[..., None]

    def tint(frame: np.ndarray, at_ms: float, _: np.ndarray) -> np.ndarray:
        colour = course_at(setup.schedule, at_ms, setup.camera.lag_ms).astype(np.float32)
        return frame * (1.0 + strength * shade * colour)

    return film(unlit(setup), setup.schedule, setup.camera, setup.seed, tint)
