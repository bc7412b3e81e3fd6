"""Bona fide and every attack species: a function from a `Setup` to frames and times.

One file each; cut recordings share one for all libraries.
"""

from collections.abc import Callable

from borderlight_lab.simulator.setup import Filmed, Setup
from borderlight_lab.simulator.species import (
    bona_fide,
    inject_face_overlay,
    inject_face_swap,
    inject_overlay,
    inject_relit,
    inject_relit_adaptive,
    inject_relit_room,
    inject_rendered,
    inject_replay,
    inject_splice,
    inject_swap_live,
    mask_cutout,
    mask_rigid,
    paper_folded,
    print_curved,
    print_flat,
    projection,
    relief_half,
    screen_photo,
    screen_replay,
    tablet_relit,
)

_ONE_FILE_EACH = (
    bona_fide, print_flat, print_curved, mask_cutout, mask_rigid, screen_photo, screen_replay, inject_replay,
    inject_overlay, inject_face_overlay, inject_relit, inject_face_swap, projection, inject_rendered, inject_relit_room,
    inject_relit_adaptive, inject_swap_live, tablet_relit, relief_half, paper_folded,
)  # fmt: skip
_METHODS: tuple[inject_splice.Method, ...] = ("nearest", "mixed")
SPECIES: dict[str, Callable[[Setup], Filmed]] = {
    module.__name__.rsplit(".", 1)[1]: module.film_species for module in _ONE_FILE_EACH
} | {
    f"inject_splice_{method}_{size}": inject_splice.splice_species(size, method)
    for method in _METHODS
    for size in (8, 27, 64)
}
