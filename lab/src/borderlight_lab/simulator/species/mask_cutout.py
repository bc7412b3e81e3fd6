"""A printed face cut out and worn over another, living head, with holes at the eyes."""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import make_head
from borderlight_lab.simulator.light import Scene, compose
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.sheet import held_up, printed


def film_species(setup: Setup) -> Filmed:
    wearer = compose(make_head(500 + setup.seed % 97), setup.lighting, setup.seed)
    y, x = np.mgrid[0:640, 0:480].astype(np.float32)
    bent = (120.0 * np.sqrt(np.clip(1 - ((x - 238) / 200) ** 2, 0.05, None))).astype(np.float32)
    sheet = held_up(printed(setup.head, setup.lighting, setup.seed), bent, setup.lighting, setup.seed, 0.02, 0)
    cut = (((x - 238) / 112) ** 2 + ((y - 305) / 150) ** 2 < 1).astype(np.float32)
    for cx, cy in ((182, 258), (289, 262)):
        cut[((x - cx) / 16) ** 2 + ((y - cy) / 9) ** 2 < 1] = 0
    cut = cut[..., None]
    scene = Scene(cut * sheet.room + (1 - cut) * wearer.room, cut * sheet.screen + (1 - cut) * wearer.screen)
    return film(scene, setup.schedule, setup.camera, setup.seed)
