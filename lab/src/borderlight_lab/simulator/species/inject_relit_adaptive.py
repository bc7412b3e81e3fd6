"""Footage re-lit with what it shows itself: retinex reflectance, and mild shadows of an assumed room in the shading.

Retinex takes the smooth part of a picture for its shading. Alone it leaves no room shadows in the answer's ratio to the
footage, so a share of an assumed room's shadows is put in.
"""

import numpy as np

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.stolen import assumed_room, delayed, footage, relit, retinex_shading


def adaptive_shading(setup: Setup, base: np.ndarray) -> np.ndarray:
    """[H, W] the attacker's estimate of what lit the footage."""
    mild = float(setup.random().uniform(0.4, 0.8))
    return retinex_shading(base) ** 0.7 * assumed_room(setup) ** mild


def film_species(setup: Setup) -> Filmed:
    slow = delayed(setup, 20.0, 60.0)
    base = footage(setup)
    return film(relit(setup, base, adaptive_shading(setup, base)), setup.schedule, slow.camera, setup.seed)
