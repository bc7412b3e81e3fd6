"""A print bent around an upright axis, as if around a head."""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import HEIGHT, WIDTH
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.sheet import held_up, printed


def film_species(setup: Setup) -> Filmed:
    picture = printed(setup.head, setup.lighting, setup.seed)
    random = setup.random()
    x = (np.mgrid[0:HEIGHT, 0:WIDTH][1] - WIDTH / 2) / float(random.uniform(260, 420))
    bent = (250.0 * np.sqrt(np.clip(1 - x**2, 0.05, None))).astype(np.float32)
    gloss = float(random.uniform(0.01, 0.08))
    return film(held_up(picture, bent, setup.lighting, setup.seed, gloss), setup.schedule, setup.camera, setup.seed)
