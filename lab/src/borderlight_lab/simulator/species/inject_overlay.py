"""Footage tinted all over with the right colours at the right times."""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.dark import course_at, unlit


def film_species(setup: Setup) -> Filmed:
    strength = float(setup.random().uniform(0.15, 0.6))

    def tint(frame: np.ndarray, at_ms: float, _: np.ndarray) -> np.ndarray:
        colour = course_at(setup.schedule, at_ms, setup.camera.lag_ms)
        return frame * (1.0 + strength * colour).astype(np.float32)

    return film(unlit(setup), setup.schedule, setup.camera, setup.seed, tint)
