"""Rows of a table: given to draw a line through, taken to go on with, remembered for intervals."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pellucid.estimators.tabular.bagging import Folds, Problem
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows

__all__ = ["ROWS_REMEMBERED", "Column", "Dealt", "Given", "Remembered", "Taken"]

ROWS_REMEMBERED = 1000
"""Rows that `partial_fit` calibrates on: the latest, each predicted before it was learned from."""

Column = Callable[[str], "pd.Series[Any]"]
"""From a label to the column of a table."""


class Dealt(NamedTuple):
    """Rows of a table that are checked and dealt to folds.

    Parameters
    ----------
    Y : array
        The target as `BaseTabular` keeps it.
    weight, trained_weight : array of shape (rows,) or None
        As given; and in training, where classes may weigh, too.
    rows : array of int
        Those to learn from.
    folds : Folds
    """

    Y: Array
    weight: Array | None
    trained_weight: Array | None
    rows: Array
    folds: Folds


class Given(NamedTuple):
    """Rows of a table through which a line may be drawn.

    Parameters
    ----------
    Y : array of shape (rows, targets)
    column : Column
    X : array or CodedRows
        Their inputs.
    weight : array of shape (rows,) or None
    folds : Folds
    """

    Y: Array
    column: Column
    X: Array | CodedRows
    weight: Array | None
    folds: Folds


class Taken(NamedTuple):
    """Rows of a table that networks which are there can go on with, checked and in numbers.

    Parameters
    ----------
    problem : Problem
    Y : array
        The target as `BaseTabular` keeps it: places of classes, marks, or numbers in their units.
    weight : array of shape (rows,) or None
        As given; in training, classes may weigh, too.
    """

    problem: Problem
    Y: Array
    weight: Array | None


class Remembered(NamedTuple):
    """Predictions for rows that were not learned from when they were predicted, and what came.

    Parameters
    ----------
    blended : array of shape (rows, outputs)
    Y : array
    weight : array of shape (rows,)
    added : array of shape (rows, targets)
        By a line.
    moved : array of shape (rows, outputs)
        By how much the predictions were moved by all that was learned from the rows that came with each.
    """

    blended: Array
    Y: Array
    weight: Array
    added: Array
    moved: Array

    @classmethod
    def of(
        cls, blended: Array, Y: Array, weight: Array | None, added: Array, moved: Array | None = None
    ) -> "Remembered":
        """Return the rows with their weights, 1 where none are given, and no move where that is not given."""
        weight = np.ones(len(Y)) if weight is None else weight
        return cls(blended, Y, weight, added, np.zeros(blended.shape) if moved is None else moved)

    def followed_by(self, later: "Remembered") -> "Remembered":
        """Return the latest rows of both."""
        return Remembered(*(np.concatenate(each)[-ROWS_REMEMBERED:] for each in zip(self, later, strict=True)))
