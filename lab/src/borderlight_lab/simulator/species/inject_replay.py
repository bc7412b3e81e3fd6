"""An earlier, genuine session injected behind the camera: another challenge."""

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup


def film_species(setup: Setup) -> Filmed:
    return film(compose(setup.head, setup.lighting, setup.seed), setup.other_schedule(), setup.camera, setup.seed)
