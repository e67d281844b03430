"""Averaging: the running mean of the parameters, which often predicts better than the last of them.

The steps of training jump about a good place; their mean lies nearer to it (Polyak & Juditsky, 1992).
"""

from pellucid.textbook.arrays import Array

__all__ = ["take_into_average"]


def take_into_average(average: Array, parameters: Array, beta: float, step: int) -> None:
    """θ̄ ← β̂ θ̄ + (1 - β̂) θ, in place, with β̂ = min(β, (1 + step) / (10 + step)).

    The first steps weigh more, or the mean would long remember where training began.

    Parameters
    ----------
    average, parameters : arrays of the same shape
    beta : float
        In [0, 1).
    step : int
        Steps done, from 1.

    Examples
    --------
    >>> import numpy as np
    >>> average = np.zeros(1)
    >>> take_into_average(average, np.ones(1), beta=0.999, step=1)
    >>> average.round(4).tolist()
    [0.8182]
    """
    kept = min(beta, (1 + step) / (10 + step))
    average *= kept
    average += (1 - kept) * parameters
