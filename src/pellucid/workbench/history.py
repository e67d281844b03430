"""The curves of a run, in bounded memory."""

from threading import Lock

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["COLUMNS", "Curves"]

COLUMNS = (
    "epoch",
    "train",
    "validation",
    "penalised",
    "train_score",
    "validation_score",
    "learning_rate",
    "step",
    "batches",
)
"""Epoch; loss of the training rows after it, without and with penalty, where a frame looked; loss of the validation
rows; scores; learning rate; steps done; mean loss of the epoch's batches, each before its update, with penalty: what
`loss_curve_` of the estimators is."""

MOST = 4096
NAN = float("nan")


class Curves:
    """A row an epoch; of a long run some thousands, evenly spread. One thread adds, others read and fill in.

    Examples
    --------
    >>> curves = Curves()
    >>> rows = np.zeros((100_000, len(COLUMNS)))
    >>> rows[:, 0] = np.arange(100_000)
    >>> for start in range(0, 100_000, 1000):
    ...     curves.add(rows[start : start + 1000])
    >>> len(curves.since(-1)) <= MOST, curves.since(99_998)[:, 0].tolist()
    (True, [99999.0])
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows = np.empty((2 * MOST, len(COLUMNS)))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, new: Array) -> None:
        """Add rows of later epochs, shape (rows, columns)."""
        if not len(new):
            return
        with self._lock:
            if len(new) > MOST:
                new = new[np.linspace(0, len(new) - 1, MOST).round().astype(int)]
            if self._count + len(new) > len(self._rows):
                self._thin()
            self._rows[self._count : self._count + len(new)] = new
            self._count += len(new)
            if self._count > MOST:
                self._thin()

    def _thin(self) -> None:
        """Keep half as many rows, evenly spread over the epochs: of neighbours one that a frame looked at, if any.

        The first and the last stay.
        """
        rows = self._rows[: self._count]
        passed = rows[:, 0] - rows[0, 0]
        bucket = np.floor(passed * (MOST // 2) / max(passed[-1], 1.0))
        order = np.lexsort((~np.isfinite(rows[:, 1]), bucket))  # within a bucket those that were looked at come first
        kept = order[np.append(True, np.diff(bucket[order]) > 0)]
        thinned = rows[np.unique([0, *kept, self._count - 1])]
        self._count = len(thinned)
        self._rows[: self._count] = thinned

    def fill(self, epoch: int, **values: float) -> None:
        """Put in what a frame found at an epoch, by the columns' names; a row that was thinned out comes back."""
        with self._lock:
            if self._count == len(self._rows):
                self._thin()
            place = int(np.searchsorted(self._rows[: self._count, 0], epoch))
            if place == self._count:
                return  # what came after an earlier moment was forgotten meanwhile
            if self._rows[place, 0] != epoch:
                self._rows[place + 1 : self._count + 1] = self._rows[place : self._count].copy()
                self._rows[place] = NAN
                self._rows[place, 0] = epoch
                self._count += 1
            for name, value in values.items():
                self._rows[place, COLUMNS.index(name)] = value

    def at(self, epoch: int) -> dict[str, float]:
        """Return what is known of an epoch, by the columns' names."""
        with self._lock:
            place = int(np.searchsorted(self._rows[: self._count, 0], epoch))
            row = self._rows[place] if place < self._count and self._rows[place, 0] == epoch else []
            return {name: float(value) for name, value in zip(COLUMNS, row, strict=False) if np.isfinite(value)}

    def since(self, epoch: float) -> Array:
        """Return the rows of later epochs, shape (rows, columns)."""
        with self._lock:
            rows = self._rows[: self._count]
            return rows[np.searchsorted(rows[:, 0], epoch, side="right") :].copy()

    def until(self, epoch: float) -> Array:
        """Return the rows of no later epoch, shape (rows, columns)."""
        with self._lock:
            rows = self._rows[: self._count]
            return rows[: np.searchsorted(rows[:, 0], epoch, side="right")].copy()

    def cut(self, epoch: int) -> None:
        """Forget what came after an epoch."""
        with self._lock:
            self._count = int(np.searchsorted(self._rows[: self._count, 0], epoch, side="right"))
