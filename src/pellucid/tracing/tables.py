"""Rows of a raw table as a network sees them: the one within a table's model, or one that knows no tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError, did_you_mean
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.table_model import TableModel
from pellucid.tables import to_pandas
from pellucid.tables.cells import cell_texts, read_numbers
from pellucid.tables.schema import require_columns

__all__ = ["TableRows", "rows_of_network", "rows_of_table"]


@dataclass(frozen=True)
class TableRows:
    """Encoded rows, what their numbers stand for, and what a reader must know."""

    inputs: NDArray[Any]
    targets: NDArray[Any] | None
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    notes: tuple[str, ...]


def rows_of_table(model: TableModel, table: Any, y: Any = None) -> TableRows:
    """Encode the rows of a table.

    Parameters
    ----------
    model : TableModel
        Fitted.
    table : pandas, polars or Arrow table
    y : sequence or None
        The target; None: the table's own column, if it has it.

    Raises
    ------
    DataError
        If a column is missing, or a cell cannot be read as what the column held.
    """
    check_is_fitted(model)
    frame, target = to_pandas(table), model.target_
    if y is not None:
        column: Any = pd.Series(np.asarray(y), name=target.label)
    else:
        column = frame[target.label] if target.label in frame.columns else None
    notes = ["Inputs are as the model encodes the table: numbers standardised, categories as 0 and 1."]
    names: tuple[str, ...] = (target.label,)
    if target.task == "regression":
        notes.append(f"The target is standardised: y = ({target.label} − {target.mean:.6g}) / {target.scale:.6g}.")
    else:
        labels = [f"class {label}" for label in target.labels]
        names = tuple(labels[1:] if len(labels) == 2 else labels)
    return TableRows(
        inputs=model.encoder_.transform(frame),
        targets=None if column is None else target.encode(column),
        input_names=model.encoder_.feature_names_out,
        output_names=names,
        notes=tuple(notes),
    )


def rows_of_network(model: BaseMLP, frame: pd.DataFrame, target: str | None) -> tuple[Any, Any]:
    """Read the rows of a table as numbers, for a network that was not trained on a table.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
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
    classes = getattr(model, "classes_", None)
    return X, _numbers(frame[target]) if classes is None else _classes(frame[target], classes)


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
