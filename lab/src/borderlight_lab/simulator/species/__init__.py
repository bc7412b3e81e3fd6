"""Bona fide and every attack species, one file each: a function from a `Setup` to frames and times."""

from collections.abc import Callable

from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species import (
    bona_fide,
    inject_face_overlay,
    inject_face_swap,
    inject_overlay,
    inject_relit,
    inject_replay,
    mask_cutout,
    mask_rigid,
    print_curved,
    print_flat,
    projection,
    screen_photo,
    screen_replay,
)

SPECIES: dict[str, Callable[[Setup], Filmed]] = {
    module.__name__.rsplit(".", 1)[1]: module.film_species
    for module in (
        bona_fide, print_flat, print_curved, mask_cutout, mask_rigid, screen_photo, screen_replay, inject_replay,
        inject_overlay, inject_face_overlay, inject_relit, inject_face_swap, projection,
    )
}  # fmt: skip
