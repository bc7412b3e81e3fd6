"""A rigid mask with the target's shape and paint. It has the relief of a face: named as a limit, never hidden."""

from dataclasses import replace

import cv2

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup


def film_species(setup: Setup) -> Filmed:
    painted = replace(setup.head, albedo=cv2.GaussianBlur(setup.head.albedo, (0, 0), 1.5))
    return film(compose(painted, setup.lighting, setup.seed, gloss=0.08), setup.schedule, setup.camera, setup.seed)
