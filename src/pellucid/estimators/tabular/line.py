"""A straight line that networks add to: where numbers go on beyond what was learned from, it does, too.

Networks see numbers smoothly clipped, and what they predict stays within the range that was learned from. That is safe,
and wrong where a target is a straight line: of one that grows from year to year they predict the last year's level for
all that follow. Where the rows that a line was not drawn through show that it would have gone on, it is taken out of
the target before networks learn, and added to what they predict.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pellucid.estimators.tabular.bagging import Folds
from pellucid.textbook.arrays import Array

__all__ = ["Drawing", "Line", "draw_line", "draw_trend"]

GAIN, GAIN_OF_SEVERAL = 0.97, 0.93
"""What a line must leave at most of the squared errors that are made without its going on, to be worth it: a trend, and
a line through several columns, in which chance has more of a say."""

MOST_ROWS, MOST_CELLS, MOST_COLUMNS = 10_000, 20_000_000, 300
"""A line through several columns is drawn through so many rows of a larger table, evenly spaced; of one with more cells
or columns there is none."""

ROWS_A_COLUMN = 3
"""Rows for each column that a line is drawn through, at least."""

BEYOND = 1.0
"""A line goes on by so many times the range that each column was learned in."""

RIDGE = 1e-4
"""Of a column's squares: columns that tell nearly the same share their gains, for each of them may be missing."""

CONSTANT = 1e-9
"""A column whose deviation is a smaller share of its numbers does not vary but for rounding."""


@dataclass(frozen=True)
class Line:
    """What is added to predictions: for each target a straight line through numbers of some columns.

    Attributes
    ----------
    columns : tuple of str
        Columns of numbers, or of dates, which count in days.
    is_trend : bool
        Whether it goes through time.
    origins : array of shape (columns,)
        The number at which a column adds nothing; nor does a missing one. Of a trend: the end of what was learned from.
    lows, highs : array of shape (columns,)
        Where the line ends: what lies beyond adds as much as these.
    gains : array of shape (columns, targets)
        What each target gains where a number grows by 1. 0: it has no such line.
    doubts : array of shape (columns, targets)
        Standard errors of a trend's gains, by how lines through less of the past differ from it; else 0.
    """

    columns: tuple[str, ...]
    is_trend: bool
    origins: Array
    lows: Array
    highs: Array
    gains: Array
    doubts: Array

    def reaching(self, numbers: Array) -> "Line":
        """Return it with the ends that it would have for these numbers (columns, rows), of which it knew some."""
        lows, highs = _ends(np.where(np.isnan(numbers), self.origins[:, np.newaxis], numbers).T)
        return replace(self, lows=lows, highs=highs)

    def passed(self, numbers: Array) -> Array:
        """Return how far from the origins the line is followed, of shape (rows, columns), of numbers (columns, rows).

        Examples
        --------
        >>> import numpy as np
        >>> at, one = (lambda *years: np.array(years, float)), np.array([[2.0]])
        >>> line = Line(("year",), True, at(2020), at(2000), at(2025), one, 0 * one)
        >>> line.passed(np.array([[2019.0, 2099.0, np.nan]])).ravel().tolist()
        [-1.0, 5.0, 0.0]
        """
        within = np.clip(numbers, self.lows[:, np.newaxis], self.highs[:, np.newaxis])
        return np.nan_to_num(within - self.origins[:, np.newaxis]).T

    def added(self, passed: Array) -> Array:
        """Return what is added to predictions, of shape (rows, targets), where the line is followed so far."""
        return _summed(passed, self.gains)

    def doubt(self, passed: Array) -> Array:
        """Return how far what a trend adds beyond what was learned from may be wrong, of shape (rows, targets)."""
        return _summed(np.maximum(passed, 0), self.doubts)


class Drawing(NamedTuple):
    """A line, and what it knows of rows that are to be predicted honestly.

    Attributes
    ----------
    line : Line
    hindsight : array of shape (rows, targets)
        How much of what it adds to a row comes of this row and others that its fold had not seen.
    """

    line: Line
    hindsight: Array

    def of_whole(self, rows: Array, count: int) -> "Drawing":
        """Return it for a table of so many rows, of which it was drawn through those given."""
        hindsight = np.zeros((count, self.hindsight.shape[1]))
        hindsight[rows] = self.hindsight
        return Drawing(self.line, hindsight)


def draw_trend(
    label: str, times: Array, Y: Array, weight: Array | None, folds: Folds, known: Line | None = None
) -> Drawing | None:
    """Return the line of each target through time, or the one that is known; None if no target has a trend.

    In each fold a line is drawn through the past by least squares, and its errors in the rows that came next are
    compared with those of its value at the end of the past: a target has a trend if going on would have been better.

    Parameters
    ----------
    label : str
        The column that holds the time.
    times : array of shape (rows,)
    Y : array of shape (rows, targets)
    weight : array of shape (rows,) or None
    folds : sequence of pairs of arrays of int
        Rows of the past, rows that came next.
    known : Line or None

    Examples
    --------
    >>> import numpy as np
    >>> times = np.arange(12.0)
    >>> folds = [(np.arange(4), np.arange(4, 8)), (np.arange(8), np.arange(8, 12))]
    >>> Y = np.column_stack([5 * times, np.cos(np.pi * times)])
    >>> draw_trend("year", times, Y, None, folds).line.gains.round(3).tolist()
    [[5.0, 0.0]]
    """
    A = times[:, np.newaxis]
    fits = [_fit(A, Y, weight, past) for past, _ in folds]
    ends = [times[past].max() for past, _ in folds]  # the level there each network knows
    if known is None:
        going_on, stopping = np.zeros((2, Y.shape[1]))
        for (_, following), fit, end in zip(folds, fits, ends, strict=True):
            stopping += _squares(Y[following] - fit.at(np.full((len(following), 1), end)), weight, following)
            going_on += _squares(Y[following] - fit.at(A[following]), weight, following)
        rows = np.sort(np.concatenate(folds[-1]))
        whole = _fit(A, Y, weight, rows)
        gains = np.where(going_on < GAIN * stopping, whole.gains, 0.0)
        shares = np.array([len(past) for past, _ in folds], dtype=np.float64)
        apart = np.square([fit.gains - whole.gains for fit in fits])
        doubts = np.where(gains == 0, 0.0, np.sqrt(np.average(apart, axis=0, weights=shares)))
        first, last = A[rows].min(axis=0), A[rows].max(axis=0)
        reach = BEYOND * (last - first)
        known = Line((label,), True, last, first - reach, last + reach, gains, doubts)
    hindsight = np.zeros(Y.shape)
    for (_, following), fit, end in zip(folds, fits, ends, strict=True):
        hindsight[following] = (A[following] - end) @ _unless_zero(known.gains, known.gains - fit.gains)
    return Drawing(known, hindsight) if known.gains.any() else None


def draw_line(
    labels: Sequence[str],
    numbers: Array,
    clipped: Array,
    others: Array,
    Y: Array,
    weight: Array | None,
    folds: Folds,
    known: Line | None = None,
) -> Drawing | None:
    """Return the line of each target through several columns, or the one that is known; None if no target has one.

    In each fold a target is explained by a line through the numbers as they are, and by one through the numbers as
    networks see them. It has a line if the first explains clearly more of the rows kept back than the second.

    Parameters
    ----------
    labels : sequence of str
    numbers : array of shape (columns, rows)
        NaN where missing.
    clipped : array of shape (rows, columns)
        The same as networks see them.
    others : array of shape (rows, others)
        What else may explain a target.
    Y : array of shape (rows, targets)
    weight : array of shape (rows,) or None
    folds : sequence of pairs of arrays of int
        Rows to learn from, rows kept back.
    known : Line or None

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(1, 90))
    >>> folds = [(np.arange(60), np.arange(60, 90)), (np.arange(30, 90), np.arange(30))]
    >>> drawing = draw_line(["x"], x, np.tanh(x.T), np.empty((90, 0)), 3 * x.T, None, folds)
    >>> drawing.line.gains.round(3).tolist()
    [[3.0]]
    """
    rows = np.unique(np.concatenate([np.concatenate(fold) for fold in folds]))
    origins = np.nan_to_num(np.nanmean(numbers[:, rows], axis=1)) if known is None else known.origins
    filled = np.where(np.isnan(numbers), origins[:, np.newaxis], numbers).T
    straight, bent = np.hstack([filled, others]), np.hstack([clipped, others])
    fits = [_fit(straight, Y, weight, learned) for learned, _ in folds]
    within = [  # where the line of each fold would end
        np.hstack([np.clip(filled[kept], *_ends(filled[learned])), others[kept]]) for learned, kept in folds
    ]
    if known is None:
        errors, bent_errors = np.zeros((2, Y.shape[1]))
        for (learned, kept), fit, A in zip(folds, fits, within, strict=True):
            errors += _squares(Y[kept] - fit.at(A), weight, kept)
            bent_errors += _squares(Y[kept] - _fit(bent, Y, weight, learned).at(bent[kept]), weight, kept)
        has_one = errors < GAIN_OF_SEVERAL * bent_errors
        gains = np.where(has_one, _fit(straight, Y, weight, rows).gains[: len(labels)], 0.0)
        known = Line(tuple(labels), False, origins, *_ends(filled[rows]), gains, np.zeros_like(gains))
    count, hindsight = len(labels), np.zeros(Y.shape)
    for (_, kept), fit, A in zip(folds, fits, within, strict=True):
        middle = fit.middle[:count]  # the level there each network knows
        of_fold = _unless_zero(known.gains, fit.gains[:count])
        hindsight[kept] = (filled[kept] - middle) @ known.gains - (A[:, :count] - middle) @ of_fold
    return Drawing(known, hindsight) if known.gains.any() else None


def _ends(A: Array) -> tuple[Array, Array]:
    """Return where a line through these rows ends, below and above, in each column."""
    least, most = A.min(axis=0), A.max(axis=0)
    return least - BEYOND * (most - least), most + BEYOND * (most - least)


def _summed(numbers: Array, factors: Array) -> Array:
    """Multiply matrices, column after column: a row alone has the bits that it has among others."""
    total: Array = np.zeros((len(numbers), factors.shape[1]))
    for column, factor in zip(numbers.T, factors, strict=True):
        total += column[:, np.newaxis] * factor
    return total


def _unless_zero(gains: Array, found: Array) -> Array:
    """Return what was found where there is a gain, else 0."""
    return np.where(gains == 0, 0.0, found)


class _Fit(NamedTuple):
    """For each target a line through the middle of some rows."""

    middle: Array
    level: Array
    gains: Array

    def at(self, A: Array) -> Array:
        return self.level + (A - self.middle) @ self.gains


def _fit(A: Array, Y: Array, weight: Array | None, rows: Array) -> _Fit:
    """Draw a line by least squares through rows of A, of shape (rows, columns)."""
    A, Y = A[rows].astype(np.float64), Y[rows]
    share = np.ones(len(rows)) if weight is None else weight[rows]
    middle, level = np.average(A, axis=0, weights=share), np.average(Y, axis=0, weights=share)
    A = A - middle
    scale = np.sqrt(np.average(np.square(A), axis=0, weights=share))
    varies = scale > CONSTANT * np.maximum(np.abs(middle), np.finfo(np.float64).tiny)
    A = A * np.where(varies, 1 / np.where(varies, scale, 1.0), 0.0)
    weighted = A.T * share
    gains = np.linalg.solve(weighted @ A + RIDGE * share.sum() * np.eye(A.shape[1]), weighted @ (Y - level))
    return _Fit(middle, level, gains / np.where(varies, scale, 1.0)[:, np.newaxis])


def _squares(errors: Array, weight: Array | None, rows: Array) -> Array:
    share = 1.0 if weight is None else weight[rows, np.newaxis]
    total: Array = (share * np.square(errors)).sum(axis=0)
    return total
