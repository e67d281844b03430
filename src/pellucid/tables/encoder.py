"""Columns to numbers: what a network's inputs are made of.

Numbers and dates: missing cells take the column's median and are marked in an input of their own; each is standardised,
(x - mean) / scale. Categories: one input for each frequent level, one for all others together where there were rare
ones, one for "missing" where cells were. Yes or no: one input, 1 for yes.

scikit-learn's transformers do the work. What they learn is kept as plain arrays, from which they are built anew.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.errors import DataError, ModelFileError, PellucidError
from pellucid.spec import from_json, to_json
from pellucid.tables import levels, numbers
from pellucid.tables.cells import (
    LARGEST_NUMBER,
    BoolArray,
    FloatArray,
    TextArray,
    cell_texts,
    read_booleans,
    read_dates,
    read_numbers,
)
from pellucid.tables.frames import counted, to_pandas
from pellucid.tables.schema import ColumnSchema, Schema, date_parts, require_columns
from pellucid.tables.state import Arrays, only_these

__all__ = ["TableEncoder"]


class TableEncoder:
    """Turns tables into the numbers that a network takes in.

    Parameters
    ----------
    schema : Schema
        What the columns mean; from `infer_schema`.

    Examples
    --------
    >>> import pandas as pd
    >>> from pellucid.tables import TableEncoder, infer_schema
    >>> frame = pd.DataFrame({"size": [1.0, 3.0, None, 2.0], "colour": ["red", "blue", "red", "blue"]})
    >>> encoder = TableEncoder(infer_schema(frame)).fit(frame)
    >>> encoder.feature_names_out
    ('size', 'size is missing', 'colour=blue', 'colour=red')
    >>> encoder.transform(frame).shape
    (4, 4)
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._measured = tuple(column for column in schema.used if column.kind in ("number", "date"))
        self._sorted = tuple(column for column in schema.used if column.kind in ("boolean", "category"))
        self._numbers = numbers.NumberEncoder()
        self._levels = levels.LevelEncoder(_known_levels(self._sorted))

    def fit(self, table: Any) -> "TableEncoder":
        """Learn medians, means, scales and frequent levels.

        Raises
        ------
        DataError
            If a column is missing or breaks the schema, or none can be learned from.
        """
        if not self.schema.used:
            reasons = "; ".join(f"{column.label!r}: {column.note}" for column in self.schema.columns)
            raise DataError(f"The table must have a column to learn from; it has none ({reasons or 'none at all'}).")
        frame = self._checked(table)
        self._numbers.fit(self._measure(frame), _markable(self._measured))
        self._levels.fit(self._texts(frame))
        return self

    def transform(self, table: Any) -> FloatArray:
        """Return the inputs of each row.

        Columns may come in any order, and others beside them.

        Returns
        -------
        X : array (rows, inputs) of float64, C-contiguous

        Raises
        ------
        DataError
            If a column is missing, or a cell breaks the schema: the message names column, row and value.
        """
        frame = self._checked(table)
        parts = []
        if self._measured:
            parts.append(self._numbers.transform(self._measure(frame)))
        if self._sorted:
            parts.append(self._levels.transform(self._texts(frame)))
        return np.ascontiguousarray(np.hstack(parts))

    @property
    def feature_names_out(self) -> tuple[str, ...]:
        """Name of each input, in order."""
        measured = [name for column in self._measured for name in _measure_names(column)]
        marked = [f"{measured[i]} is missing" for i in np.flatnonzero(self._numbers.marked)]
        return (*measured, *marked, *self._levels.names([column.label for column in self._sorted]))

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return all that was learned: a header that JSON can hold, and plain arrays."""
        return {"schema": to_json(self.schema)}, {**self._numbers.to_arrays(), **self._levels.to_arrays()}

    @classmethod
    def from_state(cls, header: Any, arrays: Arrays) -> "TableEncoder":
        """Build the encoder from what `to_state` gave; its results are the same to the last bit.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        if not isinstance(header, Mapping):
            raise ModelFileError("The header of the model's table must be an object with named fields.")
        only_these(header, {"schema"}, "fields of the table")
        only_these(arrays, numbers.ARRAYS | levels.ARRAYS, "arrays of the table")
        try:
            encoder = cls(from_json(Schema, header["schema"]))
        except PellucidError as error:
            raise ModelFileError(f"The model's table is damaged: {error}") from None
        if not encoder.schema.used:
            raise ModelFileError("The model's table must have a column that is learned from.")
        encoder._numbers = numbers.NumberEncoder.from_arrays(arrays, _markable(encoder._measured))
        encoder._levels = levels.LevelEncoder.from_arrays(_known_levels(encoder._sorted), arrays)
        return encoder

    def _checked(self, table: Any) -> pd.DataFrame:
        frame = to_pandas(table)
        require_columns(frame, [column.label for column in self.schema.used])
        if not len(frame):
            raise DataError("The table must have at least one row; it has none.")
        return frame

    def _measure(self, frame: pd.DataFrame) -> FloatArray:
        """Return numbers, and the days and parts of dates (rows, measures), NaN where a cell is missing."""
        measures = [values for column in self._measured for values in _read_measures(column, frame[column.label])]
        return np.column_stack(measures) if measures else np.empty((len(frame), 0))

    def _texts(self, frame: pd.DataFrame) -> list[TextArray]:
        return [_read_texts(column, frame[column.label]) for column in self._sorted]


def _known_levels(columns: tuple[ColumnSchema, ...]) -> list[tuple[str, ...]]:
    return [column.levels if column.kind == "category" else ("yes",) for column in columns]


def _markable(columns: tuple[ColumnSchema, ...]) -> BoolArray:
    """Tell which measures get a mark where they are missing: all but the parts of dates."""
    return np.array([i == 0 for column in columns for i in range(1 + len(column.parts))], dtype=bool)


def _measure_names(column: ColumnSchema) -> list[str]:
    return [column.label, *(f"{column.label} {part}" for part in column.parts)]


def _read_measures(column: ColumnSchema, series: "pd.Series[Any]") -> list[FloatArray]:
    if column.kind == "number":
        values, wrong = read_numbers(series)
        _refuse(column, series, wrong, "numbers")
        return [np.where(np.abs(values) <= LARGEST_NUMBER, values, np.nan)]
    days, wrong = read_dates(series, column.date_format)
    _refuse(column, series, wrong, f"dates like those learned from ({column.date_format})")
    parts = date_parts(days)
    return [days, *(parts[part] for part in column.parts)]


def _read_texts(column: ColumnSchema, series: "pd.Series[Any]") -> TextArray:
    if column.kind == "category":
        return cell_texts(series)
    values, wrong = read_booleans(series)
    _refuse(column, series, wrong, "yes or no")
    words: TextArray = np.where(values == 1.0, "yes", "no").astype(object)
    words[np.isnan(values)] = None
    return words


def _refuse(column: ColumnSchema, series: "pd.Series[Any]", wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        row, others = int(np.argmax(wrong)), int(wrong.sum()) - 1
        more = f", and {counted(others, 'more row')}" if others else ""
        raise DataError(
            f"Column {column.label!r} must hold {rule}; row {row + 1} has {_excerpt(series.iloc[row])}{more}. "
            "Correct it, or leave the cell empty."
        )


def _excerpt(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
