"""A flat print held before the phone."""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import HEIGHT, WIDTH
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.sheet import held_up, printed


def film_species(setup: Setup) -> Filmed:
    picture = printed(setup.head, setup.lighting, setup.seed)
    flat = np.zeros((HEIGHT, WIDTH), np.float32)
    gloss = float(setup.random().uniform(0.0, 0.05))
    return film(held_up(picture, flat, setup.lighting, setup.seed, gloss), setup.schedule, setup.camera, setup.seed)
