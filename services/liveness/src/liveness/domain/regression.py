"""Least squares, once: by the normal equations, with standard errors, for one design or a batch of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_EMPTY = 1e-3
"""Directions of a design with less than this share of its largest singular value carry rounding, not signal."""
_EMPTY_GRAM = 1e-12
"""The same for the matrix of normal equations, whose singular values are squares."""
_ROBUST_ROUNDS = 2
"""After two rounds of pulling residuals in, a third changes slopes by less than their error."""


@dataclass(frozen=True)
class LeastSquares:
    """coefficients and their standard errors per term and column; residual: what the design leaves of the values."""

    coefficients: Float[np.ndarray, "*batch terms columns"]
    error: Float[np.ndarray, "*batch terms columns"]
    residual: Float[np.ndarray, "*batch rows columns"]


def _inverse_gram(design: Float[np.ndarray, "*batch rows terms"]) -> Float[np.ndarray, "*batch terms terms"]:
    return np.linalg.pinv(np.swapaxes(design, -1, -2) @ design, rcond=_EMPTY_GRAM)


def least_squares(
    design: Float[np.ndarray, "*batch rows terms"], values: Float[np.ndarray, "*batch rows columns"]
) -> LeastSquares:
    """Fit every column of `values`; errors from the mean square of its own residual."""
    inverse = _inverse_gram(design)
    coefficients = inverse @ (np.swapaxes(design, -1, -2) @ values)
    residual = values - design @ coefficients
    leverage = np.maximum(np.diagonal(inverse, axis1=-2, axis2=-1), 0.0)
    error = np.sqrt((residual**2).mean(-2)[..., None, :] * leverage[..., :, None])
    return LeastSquares(coefficients, error, residual)


def without(
    design: Float[np.ndarray, "*batch rows terms"], values: Float[np.ndarray, "*batch rows columns"]
) -> Float[np.ndarray, "*batch rows columns"]:
    """`values` less what `design` explains of them."""
    return values - design @ (_inverse_gram(design) @ (np.swapaxes(design, -1, -2) @ values))


def orthonormal_basis(terms: Float[np.ndarray, "terms cells"]) -> Float[np.ndarray, "cells rank"]:
    """Orthonormal basis of the terms, without directions that are numerically empty."""
    left, scale, _ = np.linalg.svd(terms.T, full_matrices=False)
    return left[:, scale > _EMPTY * scale[0]]


def beyond(basis: Float[np.ndarray, "cells rank"], values: Float[np.ndarray, "cells"]) -> Float[np.ndarray, "cells"]:
    """`values` less their projection on an orthonormal basis."""
    return values - basis @ (basis.T @ values)


def robust_spread(values: Float[np.ndarray, "cells"]) -> float:
    """Standard deviation that a normal distribution with the same median of absolute values would have."""
    return 1.4826 * float(np.median(np.abs(values))) + 1e-9


def robust_slope(
    values: Float[np.ndarray, "cells"],
    terms: Float[np.ndarray, "terms cells"],
    weight: Float[np.ndarray, "cells"],
    error: Float[np.ndarray, "cells"],
    clip: float,
) -> tuple[float, float]:
    """Weighted slope of `values` on the first of `terms` beside the others, and its standard error.

    error: standard error of each value; clip: residuals beyond so many robust spreads are pulled in, so that a
    highlight or a strand of hair does not decide.
    """
    inverse = np.linalg.pinv(terms.T * weight[:, None], rcond=_EMPTY)
    fitted = inverse @ (values * weight)
    for _ in range(_ROBUST_ROUNDS):
        explained = fitted @ terms
        residual = values - explained
        spread = robust_spread(residual)
        fitted = inverse @ ((explained + np.clip(residual, -clip * spread, clip * spread)) * weight)
    return float(fitted[0]), float(np.sqrt(((inverse[0] * weight * error) ** 2).sum()))
