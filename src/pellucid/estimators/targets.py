"""Targets that nothing can be learned from: missing ones, and dates."""

from datetime import date, timedelta
from operator import ne
from typing import Any

import numpy as np
from scipy.sparse import issparse

from pellucid.errors import DataError
from pellucid.tables.frames import row_list
from pellucid.textbook.arrays import Array

__all__ = ["refuse_dates", "refuse_missing"]


def refuse_missing(y: Any, subject: str, remedy: str = "Remove those rows.") -> None:
    """Raise DataError, naming the rows, if targets that are objects or texts are missing in some.

    Examples
    --------
    >>> refuse_missing(["a", None, "b"], "'y' of MLPClassifier.fit")
    Traceback (most recent call last):
    pellucid.errors.DataError: 'y' of MLPClassifier.fit must have a value in every row; it is missing in row 2. ...
    """
    cells = _objects(y)
    if cells is None:
        return
    missing = np.array([_is_missing(cell) for cell in cells.ravel()], dtype=bool).reshape(cells.shape)
    rows = missing.reshape(len(cells), -1).any(axis=1)
    if rows.any():
        raise DataError(f"{subject} must have a value in every row; it is missing in {row_list(rows)}. {remedy}")


def refuse_dates(y: Any, subject: str) -> None:
    """Raise DataError if targets are dates, times or durations: as numbers they would be in an arbitrary unit."""
    kind = getattr(getattr(y, "dtype", None), "kind", "")
    cells = _objects(y)
    is_date = cells is not None and cells.size > 0 and isinstance(cells.flat[0], date | timedelta | np.datetime64)
    if kind in ("m", "M") or is_date:
        raise DataError(
            f"{subject} must be numbers; it has dates, times or durations. Say in which unit and since when, in days "
            "for example: (y - y.min()) / np.timedelta64(1, 'D')."
        )


def _objects(y: Any) -> Array | None:
    """Return targets that may be anything as an array of Python's objects; None where they are plain numbers."""
    if y is None or issparse(y):
        return None
    try:
        cells = np.asarray(y)
        if cells.dtype.kind == "U" and isinstance(y, list | tuple):  # NumPy makes a text of what is none
            cells = np.array(y, dtype=object)
    except (TypeError, ValueError):  # rows of unequal lengths, which scikit-learn refuses
        return None
    return cells if cells.dtype.kind == "O" and cells.ndim > 0 else None


def _is_missing(cell: Any) -> bool:
    """Tell whether a cell is None, NaN, NaT or pandas' NA."""
    if cell is None:
        return True
    try:
        return bool(ne(cell, cell))
    except TypeError:  # pandas' NA is neither equal to itself nor different
        return True
    except ValueError:  # an array
        return False
