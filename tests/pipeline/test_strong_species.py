"""The species of attackers who know the source: each answers the challenge as it says."""

from functools import cache

import numpy as np
import pytest

from borderlight.contracts.challenge.generators import COLOUR_SLOTS, RANDOM_BYTES
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.head import make_head
from borderlight_lab.simulator.light import Lighting
from borderlight_lab.simulator.setup import Setup
from borderlight_lab.simulator.species import SPECIES
from borderlight_lab.simulator.species.inject_splice import library_colours

CAMERA = Camera(fps=12.0, drop_share=0.0, drift=0.0, lag_ms=80.0)
STRONG = (
    "inject_rendered", "inject_relit_room", "inject_relit_adaptive", "inject_swap_live", "tablet_relit", "relief_half",
    "paper_folded", "inject_splice_nearest_8", "inject_splice_mixed_8",
)  # fmt: skip


SCHEDULE = COLOUR_SLOTS.draw(np.random.default_rng(3).bytes(RANDOM_BYTES))


def setup() -> Setup:
    return Setup(make_head(5, 0.3), Lighting(room_lx=100.0), CAMERA, SCHEDULE, seed=8)


@cache
def answer(species: str) -> np.ndarray:
    """[3] correlation of the face's mean course with the issued colours, own channel by own channel, best of lags."""
    frames, times = SPECIES[species](setup())
    course = np.stack([frame[200:400, 160:320].reshape(-1, 3).mean(0) for frame in frames])
    starts = SCHEDULE.start_ms()
    end = starts[-1] + SCHEDULE.duration_ms()[-1]
    best = np.full(3, -1.0)
    for lag in range(60, 520, 20):
        at = times - lag - 15.0
        inside = (at > 0) & (at < end)
        shown = SCHEDULE.linear_colours()[np.searchsorted(starts, at[inside], side="right") - 1]
        found = [np.corrcoef(course[inside, c], shown[:, c])[0, 1] for c in range(3)]
        best = np.maximum(best, found)
    return best


@pytest.mark.parametrize("species", STRONG)
def test_a_strong_attack_answers_the_challenge(species: str) -> None:
    """An attack that does not answer tests nothing else. Cut to the nearest of eight colours it answers less."""
    least = 0.6 if species == "inject_splice_nearest_8" else 0.75
    assert answer(species).min() > least


def test_a_replay_does_not() -> None:
    assert answer("inject_replay").mean() < 0.7


def test_a_mixture_answers_better_than_a_cut() -> None:
    mixed, cut = answer("inject_splice_mixed_8"), answer("inject_splice_nearest_8")
    assert mixed.mean() > cut.mean()


def test_libraries_are_grids_of_the_primaries() -> None:
    assert [len(set(library_colours(size))) for size in (8, 27, 64)] == [8, 27, 64]


def test_equal_seeds_give_equal_attacks() -> None:
    one, other = (SPECIES["relief_half"](setup())[0][5] for _ in range(2))
    assert np.array_equal(one, other)
