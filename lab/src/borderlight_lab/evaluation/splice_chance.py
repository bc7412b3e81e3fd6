"""How well a recording made beforehand can be cut into the answer to a challenge that it does not know.

The attacker holds frames of the person under `library` colours and shows, in each slot, the frame of one of them.
Worst case for us: no noise, no movement, no lag, frames of exactly one colour, and the choice that fits best. What is
left is the distance between the colours that were issued and those that the library holds:

* `correlation` is what `challenge_match` demands: the mean over channels of the correlation of shown and issued
  colours, free of slow drift;
* `misfit` is the share of what the attacker showed that no linear answer to the issued colours explains (one minus the
  coefficient of determination, with crosstalk between channels and slow drift allowed for).

`nearest` shows one recorded frame per slot. `mixed` sums recorded frames: light adds, so whoever holds the corners of
the gamut can mix every colour exactly, misfit 0. No choice of colours tells a mixture; time, movement and grain must.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

from borderlight.contracts.challenge.generators import RANDOM_BYTES, SlotGenerator

_ROUNDS = 4


@dataclass(frozen=True)
class SpliceChance:
    """Over `draws` challenges answered from a library: share of them whose correlation reaches `min_correlation`,
    median correlation, 5 % quantile and median of the misfit."""

    generator: str
    library: int
    method: str
    draws: int
    min_correlation: float
    passed: float
    correlation: float
    low_misfit: float
    misfit: float


def grid_library(levels: int) -> Float[np.ndarray, "colours 3"]:
    """Linear colours of the library with `levels` steps of each primary (8 = 2^3, 27 = 3^3, 64 = 4^3 colours).

    Steps from dark to full with equal distances of sin^2, that is at equal shares of the law of the generator.
    """
    step = np.sin(np.pi / 2 * np.linspace(0.0, 1.0, levels)) ** 2
    return np.stack(np.meshgrid(step, step, step, indexing="ij"), axis=-1).reshape(-1, 3)


def _projector(slots: int, terms: Float[np.ndarray, "slots terms"]) -> Float[np.ndarray, "slots slots"]:
    """What is left of a series of slots when its least-squares fit of `terms` is taken off."""
    return np.eye(slots) - terms @ np.linalg.pinv(terms)


def _drift(slots: int) -> Float[np.ndarray, "slots 3"]:
    x = np.linspace(-1.0, 1.0, slots)
    return np.stack([x**0, x, x**2], axis=1)


def _correlation(
    shown: Float[np.ndarray, "many slots 3"],
    issued: Float[np.ndarray, "slots 3"],
    free: Float[np.ndarray, "slots slots"],
) -> Float[np.ndarray, "many"]:
    a, b = np.einsum("st,mtc->msc", free, shown), free @ issued
    lengths = np.sqrt((a**2).sum(1) * (b**2).sum(0))
    return ((a * b).sum(1) / np.maximum(lengths, 1e-9)).mean(1)


def best_splice(
    issued: Float[np.ndarray, "slots 3"], library: Float[np.ndarray, "colours 3"]
) -> Float[np.ndarray, "slots 3"]:
    """The library's colours, slot by slot, that correlate best with the issued ones.

    Starts from the nearest colour of each slot and changes one slot at a time while that helps.
    """
    free = _projector(len(issued), _drift(len(issued)))
    shown = library[((issued[:, None] - library) ** 2).sum(-1).argmin(-1)]
    for _ in range(_ROUNDS):
        before = shown.copy()
        for slot in range(len(issued)):
            tries = np.repeat(shown[None], len(library), axis=0)
            tries[:, slot] = library
            shown = tries[int(_correlation(tries, issued, free).argmax())]
        if np.array_equal(before, shown):
            break
    return shown


def best_mixture(
    issued: Float[np.ndarray, "slots 3"], library: Float[np.ndarray, "colours 3"]
) -> Float[np.ndarray, "slots 3"]:
    """For each slot the weighted sum of the library's colours, weights from 0 with sum 1, that is nearest to the issued
    colour (least squares under those conditions; the sum is held by a heavy extra row)."""
    heavy = 1e3
    columns = np.concatenate([library.T, heavy * np.ones((1, len(library)))])
    weights = [nnls(columns, np.append(colour, heavy))[0] for colour in issued]
    return np.stack(weights) @ library


def misfit(shown: Float[np.ndarray, "slots 3"], issued: Float[np.ndarray, "slots 3"]) -> float:
    """Share of the drift-free energy of `shown` that no linear answer to `issued` explains, 0..1."""
    slots = len(issued)
    varying = _projector(slots, _drift(slots)) @ shown
    unexplained = _projector(slots, np.concatenate([_drift(slots), issued], axis=1)) @ shown
    return float((unexplained**2).sum() / max(float((varying**2).sum()), 1e-12))


def splice_chance(
    generator: SlotGenerator,
    library: Float[np.ndarray, "colours 3"],
    method: Literal["nearest", "mixed"],
    min_correlation: float,
    draws: int,
    seed: int,
) -> SpliceChance:
    """Answer `draws` challenges of `generator` from `library` (linear colours) as well as `method` can."""
    random = np.random.default_rng(seed)
    answer = best_splice if method == "nearest" else best_mixture
    correlations: list[float] = []
    misfits: list[float] = []
    for _ in range(draws):
        issued = generator.draw(random.bytes(RANDOM_BYTES)).linear_colours()
        shown = answer(issued, library)
        free = _projector(len(issued), _drift(len(issued)))
        correlations.append(float(_correlation(shown[None], issued, free)[0]))
        misfits.append(misfit(shown, issued))
    return SpliceChance(
        generator=generator.name,
        library=len(library),
        method=method,
        draws=draws,
        min_correlation=min_correlation,
        passed=float(np.mean(np.array(correlations) >= min_correlation)),
        correlation=float(np.median(correlations)),
        low_misfit=float(np.quantile(misfits, 0.05)),
        misfit=float(np.median(misfits)),
    )
