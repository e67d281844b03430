"""How large errors are, row by row: small networks learn it from the errors out of fold.

Some rows are noisier than others, and not only those whose predictions are large. Small networks, trained as the large
ones are, learn the logarithm of the sizes of out-of-fold errors from the inputs. Residuals divided by the sizes that
networks expect of rows which they did not see make intervals that are wide where the noise is (normalised conformal
prediction: Papadopoulos, Gammerman and Vovk, 2008; Lei et al., "Distribution-free predictive inference for
regression", 2018). They are kept where intervals of the rows out of fold are better for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.bag import Trained
from pellucid.estimators.tabular.bagging import Problem, train_bag
from pellucid.estimators.tabular.calibration import ResidualQuantiles
from pellucid.estimators.tabular.members import Member, planned_epochs
from pellucid.spec import SquaredError
from pellucid.tables import Inputs, fold_rows
from pellucid.textbook.arrays import Array

__all__ = ["ErrorSize", "Sized", "learn_error_size"]

MEMBER = Member(hidden=(64, 64), activation="mish", bins=16, learning_rate=0.2)
STEPS = 500
FOLDS = 3

FEWEST_ROWS = 300
LEAST_SECONDS = 0.2

LEAST_GAIN = 0.02
"""Share by which intervals must be better, to be worth networks of their own; more where rows are few: see `_gain`."""

COVERAGE = 0.9
"""Of the intervals that are compared."""

SMALLEST = 0.05
"""Quantile of the errors' sizes that is added to all: the logarithm of nearly nothing would tell most."""


@dataclass(frozen=True)
class ErrorSize:
    """What size of error to expect of a row.

    Attributes
    ----------
    networks : tuple of Trained
        Their mean is the logarithm of the size, standardised.
    centre, spread, low, high : arrays of shape (targets,)
        Of these logarithms, and the range that was learned.
    """

    networks: tuple[Trained, ...]
    centre: Array
    spread: Array
    low: Array
    high: Array

    def of(self, engine: Engine, X: Array) -> Array:
        """Return sizes greater than 0, of shape (rows, targets), for inputs of shape (rows, inputs)."""
        mean = np.mean([each.predict(engine, X).astype(np.float64) for each in self.networks], axis=0)
        return self._in_units(mean)

    def _in_units(self, predicted: Array) -> Array:
        sizes: Array = np.exp(np.clip(predicted * self.spread + self.centre, self.low, self.high))
        return sizes


class Sized(NamedTuple):
    """Sizes of errors, and residuals that are multiples of them.

    Attributes
    ----------
    error_size : ErrorSize
    sizes : array of shape (rows, targets)
        Of the rows that they were learned from, by the networks that had not seen them.
    multiples : array of shape (rows, targets)
        The residuals of these rows, divided by their sizes.
    """

    error_size: ErrorSize
    sizes: Array
    multiples: Array


def learn_error_size(
    inputs: Inputs,
    X: Array,
    predicted: Array,
    residuals: Array,
    fold_of: Array,
    *,
    engine: Engine,
    seed: int,
    time_limit: float | None = None,
) -> Sized | None:
    """Learn what size of error to expect; None where intervals are not better for it.

    Parameters
    ----------
    inputs : Inputs
    X : array of shape (rows, inputs.width) of float32
    predicted, residuals : arrays of shape (rows, targets)
        Predictions out of fold, and what came less these.
    fold_of : array of int of shape (rows,)
        Rows of one fold are kept together, where there are several.
    engine : Engine
    seed : int
    time_limit : float or None
        Seconds.
    """
    sizes = np.abs(residuals)
    if len(X) < FEWEST_ROWS or (time_limit is not None and time_limit < LEAST_SECONDS):
        return None
    logarithms = np.log(sizes + np.quantile(sizes, SMALLEST, axis=0) + np.finfo(np.float32).tiny)
    centre, spread = logarithms.mean(axis=0), logarithms.std(axis=0)
    if not spread.any():
        return None
    spread[spread == 0] = 1.0
    problem = Problem(inputs, X, ((logarithms - centre) / spread).astype(np.float32), None, "identity", SquaredError())
    folds = _folds(fold_of, seed)
    bag = train_bag(
        problem,
        [(MEMBER,)] * len(folds),
        folds,
        planned_epochs(min(len(train) for train, _ in folds), STEPS),
        engine=engine,
        seeds=np.random.default_rng(seed).integers(2**31 - 1, size=len(folds)).tolist(),
        time_limit=time_limit,
    )
    if not bag.predicted.all():  # the time was too short, or somebody ended it
        return None
    expected = bag.out_of_fold[0].astype(np.float64)
    edges = [edge(expected * spread + centre, axis=0) for edge in (np.min, np.max)]
    found = ErrorSize(tuple(bag.networks), centre, spread, *edges)
    expected_sizes = found._in_units(expected)
    if _gain(predicted, residuals, expected_sizes) < max(LEAST_GAIN, 0.5 / np.sqrt(len(X))):
        return None
    averaging = _averaging(found, [folds[each.fold][0] for each in bag.networks], X, sizes, engine)
    return Sized(found, expected_sizes, residuals / expected_sizes * averaging)


def _averaging(found: ErrorSize, seen: Sequence[Array], X: Array, sizes: Array, engine: Engine) -> Array:
    """Return by how much multiples of the mean networks' sizes are smaller than of a single network's, for each target.

    Networks are compared by the rows that each of them was trained on.
    """
    alone = np.full((len(seen), *sizes.shape), np.nan)
    for place, (each, rows) in enumerate(zip(found.networks, seen, strict=True)):
        alone[place, rows] = each.predict(engine, X[rows])
    together = sizes / found._in_units(np.nanmean(alone, axis=0))
    usual = np.nanquantile(sizes / found._in_units(alone), COVERAGE, axis=(0, 1))
    averaging: Array = np.quantile(together, COVERAGE, axis=0) / np.maximum(usual, np.finfo(float).tiny)
    return np.minimum(averaging, 1.0)


def _folds(fold_of: Array, seed: int) -> list[tuple[Array, Array]]:
    """Return rows to learn from, and the others, fold by fold."""
    known = np.unique(fold_of)
    if len(known) < FOLDS:
        return list(fold_rows(len(fold_of), FOLDS, seed))
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in known]


def _gain(predicted: Array, residuals: Array, sizes: Array) -> float:
    """Return by what share intervals are better that know the sizes, by the mean of the targets.

    Of intervals that cover as much the better ones are shorter, and less far from what lies beyond them: the interval
    score (Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007).
    """
    gains = []
    for by, size, residual in zip(predicted.T, sizes.T, residuals.T, strict=True):
        plain = _interval_score(ResidualQuantiles.of(by, residual), by, np.ones(len(by)), residual)
        sized = _interval_score(ResidualQuantiles.of(size, residual / size), size, size, residual)
        gains.append(1 - sized / plain if plain > 0 else 0.0)
    return float(np.mean(gains))


def _interval_score(quantiles: ResidualQuantiles, by: Array, size: Array, residual: Array) -> float:
    beyond = (1 - COVERAGE) / 2
    low, high = (size * quantiles.quantile(by, level) for level in (beyond, 1 - beyond))
    outside = np.maximum(low - residual, 0) + np.maximum(residual - high, 0)
    return float(np.mean(high - low + outside / beyond))
