"""What may be given as a table: data frames, and whatever is an array of rows and columns."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from pellucid.errors import DataError
from pellucid.tables.frames import column_name, to_pandas

__all__ = ["are_own", "as_frame", "labels_of", "named_by"]


def as_frame(X: Any) -> pd.DataFrame:
    """Return a table as a data frame.

    Raises
    ------
    DataError
        If it has not two dimensions, no rows or no columns.
    TypeError
        If it is sparse, or no table of any kind.
    """
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        raise TypeError("A sparse matrix was passed, but a table must be dense. Use X.toarray().")
    return to_pandas(_array_as_table(X))


def _array_as_table(X: Any) -> Any:
    """Return what has no columns by name as an array of two dimensions."""
    if hasattr(type(X), "columns") or hasattr(type(X), "column_names"):  # a lazy table's own are costly
        return X
    array = np.asarray(X)
    if array.ndim == 0:
        return X  # no table of any kind: refused with all else that is none
    if array.dtype.kind == "c":
        raise DataError("Complex data not supported: a table must hold real numbers.")
    if array.ndim != 2:
        raise DataError(
            f"Expected 2D array, got {array.ndim}D array instead. Reshape your data: X.reshape(-1, 1) for a single "
            "column, X.reshape(1, -1) for a single row."
        )
    for count, what in zip(array.shape, ("sample", "feature"), strict=True):
        if count == 0:
            raise DataError(f"Found array with 0 {what}(s) (shape={array.shape}) while a minimum of 1 is required.")
    return array


def labels_of(X: Any) -> list[Any] | None:
    """Return the labels of a table's columns, as they are; None of an array, which has none."""
    columns = getattr(X, "column_names", getattr(X, "columns", None))  # an Arrow table's columns are its arrays
    return None if columns is None else list(columns)


def are_own(labels: list[Any] | None) -> bool:
    """Tell whether labels say more than the columns' places 0, 1, …, which a table made of an array has.

    Examples
    --------
    >>> are_own(["size"]), are_own([2020, 2021]), are_own([1, 0]), are_own([0, 1]), are_own(None)
    (True, True, True, False, False)
    """
    return labels is not None and labels != list(range(len(labels)))


def named_by(label: Any, columns: Sequence[str], *, are_own: bool) -> str:
    """Return the name of the column of a label; where labels only number columns, a whole number is a place.

    Examples
    --------
    >>> named_by(1, ["x0", "x1"], are_own=False), named_by(2021, ["2020", "2021"], are_own=True)
    ('x1', '2021')
    """
    is_place = not are_own and isinstance(label, Integral) and not isinstance(label, bool)
    return columns[int(label)] if is_place and 0 <= label < len(columns) else column_name(label)
