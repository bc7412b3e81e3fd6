"""Choose the frames that make the best probe chips: sharp, frontal, calmly lit."""

import numpy as np


def rank_frames(sharpness: np.ndarray, yaw: np.ndarray, cast: np.ndarray) -> np.ndarray:
    """Indices of the candidates, best first.

    sharpness: [n] variance of the Laplacian of the chip [code value squared].
    yaw: [n] horizontal offset of the nose between the eyes [share of the eye distance, 0 is frontal].
    cast: [n] distance of the chip's mean chromaticity from the session's median [unitless].
    """
    relative = sharpness / max(float(np.median(sharpness)), 1e-6)
    badness = np.abs(yaw - np.median(yaw)) + 4.0 * cast - 0.15 * np.minimum(relative, 2.0)
    return np.argsort(badness, kind="stable")


def spread(ranked: np.ndarray, count: int, least_gap: int) -> np.ndarray:
    """The first `count` of `ranked` that lie at least `least_gap` apart; fewer when there are not enough."""
    chosen: list[int] = []
    for index in ranked.tolist():
        if all(abs(index - other) >= least_gap for other in chosen):
            chosen.append(index)
        if len(chosen) == count:
            break
    return np.array(chosen, dtype=int)


def yaw_measure(points: np.ndarray) -> np.ndarray:
    """[n] signed nose offset from the middle of the outer eye corners [share of the eye distance] of [n, 468, k]."""
    left, right, nose = points[:, 33, :2], points[:, 263, :2], points[:, 1, :2]
    axis = right - left
    length = np.linalg.norm(axis, axis=1)
    along = ((nose - (left + right) / 2) * axis).sum(1) / np.maximum(length, 1e-6) ** 2
    return along
