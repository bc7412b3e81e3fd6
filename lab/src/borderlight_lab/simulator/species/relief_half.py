"""The target's photograph on a relief of half the depth of a face: printed cloth over a form, or moulded paper."""

from borderlight_lab.simulator.camera import film
from borderlight_lab.simulator.head import Head
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species.sheet import printed


def film_species(setup: Setup) -> Filmed:
    random = setup.random()
    depth = float(random.uniform(0.4, 0.6))
    picture = printed(setup.head, setup.lighting, setup.seed)
    form = Head(picture, (depth * setup.head.height).astype(setup.head.height.dtype), setup.head.person)
    return film(
        compose(form, setup.lighting, setup.seed, gloss=float(random.uniform(0.005, 0.03))), setup.schedule,
        setup.camera, setup.seed,
    )  # fmt: skip
