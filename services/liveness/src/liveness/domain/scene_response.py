"""How much of the face's relative answer the scene around it gives."""

import numpy as np
from jaxtyping import Bool, Float

from liveness.domain.slot_exposure import slow_drift


def scene_shares(
    scene: Float[np.ndarray, "frames cells 3"],
    face_light: Float[np.ndarray, "frames 3"],
    frame_time_ms: Float[np.ndarray, "frames"],
) -> tuple[Float[np.ndarray, "cells"], Float[np.ndarray, "cells"]]:
    """(share, standard error) per cell: its relative answer over the face's.

    face_light: the face's fitted answer over its mean radiance. 1 means that the cell answers exactly like the face.
    """
    drift = slow_drift(frame_time_ms)
    shares: list[np.ndarray] = []
    errors: list[np.ndarray] = []
    for channel in range(3):
        design = np.concatenate([drift, face_light[:, channel : channel + 1]], axis=1)
        values = scene[..., channel] / np.maximum(scene[..., channel].mean(0), 1e-5)
        inverse = np.linalg.pinv(design.T @ design)
        fitted = inverse @ (design.T @ values)
        residual = values - design @ fitted
        shares.append(fitted[-1])
        errors.append(np.sqrt((residual**2).mean(0) * max(float(inverse[-1, -1]), 0.0)) + 1e-6)
    weight = 1.0 / np.array(errors) ** 2
    return (np.array(shares) * weight).sum(0) / weight.sum(0), 1.0 / np.sqrt(weight.sum(0))


def around_the_face(
    low: Float[np.ndarray, "2"],
    high: Float[np.ndarray, "2"],
    frame_size: tuple[float, float],
    rows: int,
    columns: int,
) -> Bool[np.ndarray, "rows columns"]:
    """Cells beside and above the face, clear of hair, neck and shoulders; low, high: mesh bounds [px]."""
    width, height = frame_size
    x = (np.arange(columns) + 0.5) * width / columns
    y = (np.arange(rows) + 0.5) * height / rows
    face_width, face_height = (high - low).tolist()
    beside = (x < low[0] - 0.18 * face_width) | (x > high[0] + 0.18 * face_width)
    above = y < low[1] - 0.45 * face_height
    return (y < high[1] - 0.15 * face_height)[:, None] & (beside[None, :] | above[:, None])
