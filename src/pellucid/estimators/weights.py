"""Weights of rows: how much each counts; a row of weight 0 counts as if it were not there."""

from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import _check_sample_weight

from pellucid.errors import DataError
from pellucid.estimators.targets import refuse_missing, refuse_other_length
from pellucid.tables.frames import row_list
from pellucid.textbook.arrays import Array

__all__ = ["checked_weights", "refuse_weightless", "within_single"]

LARGEST_EXPONENT = 64
"""Of 2: sums and products of weights up to it are far from the ends of single precision, 2^127 and 2^-126."""


def checked_weights(
    sample_weight: Any, X: Any, *, name: str = "sample_weight", dtype: Any = None, may_be_negative: bool = True
) -> Array:
    """Return one weight a row; a number is that of each.

    Some may be negative, as simulated events of physics have them, unless they may not: only their sum must be
    positive, as losses are means with these weights.

    Raises
    ------
    DataError
        For another length, weights that are no numbers, or a missing one; if their sum is not greater than 0, so that
        there is nothing to learn from, or too large; for an infinite one; or for a negative one where none may be.

    Examples
    --------
    >>> import numpy as np
    >>> checked_weights([0, 2], np.zeros((2, 1)))
    array([0., 2.])
    >>> checked_weights([0, 0], np.zeros((2, 1)))
    Traceback (most recent call last):
    pellucid.errors.DataError: 'sample_weight' must have a sum greater than 0; the weights of all 2 rows are zero. ...
    """
    refuse_missing(sample_weight, repr(name), "Give rows that are not to be learned from the weight 0.")
    _check_form(sample_weight, X, name)
    infinite = np.isinf(np.asarray(sample_weight, dtype=np.float64))
    if infinite.any():
        raise DataError(
            f"{name!r} must be finite; it is infinite in {row_list(np.atleast_1d(infinite))}. Weights count "
            "relative to each other: a row that must not be missed may weigh a hundred times as much as others."
        )
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            weight: Array = _check_sample_weight(sample_weight, X, dtype=dtype)
    except ValueError as error:
        if "non-zero" not in str(error):  # scikit-learn says this from 1.9 on
            raise
        weight = np.zeros(np.shape(X)[0])
    negative = weight < 0
    if negative.any() and not may_be_negative:
        raise DataError(
            f"{name!r} must be at least 0; it is negative in {row_list(negative)}. Give rows that are not to be "
            "learned from the weight 0."
        )
    refuse_weightless(name, weight)
    return weight


def _check_form(sample_weight: Any, X: Any, name: str) -> None:
    """Raise DataError unless these are numbers, one for each row, or one for all of them."""
    if isinstance(sample_weight, str):
        raise DataError(
            f"{name!r} must be one number for each row; got the text {sample_weight!r}. Pass the column: "
            f"{name}=table[{sample_weight!r}]."
        )
    if isinstance(sample_weight, Number):
        return
    cells = np.asarray(sample_weight)
    if cells.ndim > 1:
        raise DataError(f"{name!r} must be one number for each row; got an array of shape {cells.shape}.")
    refuse_other_length(sample_weight, X, repr(name), "number")
    if cells.dtype.kind in "OSUT":
        texts = pd.Series(cells.tolist(), dtype=object)
        wrong = pd.to_numeric(texts, errors="coerce").isna().to_numpy()
        if wrong.any():
            raise DataError(f"{name!r} must be numbers; it is not in {row_list(wrong)}: {texts[wrong].iloc[0]!r}.")


def within_single(weight: Array) -> Array:
    """Return weights of which single precision holds sums and products: very large or small ones times a power of 2.

    Such a factor changes no bit of their ratios.

    Examples
    --------
    >>> import numpy as np
    >>> within_single(np.array([1.0, 3.0])), within_single(np.array([0.5e300, 1e300])).round(3)
    (array([1., 3.]), array([0.373, 0.747]))
    """
    exponent = int(np.frexp(weight.max())[1])
    return weight if abs(exponent) <= LARGEST_EXPONENT else np.ldexp(weight, -exponent)


def refuse_weightless(name: str, weight: Array) -> None:
    """Raise DataError if weights have no positive sum, or one beyond all numbers."""
    missing = np.isnan(weight)
    if missing.any():
        raise DataError(f"{name!r} must be numbers; it is not in {row_list(missing)}.")
    with np.errstate(over="ignore", invalid="ignore"):
        total = weight.sum()
    if not np.isfinite(total):
        raise DataError(
            f"{name!r} must have a sum of at most {np.finfo(weight.dtype).max:.3g}; it has a larger one. Divide all "
            "weights by the largest."
        )
    if total > 0:
        return
    negative = int((weight < 0).sum())
    found = f"it is {total:g}, as {negative} of {len(weight)} are negative"
    if not negative:
        found = f"the weights of all {len(weight)} rows are zero"
    raise DataError(
        f"{name!r} must have a sum greater than 0; {found}. "
        "Give rows that are to be learned from a weight greater than 0, or leave it out."
    )
