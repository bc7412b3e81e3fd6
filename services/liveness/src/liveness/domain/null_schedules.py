"""Schedules that were not issued: the null against which the answer to the issued one is judged."""

import numpy as np
from jaxtyping import Float

NULL_SCHEDULES = 800
"""Other schedules per capture, 100..10,000: the p-value resolves 1/801, z reaches further (see `measure/challenge`)."""
_SAME = 1e-6
"""Linear colours closer than this are the same colour [share of full drive]."""


def permuted_schedules(
    colours: Float[np.ndarray, "slots 3"], count: int, seed: int
) -> Float[np.ndarray, "schedules slots 3"]:
    """`count` other orders of the session's own slots: the null where no generator is known."""
    generator = np.random.default_rng(seed)
    return colours[generator.random((count, len(colours))).argsort(axis=1)]


def without_issued(
    others: Float[np.ndarray, "schedules slots 3"], issued: Float[np.ndarray, "slots 3"]
) -> Float[np.ndarray, "fewer slots 3"]:
    """`others` less those that show the issued colours: repeated colours make some orders the same challenge."""
    return others[np.abs(others - issued).max((1, 2)) > _SAME]
