"""`find_learning_rate`: a range test, each rate on a network of its own."""

from collections.abc import Sequence
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import is_classifier

from pellucid.errors import PellucidError, SpecError
from pellucid.plotting import RateRange
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.tuning.measuring import measure, network_parameter, on_every_split, problem_of, seed_list
from pellucid.tuning.problem import last_name

__all__ = ["LearningRates", "find_learning_rate"]

SHARE_LOST = 0.05
"""Of the greatest fall of the loss: rates that lose less are as good."""

SAME = 1e-6
"""Networks whose outputs spread less have one answer for all rows: of probabilities the standard deviation over rows,
of numbers its ratio to that of y."""

SHARE_CONSTANT = 0.1
"""Rates that leave so many more of the networks with one answer for all rows than others do are passed over."""

MOST_ROWS = 500
"""Outputs of so many rows tell whether a network has one answer for all."""

LARGE_INPUTS = 10
"""Root mean square of a column that is not scaled."""


class LearningRates:
    """Losses of a range test, and the rate that it suggests.

    Attributes
    ----------
    suggestion : float
        The middle, on a logarithmic scale, of the rates around the least median loss that reach 95% of its fall; rates
        that leave more networks than others with one answer for all rows are passed over.
    breaks_from : float or None
        The least rate above it that leaves the loss higher than it was before training, or not a number, or more
        networks than others with one answer for all rows.
    rates : array of shape (rates,)
    losses : array of shape (rates, seeds)
        Mean training loss of the last epoch; infinite where training diverged.
    frame : DataFrame
        A row for each rate: least, median and greatest loss, how many trainings diverged, and how many networks have
        one answer for all rows (constant).
    """

    def __init__(
        self, rates: Array, losses: Array, constant: Array, start: float | None, epochs: int, remark: str
    ) -> None:
        self.rates, self.losses, self._start, self._epochs, self._remark = rates, losses, start, epochs, remark
        known: Array = np.asarray(np.isfinite(losses).all(axis=1))
        if not known.any():
            raise PellucidError(
                f"find_learning_rate: training diverged at every rate from {rates[0]:g} on. "
                "Scale the inputs (StandardScaler), or set 'low' lower."
            )
        middle = np.where(known, np.median(np.where(known[:, np.newaxis], losses, 0.0), axis=1), np.inf)
        shares: Array = constant.mean(axis=1)
        self._constant = float(shares[known].min())
        self._is_constant: Array = known & (shares > self._constant + SHARE_CONSTANT)
        usable = np.where(self._is_constant, np.inf, middle)
        least, before = int(usable.argmin()), middle[0] if start is None else start
        good = usable <= usable[least] + SHARE_LOST * max(before - usable[least], 0.0)
        first, last = _run_around(good, least)
        self._ends = (first == 0, last == len(rates) - 1)
        self.suggestion = float(rates[(first + last) // 2])
        broken = rates[((middle > before) | self._is_constant) & (rates > self.suggestion)]
        self.breaks_from = float(broken[0]) if len(broken) else None
        self.frame = pd.DataFrame(
            {
                "learning_rate": rates,
                "lowest": losses.min(axis=1),
                "median": middle,
                "highest": losses.max(axis=1),
                "diverged": (~np.isfinite(losses)).sum(axis=1),
                "constant": constant.sum(axis=1),
            }
        )

    def __str__(self) -> str:
        limit = "no rate" if self.breaks_from is None else f"a rate of {self.breaks_from:.2g} or more"
        said = [
            f"Learning rate {self.suggestion:.2g}: the middle of those lowering loss most in {self._epochs} epochs.",
            f"Of {len(self.rates)} rates from {self.rates[0]:.2g} to {self.rates[-1]:.2g}, {limit} breaks training.",
        ]
        ends = zip(self._ends, ("lower", "upper"), ("a lower 'low'", "a higher 'high'"), strict=True)
        said += [
            f"They reach the {side} end of these rates: {remedy} may find a better one."
            for is_there, side, remedy in ends
            if is_there
        ]
        if self._constant:
            said.append(f"At each rate {self._constant:.0%} of the networks or more have one answer for all rows.")
        return " ".join([*said, self._remark]).rstrip()

    def plot(self, ax: Any = None) -> RateRange:
        """Draw loss against learning rate.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        return RateRange(
            self.rates,
            self.losses,
            suggestion=self.suggestion,
            start=self._start,
            epochs=self._epochs,
            is_constant=self._is_constant,
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
        ``print`` says what it found, and where inputs are not scaled; ``plot()`` draws it.

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
    problem = problem_of(
        "find_learning_rate", estimator, X, y, splits=[(rows, rows[:: max(1, len(rows) // MOST_ROWS)])]
    )
    problem.scorer = _spread
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
    last, spreads = np.full(len(settings), np.inf), np.full(len(settings), np.inf)
    for result in results:
        if not result.error and result.loss and np.isfinite(result.loss[-1]):
            last[result.trial.number], spreads[result.trial.number] = result.loss[-1], result.score
    losses, still = last[: -len(every_seed)].reshape(points, -1), last[-len(every_seed) :]
    start = float(np.median(still)) if np.isfinite(still).all() else None
    constant = spreads[: -len(every_seed)].reshape(points, -1) < SAME
    return LearningRates(rates, losses, constant, start, epochs, _of_size(estimator, X))


def _spread(model: Any, X: Any, y: Any) -> float:
    """Return how much a network's outputs differ between rows."""
    if is_classifier(model):
        return float(np.std(model.predict_proba(X), axis=0).max())
    size = np.std(np.asarray(y, dtype=float), axis=0).max()
    return float(np.std(model.predict(X), axis=0).max() / (size or 1.0))


def _of_size(estimator: Any, X: Any) -> str:
    """Say that a network is given inputs that are not scaled, where it is; a pipeline's steps may scale them."""
    if last_name(estimator) is not None:
        return ""
    numbers: Any = X if issparse(X) else np.asarray(X, dtype=float)
    squares = numbers.multiply(numbers) if issparse(X) else numbers**2
    sizes = np.sqrt(np.asarray(squares.mean(axis=0)).reshape(-1))
    largest = int(sizes.argmax())
    if not sizes[largest] > LARGE_INPUTS:
        return ""
    name = repr(X.columns[largest]) if hasattr(X, "columns") else largest
    return (
        f"The inputs are not scaled: values of column {name} are of size {sizes[largest]:.3g} (root mean square). "
        "Networks learn best from inputs of size 1: StandardScaler."
    )
