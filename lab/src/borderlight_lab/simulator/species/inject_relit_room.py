"""Footage re-lit as if an overhead room had lit it: the reflectance is the footage over the assumed room's light."""

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.stolen import assumed_room, delayed, footage, relit


def film_species(setup: Setup) -> Filmed:
    slow = delayed(setup, 20.0, 60.0)
    scene = relit(setup, footage(setup), assumed_room(setup))
    return film(scene, setup.schedule, slow.camera, setup.seed)
