"""One simulated session: who, where, with what, under which challenge."""

from dataclasses import dataclass

import numpy as np

from borderlight.contracts.challenge.generators import COLOUR_SLOTS, RANDOM_BYTES, generator_named
from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.head import Head
from borderlight_lab.simulator.light import Lighting

Filmed = tuple[list[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Setup:
    """Everything a species needs; `seed` fixes all chance."""

    head: Head
    lighting: Lighting
    camera: Camera
    schedule: ColourSchedule
    seed: int

    def random(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def other_schedule(self) -> ColourSchedule:
        """A schedule of another session, by the same generator where it is known."""
        generator = generator_named(self.schedule.generator) or COLOUR_SLOTS
        return generator.draw(np.random.default_rng(self.seed + 77_777).bytes(RANDOM_BYTES))
