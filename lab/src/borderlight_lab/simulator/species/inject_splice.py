"""An earlier recording of the target under a library of colours, cut into the answer to the challenge.

Libraries hold 8, 27 or 64 colours (the grid of 2, 3 or 4 steps of each primary). *Nearest*: in each slot the recorded
frames of the nearest colour. *Mixed*: light adds, so the frames of a few colours are summed in linear light until they
make the wanted one. The recording is real (rows, noise, drift, movement of a real face); the attacker steadies it, cuts
only settled frames, draws colour changes row by row as a sensor would, and adds a lag, movement and grain of his own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
from scipy.optimize import nnls

from borderlight.contracts.challenge.schedule import LINEAR, Colour, ColourSchedule, slots_in_turn
from borderlight_lab.simulator.camera import film, film_light
from borderlight_lab.simulator.light import compose
from borderlight_lab.simulator.setup import Filmed, Setup

_RECORDED_MS = 340
_SETTLED = slice(4, 9)
"""Frames of a recorded slot that saw its colour alone."""
_STEPS = {8: (0, 255), 27: (0, 188, 255), 64: (0, 138, 213, 255)}
"""sRGB codes of a library's steps per primary: near equal shares of an arcsine law in linear light."""
_SUM_OF_WEIGHTS = 1e3
_TABLE = np.array(LINEAR, np.float32)

Method = Literal["nearest", "mixed"]


def library_colours(size: int) -> list[Colour]:
    steps = _STEPS[size]
    return [(red, green, blue) for red in steps for green in steps for blue in steps]


def _weights(issued: np.ndarray, library: np.ndarray, method: Method) -> np.ndarray:
    """[S, N] weights of the library's colours for each issued colour, from 0, sum 1."""
    if method == "nearest":
        return np.eye(len(library))[((issued[:, None] - library) ** 2).sum(-1).argmin(1)]
    columns = np.concatenate([library.T, np.full((1, len(library)), _SUM_OF_WEIGHTS)])
    return np.stack([nnls(columns, np.append(colour, _SUM_OF_WEIGHTS))[0] for colour in issued])


def _recorded(setup: Setup, colours: list[Colour]) -> list[np.ndarray]:
    """For each colour [5, H, W, 3] settled frames of a real recording, linearised by the sRGB curve."""
    steady = replace(
        setup.camera, fps=30.0, drop_share=0.0, motion_px=0.8, lag_ms=60.0, drift=min(setup.camera.drift, 0.3)
    )
    shown = ColourSchedule(slots_in_turn(colours, [_RECORDED_MS] * len(colours)))
    frames, times = film(compose(setup.head, setup.lighting, setup.seed + 13), shown, steady, setup.seed + 14)
    starts = np.arange(len(colours)) * _RECORDED_MS + steady.lag_ms
    firsts = np.searchsorted(times, starts)
    return [np.stack([_TABLE[frame] for frame in frames[first:][_SETTLED]]) for first in firsts]


def splice(setup: Setup, size: int, method: Method) -> Filmed:
    library = np.array([[LINEAR[code] for code in colour] for colour in library_colours(size)])
    weights = _weights(setup.schedule.linear_colours(), library, method)
    used = np.nonzero(weights.max(0) > 0.01)[0]
    order = setup.random().permutation(used)
    recorded = dict(zip(order.tolist(), _recorded(setup, [library_colours(size)[k] for k in order]), strict=True))

    def slot_picture(slot: int, frame: int) -> np.ndarray:
        chosen = [k for k in used.tolist() if weights[slot, k] > 0.01]
        total = sum(weights[slot, k] for k in chosen)
        parts = [np.float32(weights[slot, k] / total) * recorded[k][frame % len(recorded[k])] for k in chosen]
        return np.stack(parts).sum(0)

    dark = np.mean([frames.mean(0) for frames in recorded.values()], axis=0) * np.float32(0.8)

    def light_at(shares: np.ndarray, frame: int) -> np.ndarray:
        light = np.zeros_like(dark)
        for slot in np.nonzero(shares.max(0) > 0)[0].tolist():
            light += shares[:, slot, None, None] * slot_picture(slot, frame)
        return light + (1 - shares.sum(1))[:, None, None] * dark

    sent = replace(setup.camera, noise=0.4 * setup.camera.noise, drift=0.0)
    return film_light(light_at, setup.schedule, sent, setup.seed)


def splice_species(size: int, method: Method) -> Callable[[Setup], Filmed]:
    """The species of one library and one method."""
    return lambda setup: splice(setup, size, method)
