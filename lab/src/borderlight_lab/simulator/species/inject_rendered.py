"""The attacker's own 3-D head of the target, rendered for the challenge and sent as if it were filmed.

Shape from a fitted mesh, reflectance from a photograph whose soft shading stays in it, a room, a wall and a camera of
his own. Rendering takes as long as he likes: only the time of the answer can tell.
"""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import Head
from borderlight_lab.simulator.light import compose, room_irradiance
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.stolen import mesh_height


def film_species(setup: Setup) -> Filmed:
    soft = room_irradiance(setup.head.height, setup.lighting, setup.seed + 5)[..., None] ** 0.6
    photographed = np.clip(setup.head.albedo * soft, 0.003, 0.95).astype(np.float32)
    model = Head(photographed, mesh_height(setup.head), setup.head.person)
    return film(compose(model, setup.lighting, setup.seed + 17), setup.schedule, setup.camera, setup.seed)
