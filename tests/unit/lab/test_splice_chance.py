"""How far a recording can be cut into the answer to a challenge that it does not know."""

import numpy as np
import pytest

from borderlight.contracts.challenge.generators import CALM_SLOTS, COLOUR_PALETTE, COLOUR_SLOTS
from borderlight.contracts.challenge.schedule import ColourSchedule, slots_in_turn
from borderlight_lab.evaluation.splice_chance import best_splice, grid_library, misfit, splice_chance

PALETTE = ColourSchedule(slots_in_turn(COLOUR_PALETTE.palette, [1] * 8)).linear_colours()


def test_a_recording_of_the_old_palette_answers_every_old_challenge_exactly() -> None:
    found = splice_chance(COLOUR_PALETTE, PALETTE, "nearest", 0.78, draws=20, seed=1)
    assert found.passed == 1.0 and found.misfit < 1e-9


@pytest.mark.parametrize(("levels", "least"), [(2, 0.03), (3, 0.008), (4, 0.004)])
def test_a_recording_of_few_colours_does_not_answer_colours_of_the_gamut(levels: int, least: float) -> None:
    """The misfit is what a limit can be set on; the correlation alone lets every one of them pass."""
    for generator in (COLOUR_SLOTS, CALM_SLOTS):
        found = splice_chance(generator, grid_library(levels), "nearest", 0.78, draws=40, seed=1)
        assert found.library == levels**3
        assert found.low_misfit > least, found
        assert found.passed > 0.9, "if this fails, the card's sentence about the correlation is too modest"


def test_the_old_palette_fits_the_gamut_no_better_than_any_eight_colours() -> None:
    assert splice_chance(COLOUR_SLOTS, PALETTE, "nearest", 0.78, draws=40, seed=2).low_misfit > 0.03


def test_light_adds_so_a_mixture_of_eight_frames_answers_everything() -> None:
    """A limit, stated: no choice of colours can tell it."""
    found = splice_chance(COLOUR_SLOTS, grid_library(2), "mixed", 0.78, draws=10, seed=1)
    assert found.passed == 1.0 and found.misfit < 1e-6


def test_misfit_is_blind_to_gain_crosstalk_and_drift() -> None:
    issued = COLOUR_SLOTS.draw(bytes(64)).linear_colours()
    crosstalk = np.array([[0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.2, 0.7]])
    drift = np.linspace(0.0, 0.3, len(issued))[:, None] ** 2
    assert misfit(0.2 * issued @ crosstalk.T + 1.0 + drift, issued) < 1e-12
    assert misfit(best_splice(issued, grid_library(2)), issued) > 0.01
