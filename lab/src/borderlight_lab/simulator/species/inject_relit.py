"""Footage re-lit with guessed normals of a smooth head, after 150 to 250 ms of processing."""

import cv2
import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.light import normals
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.dark import course_at, unlit


def film_species(setup: Setup) -> Filmed:
    random = setup.random()
    lag_ms = setup.camera.lag_ms + float(random.uniform(150, 250))
    guessed = cv2.GaussianBlur(setup.head.height, (0, 0), 22.0)
    shade = (np.clip(normals(guessed)[..., 2], 0, 1) ** 2 * setup.head.person)[..., None].astype(np.float32)
    strength = float(random.uniform(0.2, 0.6))

    def relight(frame: np.ndarray, at_ms: float, _: np.ndarray) -> np.ndarray:
        colour = course_at(setup.schedule, at_ms, lag_ms).astype(np.float32)
        return frame * (1.0 + strength * shade * colour)

    return film(unlit(setup), setup.schedule, setup.camera, setup.seed, relight)
