"""The traveller's picture projected on a pale, head-shaped form: relief without the face's own reflectance."""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import Head
from borderlight_lab.simulator.light import Scene, compose, room_irradiance
from borderlight_lab.simulator.setup import Filmed, Setup


def film_species(setup: Setup) -> Filmed:
    random = setup.random()
    pale = float(random.uniform(0.5, 0.8))
    head = setup.head
    form = compose(Head(np.full_like(head.albedo, pale), head.height, head.person), setup.lighting, setup.seed)
    # Bright enough to be seen beside the room, as whoever projects would make it.
    beam = setup.lighting.room_lx * float(random.uniform(1.0, 3.0))
    shade = room_irradiance(head.height, setup.lighting, setup.seed + 5)[..., None] ** 0.6
    picture = head.person[..., None] * head.albedo * shade * pale * beam
    room = form.room * float(random.uniform(0.1, 0.4)) + picture
    return film(Scene(room.astype(np.float32), form.screen), setup.schedule, setup.camera, setup.seed)
