"""What each generator of challenges promises, counted: flashes, the chance of a blind guess and of a cut recording."""

from typing import Any

import numpy as np

from borderlight.contracts.challenge.chance import blind_chance
from borderlight.contracts.challenge.generators import (
    CALM_PALETTE,
    CALM_SLOTS,
    COLOUR_PALETTE,
    COLOUR_SLOTS,
    GENERATORS,
    RANDOM_BYTES,
)
from borderlight.contracts.challenge.photosensitivity import general_flashes_per_second, red_flashes_per_second
from borderlight.contracts.challenge.schedule import ColourSchedule, slots_in_turn
from borderlight_lab.evaluation.splice_chance import SpliceChance, grid_library, splice_chance

_FLASH_DRAWS = 2_000


def challenge_rows(min_correlation: float, pairs: int) -> list[dict[str, Any]]:
    """One row per generator: light [s], schedules, blind chance, most flashes in any second."""
    rows: list[dict[str, Any]] = []
    for name, generator in GENERATORS.items():
        chance = blind_chance(generator, min_correlation, pairs, seed=5)
        drawn = [generator.draw(np.random.default_rng(k).bytes(RANDOM_BYTES)) for k in range(_FLASH_DRAWS)]
        shortest, longest = (generator.slots * ms / 1000 for ms in (generator.shortest_ms, generator.longest_ms))
        palette = {COLOUR_PALETTE.name: COLOUR_PALETTE, CALM_PALETTE.name: CALM_PALETTE}.get(name)
        rows.append(
            {
                "name": name,
                "light": f"{shortest:.1f}-{longest:.1f}",
                "orders": "any colours" if palette is None else f"{palette.colour_orders():,} orders",
                "probability": chance.probability,
                "upper": chance.upper,
                "pairs": chance.pairs,
                "general": max(general_flashes_per_second(schedule) for schedule in drawn),
                "red": max(red_flashes_per_second(schedule) for schedule in drawn),
            }
        )
    return rows


def splice_rows(min_correlation: float, draws: int) -> list[SpliceChance]:
    """Cut recordings against today's challenges and the palette of version 1; libraries of 8, 27 and 64 colours."""
    palette = slots_in_turn(COLOUR_PALETTE.palette, [1] * len(COLOUR_PALETTE.palette))
    of_palette = ColourSchedule(palette).linear_colours()
    rows = [splice_chance(COLOUR_PALETTE, of_palette, "nearest", min_correlation, draws, seed=5)]
    for generator in (COLOUR_SLOTS, CALM_SLOTS):
        for library in (grid_library(2), grid_library(3), grid_library(4)):
            rows.append(splice_chance(generator, library, "nearest", min_correlation, draws, seed=5))
        rows.append(splice_chance(generator, grid_library(2), "mixed", min_correlation, draws, seed=5))
    return rows
