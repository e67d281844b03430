"""What may be given as a table: data frames, and arrays of rows and columns; and which columns a person is told of."""

from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from pellucid.errors import DataError, DataWarning
from pellucid.estimators.reports import warn
from pellucid.tables.cells import EXCESSIVE
from pellucid.tables.frames import column_name, to_pandas
from pellucid.tables.identifiers import telling_identifiers
from pellucid.tables.inference import is_lost
from pellucid.tables.schema import Schema
from pellucid.textbook.arrays import Array

__all__ = ["are_own", "as_frame", "labels_of", "named_by", "warn_of_lost_columns", "warn_of_telling_identifiers"]


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


def warn_of_lost_columns(schema: Schema) -> None:
    """Say aloud which columns are left out only for how their cells are written, and which have cells too large."""
    lost = [f"{column.label!r} ({column.note})" for column in schema.columns if is_lost(column)]
    if lost:
        more = f", and {len(lost) - 5} more" if len(lost) > 5 else ""
        warn(
            f"Left out, though they may tell something: {', '.join(lost[:5])}{more}. Correct them to learn from them.",
            DataWarning,
        )
    told = [f"{column.label!r} ({column.note})" for column in schema.columns if EXCESSIVE in column.note]
    if told:
        more = f", and {len(told) - 5} more" if len(told) > 5 else ""
        warn(
            f"Cells that are no numbers to learn from: {', '.join(told[:5])}{more}. Correct or empty them.", DataWarning
        )


def warn_of_telling_identifiers(schema: Schema, frame: pd.DataFrame, scores: Array, known: Collection[str]) -> None:
    """Say aloud which identifiers, left out, the target goes along with, but for those that are known to tell."""
    telling = [repr(label) for label in telling_identifiers(schema, frame, scores) if label not in known]
    if telling:
        warn(
            f"Left out as identifiers, though the target goes along with them: {', '.join(telling)}. If rows came in "
            "their order, the target changes with time: give 'time_column'. If new rows will have such numbers, rename "
            "the column to learn from it.",
            DataWarning,
        )
