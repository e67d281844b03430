"""Rows of a raw table as numbers, for a network that knows no tables."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.errors import DataError, did_you_mean
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.tables.cells import cell_texts, read_numbers
from pellucid.tables.schema import require_columns

__all__ = ["rows_of_network"]


def rows_of_network(model: BaseMLP | BaseTabular, frame: pd.DataFrame, target: str | None) -> tuple[Any, Any]:
    """Read the rows of a table as numbers, for a network that was not trained on a table; else leave them as they are.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
        Fitted.
    frame : pandas.DataFrame
        Cells may be text.
    target : str or None
        Column with the target.

    Returns
    -------
    X : pandas.DataFrame or array
        The columns that the model knows by name; if it knows none, all but the target, in their order.
    y : array or None

    Raises
    ------
    DataError
        If a column is missing, a cell is no number, or the target is of no known class.
    """
    if isinstance(model, BaseTabular):
        y = None if target is None else _target(frame[target], getattr(model, "classes_", None))
        return frame[[name for name in frame.columns if name != target]], y
    names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    require_columns(frame, names)
    columns = names or [name for name in frame.columns if name != target]
    if len(columns) != model.n_features_in_:
        raise DataError(
            f"The table must have the model's {model.n_features_in_} inputs; it has {len(columns)} columns"
            f"{'' if target is None else ' beside the target'}. Remove the others, or name the target."
        )
    X: Any = pd.DataFrame({name: _numbers(frame[name]) for name in columns})
    if not names:  # a model that knows no names would wonder at them
        X = X.to_numpy()
    if target is None:
        return X, None
    return X, _target(frame[target], getattr(model, "classes_", None))


def _target(series: "pd.Series[Any]", classes: NDArray[Any] | None) -> NDArray[Any]:
    return _numbers(series) if classes is None else _classes(series, classes)


def _numbers(series: "pd.Series[Any]") -> NDArray[Any]:
    values, wrong = read_numbers(series)
    wrong |= ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"Column {series.name!r} must hold a finite number in each of these rows; one has {series.iloc[row]!r}. "
            "Correct it, or choose other rows."
        )
    return values


def _classes(series: "pd.Series[Any]", classes: NDArray[Any]) -> NDArray[Any]:
    """Find the class that each cell's text names."""
    known = dict(zip(cell_texts(pd.Series(classes, dtype=object)), range(len(classes)), strict=True))
    texts = cell_texts(series)
    unknown = [str(text) for text in texts if text not in known]
    if unknown:
        raise DataError(
            f"Column {series.name!r} must hold classes that the model knows; {unknown[0]!r} is none."
            f"{did_you_mean(unknown[0], [str(name) for name in known])}"
        )
    found: NDArray[Any] = classes[[known[text] for text in texts]]
    return found
