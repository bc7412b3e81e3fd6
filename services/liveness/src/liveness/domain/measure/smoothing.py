"""Smoothing on the cell grid that ignores cells without weight."""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter


def smooth(
    values: Float[np.ndarray, "*maps rows columns"], weight: Float[np.ndarray, "rows columns"], sigma_cells: float
) -> Float[np.ndarray, "*maps rows columns"]:
    """Gaussian mean of each map in `values` weighted by `weight` [cells]."""
    sigma = (0.0,) * (values.ndim - 2) + (sigma_cells, sigma_cells)
    return gaussian_filter(values * weight, sigma) / np.maximum(gaussian_filter(weight, sigma_cells), 1e-6)


def high_pass(
    values: Float[np.ndarray, "*maps rows columns"], weight: Float[np.ndarray, "rows columns"], sigma_cells: float
) -> Float[np.ndarray, "*maps rows columns"]:
    """`values` less their Gaussian mean."""
    return values - smooth(values, weight, sigma_cells)
