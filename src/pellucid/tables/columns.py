"""One column of a table, read as its schema says; a cell that breaks the schema is named."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from pellucid.errors import DataError, DataWarning
from pellucid.tables.cells import (
    EXCESSIVE,
    LARGEST_NUMBER,
    BoolArray,
    Coded,
    FloatArray,
    coded,
    read_booleans,
    shown_cell,
    text_of_cell,
)
from pellucid.tables.clocks import read_measured, rule_of
from pellucid.tables.date_forms import example_of
from pellucid.tables.dates import read_dates
from pellucid.tables.decimals import are_opposed, in_plain, marks_of
from pellucid.tables.frames import counted
from pellucid.tables.schema import ColumnSchema, date_parts

__all__ = ["coded_numbers", "measure_names", "read_coded", "read_measures", "warn_of_excessive"]

_NO_YES = np.array(["no", "yes"], dtype=object)


def measure_names(column: ColumnSchema) -> list[str]:
    """Name what a number or a date is measured by: itself, and the parts of a date.

    Examples
    --------
    >>> measure_names(ColumnSchema("sold", "date", parts=("month",)))
    ['sold', 'sold month']
    """
    return [column.label, *(f"{column.label} {part}" for part in column.parts)]


def read_measures(column: ColumnSchema, series: "pd.Series[Any]", first_row: int = 0) -> list[FloatArray]:
    """Return a number, or the days and parts of a date: one array for each of `measure_names`, NaN where missing.

    Raises
    ------
    DataError
        If a cell is no number of the column's unit, or no date of its format; rows count from first_row + 1.
    """
    if column.kind == "number":
        values, wrong = read_measured(_in_plain(column, series), column.unit)
        _refuse(column, series, wrong, rule_of(column.unit), first_row)
        warn_of_excessive(column, values, first_row)
        return [np.where(np.abs(values) <= LARGEST_NUMBER, values, np.nan)]
    days, wrong = read_dates(series, column.date_format, column.zone)
    rule = f"dates written like {example_of(column.date_format)}, as those learned from"
    _refuse(column, series, wrong, rule, first_row)
    parts = date_parts(days)
    return [days, *(parts[part] for part in column.parts)]


def warn_of_excessive(column: ColumnSchema, values: FloatArray, first_row: int = 0) -> None:
    """Say aloud that cells are infinite or too large, where no cell was by which the column was described."""
    excessive = np.abs(values) > LARGEST_NUMBER
    if not excessive.any() or EXCESSIVE in column.note:
        return
    row, others = int(np.argmax(excessive)), int(excessive.sum()) - 1
    more = f", and {counted(others, 'more row')} the like" if others else ""
    warnings.warn(
        f"Column {column.label!r}: row {first_row + row + 1} has {values[row]:g}{more}: {EXCESSIVE}, which counts as a "
        "missing cell. Correct it, or leave the cell empty.",
        DataWarning,
        stacklevel=3,
    )


def _in_plain(column: ColumnSchema, series: "pd.Series[Any]") -> "pd.Series[Any] | Coded":
    """Return the cells with commas and dots read as those that were learned from."""
    here = marks_of(series)
    if are_opposed(column.marks, here):
        raise DataError(
            f"Column {column.label!r} was learned with {column.marks}; in this table they are taken for {here}. "
            "Write its numbers without marks between thousands, and with decimal points: 1234.5."
        )
    is_text = not here and column.marks and not pd.api.types.is_numeric_dtype(series.dtype)
    return in_plain(coded(series), column.marks) if is_text else series


def read_coded(column: ColumnSchema, series: "pd.Series[Any]", first_row: int = 0) -> Coded:
    """Return the cells of a category, of yes or no, or of a number with levels, as numbers of their texts.

    Raises
    ------
    DataError
        If a cell should say yes or no, or a number, and says something else.
    """
    if column.kind == "category":
        return coded(series)
    if column.kind == "number":
        return coded_numbers(read_measures(column, series, first_row)[0])
    values, wrong = read_booleans(series)
    _refuse(column, series, wrong, "yes or no", first_row)
    return Coded(np.where(np.isnan(values), -1, values).astype(np.int64), _NO_YES)


def coded_numbers(numbers: FloatArray) -> Coded:
    """Return numbers, NaN where missing, as numbers of their texts.

    Examples
    --------
    >>> codes, texts = coded_numbers(np.array([10.0, np.nan, 2.5, 10.0]))
    >>> codes.tolist(), texts.tolist()
    ([0, -1, 1, 0], ['10', '2.5'])
    """
    codes, values = pd.factorize(numbers)
    return Coded(codes.astype(np.int64), np.array([text_of_cell(value) for value in values.tolist()], dtype=object))


def _refuse(column: ColumnSchema, series: "pd.Series[Any]", wrong: BoolArray, rule: str, first_row: int) -> None:
    if wrong.any():
        row, others = int(np.argmax(wrong)), int(wrong.sum()) - 1
        more = f", and {counted(others, 'more row')}" if others else ""
        cell = shown_cell(series.iloc[row])
        raise DataError(
            f"Column {column.label!r} must hold {rule}; row {first_row + row + 1} has {cell}{more}. "
            "Correct it, or leave the cell empty."
        )
