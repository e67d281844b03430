"""What the columns of a table mean: numbers, yes or no, categories, dates, or nothing to learn from.

`infer_schema` looks at every cell; what it finds is a frozen description that goes into the model file, so that a new
table is read exactly like the one learned from.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from pellucid.errors import DataError, SpecError, did_you_mean
from pellucid.spec.checks import check_choice, check_integer, check_number
from pellucid.tables.cells import (
    DATE_FORMATS,
    ISO_DATE,
    LARGEST_NUMBER,
    FloatArray,
    cell_texts,
    date_format_of,
    read_booleans,
    read_dates,
    read_numbers,
)
from pellucid.tables.decimals import has_decimal_commas, numbers_with_commas
from pellucid.tables.frames import check_columns, counted, to_pandas

__all__ = ["DATE_PARTS", "MOST_LEVELS", "ColumnSchema", "Schema", "date_parts", "infer_schema", "require_columns"]

MOST_LEVELS = 1000
DATE_PARTS = ("month", "weekday", "hour")
_KINDS = ("number", "boolean", "category", "date", "ignored")
_COMMAS = "numbers with commas inside: read as text; write 1,234 as 1234, and 1,5 as 1.5"
_IDENTIFIER = re.compile(r"(?i:unnamed:? ?\d+|index|row|(.*[\s_.-])?(id|uuid|guid))|.*[a-z](Id|ID)")


@dataclass(frozen=True)
class ColumnSchema:
    """What one column means.

    Parameters
    ----------
    label : str
        The column's name.
    kind : {'number', 'boolean', 'category', 'date', 'ignored'}
    missing : int
        Cells without a value.
    distinct : int
        Different values among the others.
    levels : tuple of str
        A category's different texts, sorted.
    low, high : float or None
        Range of a number, or of a date in days since 1970-01-01.
    date_format : str
        How a date written as text is read.
    parts : tuple of str
        What of a date besides the day varies: 'month', 'weekday', 'hour'.
    note : str
        Why the column is ignored, or what else is worth knowing.

    Examples
    --------
    >>> ColumnSchema("age", "number", low=17.0, high=90.0).meaning()
    'number from 17 to 90'
    """

    label: str
    kind: str
    missing: int = 0
    distinct: int = 0
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    date_format: str = ISO_DATE
    parts: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        check_choice(self, "kind", _KINDS)
        check_choice(self, "date_format", DATE_FORMATS)
        check_integer(self, "missing", low=0)
        check_integer(self, "distinct", low=0)
        for bound in ("low", "high"):
            if getattr(self, bound) is not None:
                check_number(self, bound, low=-LARGEST_NUMBER, high=LARGEST_NUMBER)
        if list(self.levels) != sorted(set(self.levels)):
            raise SpecError(f"'levels' of column {self.label!r} must be sorted and different from each other.")
        if list(self.parts) != [part for part in DATE_PARTS if part in self.parts]:
            raise SpecError(f"'parts' of column {self.label!r} must be among {DATE_PARTS}; got {self.parts!r}.")

    def meaning(self) -> str:
        """Say in a few words what the column holds."""
        words = {
            "number": f"number{self._range()}",
            "boolean": "yes or no",
            "category": f"category, {counted(len(self.levels), 'level')}: {_shortened(self.levels)}",
            "date": f"date{self._range()}" + (f"; also {', '.join(self.parts)}" if self.parts else ""),
            "ignored": "ignored",
        }[self.kind]
        return f"{words}; {self.note}" if self.note else words

    def _range(self) -> str:
        if self.low is None or self.high is None:
            return ""
        if self.kind == "number":
            return f" from {self.low:g} to {self.high:g}"
        days = np.array([self.low, self.high]).astype("datetime64[D]")
        return f" from {days[0]} to {days[1]}"


def _shortened(texts: Iterable[str], width: int = 60) -> str:
    joined = ", ".join(texts)
    return joined if len(joined) <= width else joined[: width - 1] + "…"


@dataclass(frozen=True)
class Schema:
    """What the columns of a table mean; the target is not among them.

    Parameters
    ----------
    columns : tuple of ColumnSchema
    rows : int
        Rows looked at.
    target : str or None
        Name of the column to be predicted.
    """

    columns: tuple[ColumnSchema, ...]
    rows: int
    target: str | None = None

    def __post_init__(self) -> None:
        check_integer(self, "rows", low=1)
        check_columns([column.label for column in self.columns])

    @property
    def used(self) -> tuple[ColumnSchema, ...]:
        """The columns that are learned from."""
        return tuple(column for column in self.columns if column.kind != "ignored")

    def describe(self) -> list[tuple[str, str, str]]:
        """Return a row for each column: its name, its share of missing cells and what it means.

        Examples
        --------
        >>> import pandas as pd
        >>> infer_schema(pd.DataFrame({"smokes": ["yes", "no", None, "no"]})).describe()
        [('smokes', '25.0%', 'yes or no')]
        """
        return [(each.label, _share(each.missing, self.rows), each.meaning()) for each in self.columns]


def _share(count: int, rows: int) -> str:
    return f"{100 * count / rows:.1f}%" if count else ""


def infer_schema(table: Any, target: str | None = None) -> Schema:
    """Find out what the columns of a table mean.

    Parameters
    ----------
    table : pandas, polars or Arrow table, or NumPy array (rows, columns)
    target : str, optional
        Name of the column to be predicted; it is left out.

    Raises
    ------
    DataError
        If the table has no rows, two columns share a name, or there is no such target.

    Examples
    --------
    >>> import pandas as pd
    >>> schema = infer_schema(pd.DataFrame({"size": ["3.5", "?", "12"], "sold": ["2020-01-31"] * 3}))
    >>> [(column.label, column.kind) for column in schema.columns]
    [('size', 'number'), ('sold', 'ignored')]
    """
    frame = to_pandas(table)
    if target is not None:
        require_columns(frame, [target])
    if frame.empty:
        raise DataError(f"A table must have at least one row and one column; got {frame.shape}.")
    columns = [_infer_column(label, frame[label]) for label in frame.columns if label != target]
    return Schema(tuple(columns), len(frame), target)


def require_columns(frame: pd.DataFrame, labels: Iterable[str]) -> None:
    """Raise DataError naming the columns that are not there, with near names."""
    known = [str(name) for name in frame.columns]
    absent = [label for label in labels if label not in set(known)]
    if absent:
        hints = did_you_mean(absent[0], known[:50])
        what = "column" if len(absent) == 1 else "columns"
        raise DataError(f"The table must have the {what} {', '.join(map(repr, absent))}; it does not.{hints}")


def _infer_column(label: str, series: "pd.Series[Any]") -> ColumnSchema:
    typed = _infer_typed(label, series)
    column = typed if typed is not None else _infer_text(label, series)
    ignored = _why_ignored(column, len(series))
    return column if ignored is None else ColumnSchema(label, "ignored", column.missing, column.distinct, note=ignored)


def _infer_typed(label: str, series: "pd.Series[Any]") -> ColumnSchema | None:
    """Trust a type that says it all; None where the cells must be looked at."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _category(label, series)
    if types.is_bool_dtype(dtype):
        return _boolean(label, series)
    if types.is_datetime64_any_dtype(dtype):
        return _date(label, series, ISO_DATE)
    if types.is_timedelta64_dtype(dtype):
        return _number(label, read_numbers(series)[0], "a duration, in days")
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        return _number(label, read_numbers(series)[0])
    return None


def _infer_text(label: str, series: "pd.Series[Any]") -> ColumnSchema:
    values, wrong = read_numbers(series)
    if not wrong.any() and not np.isnan(values).all():
        return _number(label, values, "written with decimal commas" if has_decimal_commas(series) else "")
    truths, wrong = read_booleans(series)
    if not wrong.any() and {0.0, 1.0} <= set(truths):
        return _boolean(label, series)
    date_format = date_format_of(series)
    if date_format is not None:
        return _date(label, series, date_format)
    return _category(label, series)


def _number(label: str, values: FloatArray, note: str = "") -> ColumnSchema:
    usable = values[np.abs(values) <= LARGEST_NUMBER]
    excessive = int((np.abs(values) > LARGEST_NUMBER).sum())
    if excessive:
        note = "; ".join(filter(None, (note, f"{excessive} infinite or beyond {LARGEST_NUMBER:g}, read as missing")))
    low, high = (float(usable.min()), float(usable.max())) if len(usable) else (None, None)
    missing, distinct = len(values) - len(usable), len(np.unique(usable))
    if distinct == len(values) and _IDENTIFIER.fullmatch(label) and not (usable % 1).any():
        return ColumnSchema(label, "ignored", missing, distinct, note="by its name and values an identifier")
    return ColumnSchema(label, "number", missing, distinct, low=low, high=high, note=note)


def _boolean(label: str, series: "pd.Series[Any]") -> ColumnSchema:
    values, _ = read_booleans(series)
    missing = int(np.isnan(values).sum())
    return ColumnSchema(label, "boolean", missing, len(np.unique(values[~np.isnan(values)])))


def _date(label: str, series: "pd.Series[Any]", date_format: str) -> ColumnSchema:
    days, _ = read_dates(series, date_format)
    usable = days[~np.isnan(days)]
    if not len(usable):
        return ColumnSchema(label, "date", len(days))
    varying = [part for part, values in date_parts(usable).items() if len(np.unique(values)) > 1]
    return ColumnSchema(
        label,
        "date",
        len(days) - len(usable),
        len(np.unique(usable)),
        low=float(usable.min()),
        high=float(usable.max()),
        date_format=date_format,
        parts=tuple(varying),
        note="" if date_format == ISO_DATE else f"read as {date_format}",
    )


def date_parts(days: FloatArray) -> dict[str, FloatArray]:
    """Return month (1..12), weekday (0 Monday .. 6 Sunday) and hour (0..23) of days since 1970-01-01; NaN stays.

    Examples
    --------
    >>> {name: values.tolist() for name, values in date_parts(np.array([31.5])).items()}
    {'month': [2.0], 'weekday': [6.0], 'hour': [12.0]}
    """
    missing = np.isnan(days)
    whole = np.floor(np.where(missing, 0.0, days))
    months = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    parts = {
        "month": months % 12 + 1.0,
        "weekday": (whole + 3) % 7,  # 1970-01-01 was a Thursday
        "hour": np.floor((np.where(missing, 0.0, days) - whole) * 24 + 1e-6).clip(max=23),  # 1/24 is not exact
    }
    return {name: np.where(missing, np.nan, values) for name, values in parts.items()}


def _category(label: str, series: "pd.Series[Any]") -> ColumnSchema:
    texts = cell_texts(series)
    levels = tuple(sorted({text for text in texts if text is not None}))
    missing = int(sum(text is None for text in texts))
    note = _COMMAS if numbers_with_commas(levels) else ""
    return ColumnSchema(label, "category", missing, len(levels), levels, note=note)


def _why_ignored(column: ColumnSchema, rows: int) -> str | None:
    if column.kind == "ignored":
        return column.note
    present = rows - column.missing
    if present == 0:
        return "no values"
    if column.distinct == 1 and column.missing == 0:
        return f"the same value in every row{': ' + _shortened(column.levels) if column.levels else ''}"
    if column.kind == "category" and column.distinct > max(20, present / 2):
        found = f"{counted(column.distinct, 'different text')} in {counted(present, 'row')}"
        return f"{column.note} ({found})" if column.note else f"free text or an identifier: {found}"
    if column.kind == "category" and column.distinct > MOST_LEVELS:
        return f"{column.distinct} different texts; at most {MOST_LEVELS} can be learned from"
    return None
