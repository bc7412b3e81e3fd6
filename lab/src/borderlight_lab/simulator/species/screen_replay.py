"""A tablet that plays an earlier session of the target, answered to another challenge."""

import numpy as np

from borderlight_lab.simulator.camera import displayed_course, film
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.glass import behind_glass


def film_species(setup: Setup) -> Filmed:
    old = compose(setup.head, setup.lighting, setup.seed)
    level = old.room[150:450, 120:360].mean()
    scene = behind_glass(old.room / level, setup.lighting, setup.seed)
    earlier = setup.other_schedule()
    emitted = old.screen / level * 0.23

    def play(frame: np.ndarray, at_ms: float, _: np.ndarray) -> np.ndarray:
        shown = displayed_course(earlier, np.array([at_ms - 60.0]), 30.0)[0].astype(np.float32)
        return frame + emitted * shown

    return film(scene, setup.schedule, setup.camera, setup.seed, play)
