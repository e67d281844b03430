"""Penalties: what large weights cost.

L1 (lasso) adds l1 · Σ|w| and pulls weights to 0 at an even pace; L2 (ridge, weight decay) adds ½ · l2 · Σ w² and pulls
each in proportion to its size. Biases, gains and shifts carry no penalty.
"""

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["penalty", "penalty_gradient"]


def penalty(weights: Array, l1: float, l2: float) -> float:
    """l1 · Σ|w| + ½ · l2 · Σ w².

    Parameters
    ----------
    weights : array of shape (n,)
    l1, l2 : float
        At least 0.

    Examples
    --------
    >>> import numpy as np
    >>> penalty(np.array([1.0, -2.0]), l1=1.0, l2=2.0)
    8.0
    """
    total = 0.0
    if l1:
        total += l1 * float(np.abs(weights).sum())
    if l2:
        total += 0.5 * l2 * float(np.dot(weights, weights))
    return total


def penalty_gradient(weights: Array, l1: float, l2: float) -> Array:
    """l1 · sign(w) + l2 · w; at w = 0, where |w| has no derivative, 0.

    Examples
    --------
    >>> import numpy as np
    >>> penalty_gradient(np.array([1.0, -2.0, 0.0]), l1=1.0, l2=2.0).tolist()
    [3.0, -5.0, 0.0]
    """
    gradient: Array = weights * l2
    if l1:
        signs = np.sign(weights)
        signs *= l1
        gradient += signs
    return gradient
