"""A trend: what a regression's target gains with time on a line that goes on beyond the rows learned from.

Networks hold the level of the last rows where they have not learned what comes after. Of a target that grows from year
to year they predict the last year's level for all that follow. Where the past shows that a line would have gone on, it
is taken out of the target before networks learn, and put back into what they predict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["Trend", "find_trend"]

Folds = Sequence[tuple[Array, Array]]

GAIN = 0.97
"""A line must take so much from the squared errors that the level at the end of the past makes, to be worth it."""


@dataclass(frozen=True)
class Trend:
    """A line through time for each target.

    Attributes
    ----------
    column : str
        The column that holds the time.
    origin : float
        The time at which the line adds nothing.
    gains : array of shape (targets,)
        What each target gains in a unit of time: a day, where the column holds dates. 0: it has no trend.
    """

    column: str
    origin: float
    gains: Array

    def at(self, times: Array) -> Array:
        """Return what the line adds at these times, of shape (rows, targets); nothing where a time is NaN.

        Examples
        --------
        >>> import numpy as np
        >>> Trend("year", 2020.0, np.array([2.0])).at(np.array([2019.0, 2022.0, np.nan])).tolist()
        [[-2.0], [4.0], [0.0]]
        """
        passed = np.nan_to_num(times - self.origin)
        return passed[:, np.newaxis] * self.gains

    def hindsight(self, times: Array, Y: Array, weight: Array | None, folds: Folds) -> Array:
        """Return what the line knows too early of the rows that came next in each fold, of shape (rows, targets).

        So much higher it is there than one that goes on from the end of their past with what was gained until then: an
        honest prediction of these rows has so much less.

        Parameters
        ----------
        times : array of shape (rows,)
        Y : array of shape (rows, targets)
        weight : array of shape (rows,) or None
        folds : sequence of pairs of arrays of int
            Rows of the past, rows that came next.

        Examples
        --------
        >>> import numpy as np
        >>> Y, folds = np.array([[0.0], [1.0], [4.0]]), [(np.arange(2), np.arange(2, 3))]
        >>> Trend("year", 1.0, np.array([2.0])).hindsight(np.arange(3.0), Y, None, folds).tolist()
        [[0.0], [0.0], [1.0]]
        """
        found = np.zeros(Y.shape)
        for past, following in folds:
            known = np.where(self.gains == 0, 0.0, _line(times, Y, weight, past).gains)
            after = times[following] - times[past].max()
            found[following] = after[:, np.newaxis] * (self.gains - known)
        return found


def find_trend(column: str, times: Array, Y: Array, weight: Array | None, folds: Folds) -> Trend | None:
    """Return the trend of the rows of all folds; None if no target has one.

    In each fold a line is drawn through the past by least squares, and its errors in the rows that came next are
    compared with those of its value at the end of the past: a target has a trend if going on would have been better.

    Parameters
    ----------
    column : str
        The column that holds the time.
    times : array of shape (rows,)
    Y : array of shape (rows, targets)
    weight : array of shape (rows,) or None
    folds : sequence of pairs of arrays of int
        Rows of the past, rows that came next.

    Examples
    --------
    >>> import numpy as np
    >>> times = np.arange(12.0)
    >>> folds = [(np.arange(4), np.arange(4, 8)), (np.arange(8), np.arange(8, 12))]
    >>> find_trend("year", times, np.column_stack([5 * times, np.cos(np.pi * times)]), None, folds).gains.tolist()
    [5.0, 0.0]
    """
    going_on, stopping = np.zeros(Y.shape[1]), np.zeros(Y.shape[1])
    for past, following in folds:
        line, end = _line(times, Y, weight, past), times[past].max()
        share = 1.0 if weight is None else weight[following, np.newaxis]
        stopping += (share * np.square(Y[following] - line.at(np.full(len(following), end)))).sum(axis=0)
        going_on += (share * np.square(Y[following] - line.at(times[following]))).sum(axis=0)
    goes_on = going_on < GAIN * stopping
    if not goes_on.any():
        return None
    line = _line(times, Y, weight, np.sort(np.concatenate(folds[-1])))
    return Trend(column, line.middle, np.where(goes_on, line.gains, 0.0))


class _Line(NamedTuple):
    """A line for each target: its middle, the level there, and what is gained in a unit of time."""

    middle: float
    level: Array
    gains: Array

    def at(self, times: Array) -> Array:
        return self.level + (times - self.middle)[:, np.newaxis] * self.gains


def _line(times: Array, Y: Array, weight: Array | None, rows: Array) -> _Line:
    """Draw lines through rows by least squares."""
    t, share = times[rows], None if weight is None else weight[rows]
    middle, level = float(np.average(t, weights=share)), np.average(Y[rows], axis=0, weights=share)
    passed = (t - middle) * (1.0 if share is None else share)
    spread = float(passed @ (t - middle))
    gains = passed @ (Y[rows] - level) / spread if spread > 0 else np.zeros(Y.shape[1])
    return _Line(middle, level, gains)
