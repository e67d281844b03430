"""Gradient clipping: shorten a gradient that is too long, keep its direction (Pascanu et al., 2013)."""

import math

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["clip_by_norm", "euclidean_norm"]


def clip_by_norm(gradient: Array, max_norm: float) -> float:
    """Shorten: g ← g · max_norm / ‖g‖ where ‖g‖ > max_norm, in place.

    A gradient that holds an infinity or NaN is left alone, so that the divergence shows.

    Parameters
    ----------
    gradient : array of shape (n,)
    max_norm : float
        Greater than 0.

    Returns
    -------
    float
        ‖g‖ before.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = np.array([3.0, 4.0])
    >>> clip_by_norm(gradient, 1.0)
    5.0
    >>> gradient.round(3).tolist()
    [0.6, 0.8]
    """
    norm = euclidean_norm(gradient)
    if norm > max_norm and math.isfinite(norm):
        gradient *= max_norm / norm
    return norm


def euclidean_norm(vector: Array) -> float:
    """Return ‖v‖ = √Σ v², also where a square is too large for the dtype.

    Examples
    --------
    >>> import numpy as np
    >>> round(euclidean_norm(np.array([3e200, 4e200])) / 1e200, 6)
    5.0
    """
    with np.errstate(over="ignore"):
        square = float(np.dot(vector, vector))
    if math.isfinite(square):
        return math.sqrt(square)
    largest = float(np.abs(vector).max())
    if not math.isfinite(largest):
        return largest
    scaled = vector / largest
    return largest * math.sqrt(float(np.dot(scaled, scaled)))
