"""Layers of printed paper cut along the lines of the face and folded along the nose: steps and planes for a relief."""

import cv2
import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import HEIGHT, WIDTH, Head
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.sheet import printed


def _layers(height: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """[H, W] `count` layers, bent a little outwards, with a tent for the nose."""
    top = float(height.max())
    steps = np.floor(np.clip(height / top, 0, 0.999) * count) / count * top
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    along = np.clip((y - 250.0) / 70.0, 0.0, 1.0) * (y < 335)
    tent = 26.0 * along * np.clip(1.0 - np.abs(x - 239.0) / 26.0, 0.0, None)
    bent = float(random.uniform(20.0, 60.0)) * np.sqrt(np.clip(1.0 - ((x - 239.0) / 260.0) ** 2, 0.05, None))
    # Paper does not stand upright at a cut: it leans over a few pixels.
    return cv2.GaussianBlur((0.6 * steps + bent + tent).astype(np.float32), (0, 0), 3.0)


def film_species(setup: Setup) -> Filmed:
    random = setup.random()
    picture = printed(setup.head, setup.lighting, setup.seed)
    form = Head(picture, _layers(setup.head.height, int(random.integers(4, 8)), random), setup.head.person)
    return film(compose(form, setup.lighting, setup.seed, gloss=0.01), setup.schedule, setup.camera, setup.seed)
