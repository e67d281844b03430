"""Targets that nothing can be learned from, missing ones and dates, and those that a table holds as one column."""

from datetime import date, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import _num_samples, column_or_1d

from pellucid.errors import DataError
from pellucid.estimators.reports import warn
from pellucid.tables.frames import counted, row_list
from pellucid.textbook.arrays import Array

__all__ = [
    "one_column_as_rows",
    "refuse_dates",
    "refuse_missing",
    "refuse_other_length",
    "refuse_string_dtype",
    "refuse_texts",
]

DATES = (date, time, timedelta, np.datetime64, np.timedelta64)


def refuse_missing(y: Any, subject: str, remedy: str = "Remove those rows.") -> None:
    """Raise DataError, naming the rows, if targets are missing in some: None, NaN, NaT or pandas' NA.

    Examples
    --------
    >>> refuse_missing(["a", None, "b"], "'y' of MLPClassifier.fit")
    Traceback (most recent call last):
    pellucid.errors.DataError: 'y' of MLPClassifier.fit must have a value in every row; it is missing in row 2. ...
    """
    cells = _cells(y)
    if cells is None:
        return
    missing = np.asarray(pd.isna(cells))
    rows = missing.any(axis=tuple(range(1, missing.ndim)))
    if rows.any():
        raise DataError(f"{subject} must have a value in every row; it is missing in {row_list(rows)}. {remedy}")


def refuse_other_length(values: Any, rows: Any, subject: str, what: str = "value") -> None:
    """Raise DataError unless there is one value for each row.

    Examples
    --------
    >>> refuse_other_length([1, 2], [[0], [0], [0]], "'groups'")
    Traceback (most recent call last):
    pellucid.errors.DataError: 'groups' must have one value for each of the 3 rows; it has 2. ...
    """
    wanted, found = _num_samples(rows), _num_samples(values)
    if found != wanted:
        raise DataError(
            f"{subject} must have one {what} for each of the {counted(wanted, 'row')}; it has {found}. Leave out or "
            "add the same rows of both."
        )


def refuse_dates(y: Any, subject: str) -> None:
    """Raise DataError if targets are dates, times or durations: as numbers they would be in an arbitrary unit."""
    cells = _cells(y)
    if cells is None:
        return
    if cells.dtype.kind in "mM" or (cells.dtype.kind == "O" and any(isinstance(cell, DATES) for cell in cells.flat)):
        raise DataError(
            f"{subject} must be numbers; it has dates, times or durations. Say in which unit and since when, in days "
            "for example: (y - y.min()) / np.timedelta64(1, 'D')."
        )


def refuse_texts(y: Any, subject: str) -> None:
    """Raise DataError if targets that must be numbers are texts, of numbers, too, as scikit-learn does not take them.

    Texts of numbers are taken among objects, as scikit-learn takes them there.
    """
    cells = _cells(y)
    if cells is None or cells.dtype.kind not in "USO":
        return
    text = next((cell for cell in cells.flat if isinstance(cell, str | bytes)), None)
    if text is None or (np.asarray(y).dtype.kind == "O" and _are_numbers(cells)):
        return
    raise DataError(
        f"{subject} must be numbers; it has the text {text if isinstance(text, bytes) else str(text)!r}. Classes are "
        "for a classifier (MLPClassifier); of texts that are numbers, y.astype(float) makes numbers."
    )


def _are_numbers(cells: Array) -> bool:
    try:
        cells.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def refuse_string_dtype(y: Any, subject: str) -> None:
    """Raise DataError if targets are texts of NumPy's `StringDType`, which scikit-learn's encoders do not know."""
    if isinstance(y, np.ndarray) and y.dtype.kind == "T":
        raise DataError(
            f"{subject} must be of a type that scikit-learn knows; it is of NumPy's StringDType. Make usual texts of "
            "it: np.array(y.tolist())."
        )


def one_column_as_rows(y: Array) -> Array:
    """Return targets of shape (rows, 1) as of shape (rows,), with scikit-learn's warning; others as they are."""
    if y.ndim != 2 or y.shape[1] != 1:
        return y
    rows = column_or_1d(y)  # which refuses sparse ones
    warn(
        "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples, ), "
        "for example using ravel().",
        DataConversionWarning,
    )
    return rows


def _cells(y: Any) -> Array | None:
    """Return targets that may be anything as an array; None where that is left to scikit-learn to refuse."""
    if y is None or issparse(y):
        return None
    try:
        cells = np.asarray(y)
        if cells.dtype.kind == "U" and isinstance(y, list | tuple):  # NumPy makes a text of what is none
            cells = np.array(y, dtype=object)
        if cells.dtype.kind == "T":  # texts of any length, of which pandas finds none missing
            cells = cells.astype(object)
    except (TypeError, ValueError):  # rows of unequal lengths
        return None
    return cells if cells.ndim > 0 else None
