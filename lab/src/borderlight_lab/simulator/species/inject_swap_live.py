"""A living attacker before the phone, every frame multiplied by (the target's photograph / his own face).

The light, its shadows, rows, lag and background are real; only the reflectance is exchanged. One division per video,
one multiplication per frame.
"""

import cv2
import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import HEIGHT, WIDTH, make_head
from borderlight_lab.simulator.light import compose, room_irradiance
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.stolen import delayed

_GREATEST_RATIO = 4.0


def film_species(setup: Setup) -> Filmed:
    attacker = make_head(500 + setup.seed % 97, melanin=float(setup.head.albedo[300, 240, 1] < 0.2))
    scene = compose(attacker, setup.lighting, setup.seed)
    soft = room_irradiance(setup.head.height, setup.lighting, setup.seed + 5) ** 0.6
    own = room_irradiance(attacker.height, setup.lighting, setup.seed + 6) ** 0.6
    ratio = (setup.head.albedo * soft[..., None]) / np.maximum(attacker.albedo * own[..., None], 0.01)
    ratio = np.clip(cv2.GaussianBlur(ratio.astype(np.float32), (0, 0), 1.0), 1 / _GREATEST_RATIO, _GREATEST_RATIO)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    oval = (((x - 238) / 130) ** 2 + ((y - 295) / 180) ** 2 < 1).astype(np.float32)
    mask = cv2.GaussianBlur(oval, (0, 0), 9.0)[..., None]
    change = (mask * ratio + (1 - mask)).astype(np.float32)

    def swap(frame: np.ndarray, _: float, pose: np.ndarray) -> np.ndarray:
        moved = cv2.warpAffine(change, pose, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        return (frame * moved).astype(np.float32)

    return film(scene, setup.schedule, delayed(setup, 15.0, 40.0).camera, setup.seed, swap)
