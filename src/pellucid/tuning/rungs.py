"""Successive halving: all settings train for a few epochs, the better ones go on, the last have all their epochs.

Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016.
"""

from math import ceil

__all__ = ["best_of", "rung_shares"]

FEWEST_EPOCHS = 3
"""Of the first rung: after fewer, the order of settings is mostly chance."""


def rung_shares(candidates: int, epochs: int, factor: int) -> list[float]:
    """Return the shares of the epochs after which the best ``1 / factor`` of the candidates go on; the last is 1.

    Parameters
    ----------
    candidates : int
    epochs : int
        Of a whole training.
    factor : int
        At least 2.

    Examples
    --------
    >>> [round(100 * share) for share in rung_shares(96, epochs=100, factor=3)]
    [4, 11, 33, 100]
    >>> rung_shares(2, epochs=100, factor=3)
    [1.0]
    """
    rungs = 0
    while factor ** (rungs + 1) <= candidates and ceil(epochs / factor ** (rungs + 1)) > FEWEST_EPOCHS:
        rungs += 1
    return [factor**-rung for rung in range(rungs, 0, -1)] + [1.0]


def best_of(means: dict[int, float], factor: int) -> list[int]:
    """Return the numbers of the best ``1 / factor`` of the candidates, one at least; those without a score are last.

    Parameters
    ----------
    means : dict of int to float
        Mean score of each candidate; higher is better.
    factor : int

    Examples
    --------
    >>> best_of({0: 0.5, 1: 0.9, 2: float("nan"), 3: 0.7}, factor=2)
    [1, 3]
    """
    order = sorted(means, key=lambda number: (means[number] != means[number], -means[number], number))
    return order[: max(1, ceil(len(order) / factor))]
