"""A tablet that shows a photograph of the target."""

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.glass import behind_glass


def film_species(setup: Setup) -> Filmed:
    photo = compose(setup.head, setup.lighting, setup.seed).room
    scene = behind_glass(photo / photo[150:450, 120:360].mean(), setup.lighting, setup.seed)
    return film(scene, setup.schedule, setup.camera, setup.seed)
