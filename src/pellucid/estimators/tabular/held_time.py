"""Rows later than all that were learned from are predicted as if they came with the latest.

Beyond the time that it learned from a network may go on with what was changing, or predict anything. So the inputs that
grow with time for good are held at the latest that was learned from, unless the networks of the folds, each of which
predicts rows that come after its own, do clearly better without.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.bag import Bag
from pellucid.estimators.tabular.bagging import Folds
from pellucid.estimators.tabular.sources import ROWS_AT_ONCE
from pellucid.tables import Inputs
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows

__all__ = ["HeldTime", "growing_inputs", "hold_time"]

CLEARLY = 0.9
"""Share of the loss of networks that hold the time, below which those that do not prove better."""


@dataclass(frozen=True)
class HeldTime:
    """The time at which predictions are made at the latest; without places it is not held.

    Attributes
    ----------
    places : array of int
        Inputs that grow with time for good.
    latest : array of shape (places,)
        Their largest numbers among the rows that were learned from.
    of_folds : mapping of int to arrays
        Those among the rows that each fold's networks learned from.
    """

    places: Array = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    latest: Array = field(default_factory=lambda: np.empty(0))
    of_folds: Mapping[int, Array] = field(default_factory=dict)

    def hold(self, X: Array) -> Array:
        """Let no row come after the latest that was learned from, in place.

        Examples
        --------
        >>> import numpy as np
        >>> HeldTime(np.array([1]), np.array([5.0])).hold(np.array([[9.0, 3.0], [9.0, 7.0]])).tolist()
        [[9.0, 3.0], [9.0, 5.0]]
        """
        return self._hold(X, self.latest)

    def hold_in_fold(self, X: Array, fold: int) -> Array:
        """Let no row come after the latest that a fold's networks learned from, in place."""
        return self._hold(X, self.of_folds[fold]) if fold in self.of_folds else X

    def _hold(self, X: Array, latest: Array) -> Array:
        if len(self.places):
            X[:, self.places] = np.minimum(X[:, self.places], latest)
        return X

    def extended_to(self, X: Array | CodedRows) -> Self:
        """Return what holds the time once these rows were learned from, too."""
        if not len(self.places):
            return self
        return replace(self, latest=np.maximum(self.latest, _largest(X, self.places)))


def growing_inputs(inputs: Inputs, time_column: str | None) -> Array:
    """Return the places of the inputs that grow with time for good: the time itself, and its year."""
    growing = (time_column, f"{time_column} year")
    named = enumerate(zip(inputs.names, inputs.sources, strict=True))
    return np.array([i for i, (name, source) in named if source == time_column and name in growing], dtype=np.intp)


def hold_time(
    places: Array,
    bag: Bag,
    X: Array | CodedRows,
    folds: Folds,
    loss_of: Callable[[Array], Callable[[Array], float]],
    engine: Engine,
) -> HeldTime:
    """Find whether to hold the time; where so, change the bag's out-of-fold predictions to what it then predicts.

    Parameters
    ----------
    places : array of int
        Inputs that grow with time for good.
    bag : Bag
    X : array or CodedRows of shape (rows, inputs)
    folds : Folds
        In the order of time.
    loss_of : callable
        From rows to the function that takes a member's predictions for them to its loss.
    engine : Engine
    """
    rows = np.flatnonzero(bag.predicted.all(axis=0)) if bag.networks else np.empty(0, dtype=np.intp)
    if not len(places) or not len(rows):
        return HeldTime()
    latest = {fold: _largest(X, places, past) for fold, (past, _) in enumerate(folds)}
    held = HeldTime(places, _largest(X, places).astype(np.float64), latest)
    predicted = bag.out_of_fold.copy()
    for each in bag.of_folds:
        following = folds[each.fold][1]
        predicted[each.member, following] = each.predict(engine, held.hold_in_fold(X[following], each.fold))
    loss = loss_of(rows)
    if CLEARLY * sum(map(loss, predicted[:, rows])) >= sum(map(loss, bag.out_of_fold[:, rows])):
        return HeldTime()
    bag.out_of_fold = predicted
    return held


def _largest(X: Array | CodedRows, places: Array, rows: Array | None = None) -> Array:
    """Return the largest numbers of some inputs, in these rows or in all."""
    rows = np.arange(len(X)) if rows is None else rows
    parts = (X[rows[start : start + ROWS_AT_ONCE]] for start in range(0, len(rows), ROWS_AT_ONCE))
    largest: Array = np.max([part[:, places].max(axis=0) for part in parts], axis=0)
    return largest
