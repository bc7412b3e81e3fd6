"""Another, living person before the phone, their face replaced by the traveller's in software.

The swap sits on the live frame and takes its colour from it: by the mean of the face, or by its blurred shading, which
is what harmonising face swappers do. So the right colours at the right time are there, and the wrong face under them.
"""

import cv2
import numpy as np

from borderlight_lab.simulator.camera import CROSSTALK, film
from borderlight_lab.simulator.head import HEIGHT, WIDTH, make_head
from borderlight_lab.simulator.light import compose, room_irradiance
from borderlight_lab.simulator.setup import Filmed, Setup

_SHADING_PX = (0.0, 60.0, 30.0)
"""Blur of the shading that is carried over; 0: the face's mean alone."""


def film_species(setup: Setup) -> Filmed:
    random = setup.random()
    blur = float(random.choice(_SHADING_PX))
    attacker = compose(make_head(500 + setup.seed % 97), setup.lighting, setup.seed)
    shade = room_irradiance(setup.head.height, setup.lighting, setup.seed + 5)[..., None] ** 0.6
    face = np.clip((setup.head.albedo * shade) @ CROSSTALK.T, 1e-4, None).astype(np.float32)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    oval = (((x - 238) / 118) ** 2 + ((y - 300) / 158) ** 2 < 1).astype(np.float32)
    mask = cv2.GaussianBlur(oval, (0, 0), 7.0)

    def swap(frame: np.ndarray, _: float, pose: np.ndarray) -> np.ndarray:
        moved = cv2.warpAffine(face, pose, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        weight = cv2.warpAffine(mask, pose, (WIDTH, HEIGHT))[..., None]
        if blur > 0:
            near = cv2.GaussianBlur(frame, (0, 0), blur) / cv2.GaussianBlur(moved, (0, 0), blur)
        else:
            inside = weight[..., 0] > 0.9
            near = frame[inside].mean(0) / moved[inside].mean(0)
        return (weight * moved * near + (1 - weight) * frame).astype(np.float32)

    return film(attacker, setup.schedule, setup.camera, setup.seed, swap)
