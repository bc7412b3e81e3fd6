"""A live head before the phone."""

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup


def film_species(setup: Setup) -> Filmed:
    return film(compose(setup.head, setup.lighting, setup.seed), setup.schedule, setup.camera, setup.seed)
