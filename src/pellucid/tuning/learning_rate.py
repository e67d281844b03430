"""`find_learning_rate`: a range test, each rate on a network of its own."""

from collections.abc import Sequence
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from pellucid.errors import PellucidError, SpecError
from pellucid.plotting import RateRange
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.tuning.measuring import measure, network_parameter, on_every_split, problem_of, seed_list

__all__ = ["LearningRates", "find_learning_rate"]

SHARE_LOST = 0.05
"""Of the greatest fall of the loss: rates that lose less are as good."""


class LearningRates:
    """Losses of a range test, and the rate that it suggests.

    Attributes
    ----------
    suggestion : float
        The middle, on a logarithmic scale, of the rates around the least median loss that reach 95% of its fall.
    breaks_from : float or None
        The least rate above it that leaves the loss higher than it was before training, or not a number.
    rates : array of shape (rates,)
    losses : array of shape (rates, seeds)
        Mean training loss of the last epoch; infinite where training diverged.
    frame : DataFrame
        A row for each rate: least, median and greatest loss, and how many trainings diverged.
    """

    def __init__(self, rates: Array, losses: Array, start: float | None, epochs: int) -> None:
        self.rates, self.losses, self._start, self._epochs = rates, losses, start, epochs
        known: Array = np.asarray(np.isfinite(losses).all(axis=1))
        if not known.any():
            raise PellucidError(
                f"find_learning_rate: training diverged at every rate from {rates[0]:g} on. "
                "Scale the inputs (StandardScaler), or set 'low' lower."
            )
        middle = np.where(known, np.median(np.where(known[:, np.newaxis], losses, 0.0), axis=1), np.inf)
        least, before = int(middle.argmin()), middle[0] if start is None else start
        good = middle <= middle[least] + SHARE_LOST * max(before - middle[least], 0.0)
        first, last = _run_around(good, least)
        self.suggestion = float(rates[(first + last) // 2])
        broken = rates[(middle > before) & (rates > self.suggestion)]
        self.breaks_from = float(broken[0]) if len(broken) else None
        self.frame = pd.DataFrame(
            {
                "learning_rate": rates,
                "lowest": losses.min(axis=1),
                "median": middle,
                "highest": losses.max(axis=1),
                "diverged": (~np.isfinite(losses)).sum(axis=1),
            }
        )

    def __str__(self) -> str:
        limit = "no rate" if self.breaks_from is None else f"a rate of {self.breaks_from:.2g} or more"
        return (
            f"Learning rate {self.suggestion:.2g}: the middle of those lowering loss most in {self._epochs} epochs. "
            f"Of {len(self.rates)} rates from {self.rates[0]:.2g} to {self.rates[-1]:.2g}, {limit} breaks training."
        )

    def plot(self, ax: Any = None) -> RateRange:
        """Draw loss against learning rate.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        return RateRange(
            self.rates, self.losses, suggestion=self.suggestion, start=self._start, epochs=self._epochs
        ).plot(ax)


def _run_around(good: Array, place: int) -> tuple[int, int]:
    """Return the first and the last of the neighbours of a place that are good."""
    first = last = place
    while first > 0 and good[first - 1]:
        first -= 1
    while last + 1 < len(good) and good[last + 1]:
        last += 1
    return first, last


def find_learning_rate(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    low: float = 1e-5,
    high: float = 10.0,
    points: int = 40,
    epochs: int = 5,
    seeds: int | Sequence[int] = 3,
    n_jobs: int | None = None,
    progress: bool = False,
) -> LearningRates:
    """Train a short while at each of many learning rates, all together, and see where the loss falls most.

    The range test of Smith, "Cyclical learning rates for training neural networks" (2017), raises the rate step by
    step within one training, so that each loss also depends on the rates before. Here each rate has networks of its
    own, from the same initial weights.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline that ends in one
        Not with ``solver="lbfgs"``, which has no learning rate.
    X, y : arrays
        All rows are learned from.
    low, high : float > 0
    points : int >= 2
        Rates, evenly spaced on a logarithmic scale.
    epochs : int >= 1
        Of each training.
    seeds : int or sequence of int
    n_jobs : int or None
    progress : bool

    Returns
    -------
    LearningRates

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> from pellucid.tuning import find_learning_rate
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> found = find_learning_rate(MLPClassifier((16,), batch_size=20), X, y, points=9)
    >>> 0.001 < found.suggestion < 1
    True
    """
    for name, value in (("low", low), ("high", high)):
        if not isinstance(value, Real) or isinstance(value, bool) or not (isfinite(value) and value > 0):
            raise SpecError(f"'{name}' of find_learning_rate must be a number greater than 0; got {shown(value)}.")
    if not low < high:
        raise SpecError(f"'low' of find_learning_rate must be less than 'high'; got {low:g} and {high:g}.")
    for name, value, least in (("points", points, 2), ("epochs", epochs, 1)):
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise SpecError(
                f"'{name}' of find_learning_rate must be an integer of at least {least}; got {shown(value)}."
            )
    names = {
        name: network_parameter(estimator, name, "find_learning_rate")
        for name in ("learning_rate_init", "random_state", "max_iter", "early_stopping", "solver", "learning_rate")
    }
    if "lbfgs" in str(estimator.get_params()[names["solver"]]).lower():
        raise SpecError("'solver' of find_learning_rate's estimator must not be 'lbfgs', which has no learning rate.")
    rates = np.geomspace(float(low), float(high), points)
    rows = np.arange(len(y))
    problem = problem_of("find_learning_rate", estimator, X, y, splits=[(rows, rows[:2])])
    problem.scorer = _no_score
    problem.scores_training = False
    every_seed = seed_list(seeds, "find_learning_rate")
    common = {names["max_iter"]: int(epochs), names["early_stopping"]: False, names["learning_rate"]: "constant"}
    settings = [
        {names["learning_rate_init"]: float(rate), names["random_state"]: seed, **common}
        for rate in rates
        for seed in every_seed
    ]
    # a rate too small to move anything shows the loss before training
    settings += [{**settings[place], names["learning_rate_init"]: 1e-30} for place in range(len(every_seed))]
    trials = on_every_split(settings, problem)
    results = measure("find_learning_rate", problem, trials, n_jobs=n_jobs, progress=progress)
    last = np.full(len(settings), np.inf)
    for result in results:
        if not result.error and result.loss and np.isfinite(result.loss[-1]):
            last[result.trial.number] = result.loss[-1]
    losses, still = last[: -len(every_seed)].reshape(points, -1), last[-len(every_seed) :]
    start = float(np.median(still)) if np.isfinite(still).all() else None
    return LearningRates(rates, losses, start, epochs)


def _no_score(*_: Any) -> float:
    """Return nothing of interest: the loss is what counts."""
    return 0.0
