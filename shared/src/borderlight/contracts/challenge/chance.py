"""The chance that a video made without knowing the challenge passes the question "this challenge, now?" by luck.

The worst case for us is a blind attacker without noise: a video that shows another schedule of the same generator
perfectly. What liveness demands is a correlation with the issued colours, maximised over the lag; here two independent
draws are correlated in the same way, own channel by own channel, free of slow drift, over the same range of lags.
"""

from dataclasses import dataclass

import numpy as np

from borderlight.contracts.challenge.generators import RANDOM_BYTES, SlotGenerator
from borderlight.contracts.challenge.schedule import ColourSchedule

FRAME_MS = 1000.0 / 30.0
LAGS_MS = np.arange(-300.0, 661.0, 24.0)
_DRIFT_TERMS = 3
_ISSUED = 1_000


@dataclass(frozen=True)
class BlindChance:
    """hits of pairs reached `min_correlation`; upper: 95 % upper bound of the probability (Poisson)."""

    generator: str
    min_correlation: float
    pairs: int
    hits: int

    @property
    def probability(self) -> float:
        return self.hits / self.pairs

    @property
    def upper(self) -> float:
        """One-sided 95 % bound: exact for no hits (3 / n), the normal approximation of a Poisson count else."""
        if self.hits == 0:
            return 3.0 / self.pairs
        return (self.hits + 1.645 * self.hits**0.5 + 1.0) / self.pairs


def _course(schedule: ColourSchedule, times_ms: np.ndarray) -> np.ndarray:
    """[frames, 3] displayed colour at each time; NaN outside the light."""
    start, end = schedule.start_ms(), schedule.start_ms() + schedule.duration_ms()
    slot = np.searchsorted(start, times_ms, side="right") - 1
    lit = (slot >= 0) & (times_ms < end[-1])
    return np.where(lit[:, None], schedule.linear_colours()[np.clip(slot, 0, None)], np.nan)


def _units(series: np.ndarray) -> np.ndarray:
    """[draws, frames, 3] scaled so that the sum over frames of a product is a correlation; drift removed."""
    x = np.linspace(-1.0, 1.0, series.shape[1])
    basis, _ = np.linalg.qr(np.stack([x**k for k in range(_DRIFT_TERMS)], axis=1))
    free = series - np.einsum("fk,dkc->dfc", basis, np.einsum("fk,dfc->dkc", basis, series))
    return free / np.maximum(np.sqrt((free**2).sum(1, keepdims=True)), 1e-9)


def blind_chance(generator: SlotGenerator, min_correlation: float, pairs: int, seed: int) -> BlindChance:
    """Count how often a draw matches an independent one.

    `pairs` is rounded up to whole thousands: each video is compared with the same thousand challenges.
    """
    random = np.random.default_rng(seed)
    issued = [generator.draw(random.bytes(RANDOM_BYTES)) for _ in range(_ISSUED)]
    shortest = min(float(s.start_ms()[-1] + s.duration_ms()[-1]) for s in issued)
    times = np.arange(0.0, shortest, FRAME_MS)
    wanted = _units(np.stack([_course(schedule, times) for schedule in issued]))
    videos = -(-pairs // _ISSUED)
    hits = 0
    for _ in range(videos):
        shown = generator.draw(random.bytes(RANDOM_BYTES))
        best = np.full(_ISSUED, -1.0)
        for lag in LAGS_MS:
            seen = _course(shown, times + lag)
            seen = np.where(np.isnan(seen), np.nanmean(seen, axis=0), seen)
            unit = _units(seen[None])[0]
            best = np.maximum(best, np.einsum("dfc,fc->d", wanted, unit) / 3.0)
        hits += int((best >= min_correlation).sum())
    return BlindChance(generator.name, min_correlation, videos * _ISSUED, hits)
