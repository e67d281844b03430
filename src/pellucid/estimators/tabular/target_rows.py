"""Checks of a target that a classification and a regression share."""

from typing import Any

import numpy as np
import pandas as pd

from pellucid.errors import DataError
from pellucid.estimators.targets import refuse_missing

__all__ = ["of_one_type", "refuse_text", "target_array"]


def target_array(y: Any) -> Any:
    """Return the target as an array, of shape (rows,) or (rows, targets).

    Raises
    ------
    DataError
        If there is none, or a value is missing; the message names the rows.
    """
    if y is None:
        raise DataError("requires y to be passed, but the target y is None.")
    array = np.asarray(y)
    if array.ndim not in (1, 2):
        raise DataError(f"y should be a 1d or 2d array, got an array of shape {array.shape} instead.")
    refuse_missing(y, "The target y", "Remove those rows or complete them.")
    return array


def refuse_text(y: Any) -> None:
    """Raise DataError if the target is the name of a column instead of the column."""
    if isinstance(y, str):
        raise DataError(
            f"The target y must be one value for each row; got the text {y!r}. Pass the column: y=table[{y!r}], and "
            f"as X table.drop(columns={y!r})."
        )


def of_one_type(array: Any) -> Any:
    """Return an array of objects that are all true or false, or all numbers, as one of this type; others as they are.

    pandas keeps such objects where cells were missing, and for its types that may be. Half floats, which pandas cannot
    look up, become single ones, and texts of any length (`StringDType`), which scikit-learn does not know, usual ones.

    Examples
    --------
    >>> of_one_type(np.array([True, False], dtype=object)), of_one_type(np.array(["a", "b"], dtype=object))
    (array([ True, False]), array(['a', 'b'], dtype=object))
    """
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.kind == "T":
        return np.array(array.tolist())
    if array.dtype.kind != "O" or not array.size:
        return array
    found = pd.DataFrame(array).infer_objects().to_numpy().reshape(array.shape)
    return found if found.dtype.kind in "biuf" else array
