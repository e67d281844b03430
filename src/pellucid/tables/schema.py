"""What the columns of a table mean: numbers, yes or no, categories, dates, or nothing to learn from.

`pellucid.tables.inference` finds it; it is a frozen description that goes into the model file, so that a new table is
read exactly like the one learned from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from pellucid.errors import DataError, SpecError, did_you_mean
from pellucid.spec.checks import check_choice, check_integer, check_number, shown
from pellucid.tables.cells import LARGEST_NUMBER, FloatArray
from pellucid.tables.clocks import UNITS
from pellucid.tables.date_forms import DATE_FORMATS, ISO_DATE
from pellucid.tables.decimals import MARKS
from pellucid.tables.figures import in_full
from pellucid.tables.frames import check_columns, counted, in_list
from pellucid.tables.zones import is_zone

__all__ = [
    "DATE_PARTS",
    "MOST_LEVELS",
    "ColumnSchema",
    "Schema",
    "column_named",
    "date_parts",
    "require_columns",
    "shortened",
]

MOST_LEVELS = 100_000
DATE_PARTS = ("year", "month", "day", "weekday", "hour")
_KINDS = ("number", "boolean", "category", "date", "ignored")


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
        A category's different texts, sorted. A number's values, where each is learned from by itself, too.
    low, high : float or None
        Range of a number, or of a date in days since 1970-01-01.
    date_format : str
        How a date written as text is read.
    zone : str
        Where the clocks are whose time a date is, by the IANA's name; '': they show what is written, or UTC.
    parts : tuple of str
        What of a date besides the day varies: one of DATE_PARTS.
    marks : {'', 'decimal commas', 'thousands commas', 'thousands dots', 'decimal points'}
        What the commas and dots in a number written as text are; '': there were none, or points as usual.
    unit : {'', 'hours', 'days'}
        What a number counts that was a time of day, hours since midnight, or a duration, days; '': it was a number.
    note : str
        Why the column is ignored, or what else is worth knowing.
    missing_values : tuple of str
        What cells say that mean that a value is missing; declared by a person (`pellucid.tables.missing`).

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
    zone: str = ""
    parts: tuple[str, ...] = ()
    marks: str = ""
    unit: str = ""
    note: str = ""
    missing_values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice(self, "kind", _KINDS)
        check_choice(self, "date_format", DATE_FORMATS)
        check_choice(self, "marks", MARKS)
        check_choice(self, "unit", UNITS)
        if self.zone and not is_zone(self.zone):
            raise SpecError(f"'zone' of column {self.label!r} must be a time zone known here; got {shown(self.zone)}.")
        check_integer(self, "missing", low=0)
        check_integer(self, "distinct", low=0)
        for bound in ("low", "high"):
            if getattr(self, bound) is not None:
                check_number(self, bound, low=-LARGEST_NUMBER, high=LARGEST_NUMBER)
        if list(self.levels) != sorted(set(self.levels)):
            raise SpecError(f"'levels' of column {self.label!r} must be sorted and different from each other.")
        if list(self.parts) != [part for part in DATE_PARTS if part in self.parts]:
            raise SpecError(f"'parts' of column {self.label!r} must be among {DATE_PARTS}; got {self.parts!r}.")
        if len(set(self.missing_values)) < len(self.missing_values) or "" in self.missing_values:
            raise SpecError(f"'missing_values' of column {self.label!r} must be texts, different from each other.")

    def meaning(self) -> str:
        """Say in a few words what the column holds."""
        words = {
            "number": f"number{self._range()}"
            + (f"; each of its {len(self.levels)} values, too" if self.levels else ""),
            "boolean": "yes or no",
            "category": f"category, {counted(len(self.levels), 'level')}: {shortened(map(in_list, self.levels))}",
            "date": f"date{self._range()}" + (f"; also {', '.join(self.parts)}" if self.parts else ""),
            "ignored": "ignored",
        }[self.kind]
        return f"{words}; {self.note}" if self.note else words

    def _range(self) -> str:
        if self.low is None or self.high is None:
            return ""
        if self.kind == "number":
            return f" from {in_full(self.low, 10)} to {in_full(self.high, 10)}"
        days = np.array([self.low, self.high]).astype("datetime64[D]")
        return f" from {days[0]} to {days[1]}"


def shortened(texts: Iterable[str], width: int = 60) -> str:
    """Return the first of the texts, with commas between them.

    Examples
    --------
    >>> shortened(["red", "green", "blue"], width=10)
    'red, gree…'
    """
    joined = ", ".join(islice(texts, width))
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

    def __str__(self) -> str:
        """Return a line for each column: its name, its share of missing cells and what it means."""
        lines = [("column", "missing", "meaning"), *self.describe()]
        name, missing = (max(len(line[i]) for line in lines) for i in (0, 1))
        return "\n".join(f"{label:{name}}  {share:>{missing}}  {meaning}" for label, share, meaning in lines)

    @property
    def missing_values(self) -> dict[str, tuple[str, ...]]:
        """What means missing in the columns that are learned from, where something was declared."""
        return {column.label: column.missing_values for column in self.used if column.missing_values}

    @property
    def used(self) -> tuple[ColumnSchema, ...]:
        """The columns that are learned from."""
        return tuple(column for column in self.columns if column.kind != "ignored")

    def describe(self) -> list[tuple[str, str, str]]:
        """Return a row for each column: its name, its share of missing cells and what it means.

        Examples
        --------
        >>> Schema((ColumnSchema("smokes", "boolean", missing=1, distinct=2),), rows=4).describe()
        [('smokes', '25.0%', 'yes or no')]
        """
        return [(each.label, _share(each.missing, self.rows), each.meaning()) for each in self.columns]


def _share(count: int, rows: int) -> str:
    return f"{100 * count / rows:.1f}%" if count else ""


def column_named(frame: pd.DataFrame, name: str) -> str:
    """Return the column that a name means, written with blanks around it or without: files lose those of their header.

    Examples
    --------
    >>> column_named(pd.DataFrame({"y": [1]}), "y ")
    'y'
    """
    return name.strip() if name not in frame.columns and name.strip() in frame.columns else name


def require_columns(frame: pd.DataFrame, labels: Iterable[str]) -> None:
    """Raise DataError naming the columns that are not there, with near names."""
    known = dict.fromkeys(map(str, frame.columns))
    absent = [label for label in labels if label not in known]
    if absent:
        hints = did_you_mean(str(absent[0]), list(known)[:50])
        what = "column" if len(absent) == 1 else "columns"
        more = f" and {len(absent) - 10} more" if len(absent) > 10 else ""
        raise DataError(
            f"The table must have the {what} {', '.join(map(repr, absent[:10]))}{more}; it does not.{hints}"
        )


def date_parts(days: FloatArray) -> dict[str, FloatArray]:
    """Return what the calendar and the clock say of days since 1970-01-01; NaN stays.

    Year, month (1..12), day of the month (1..31), weekday (0 Monday .. 6 Sunday) and hour (0..23).

    Examples
    --------
    >>> {name: values.tolist() for name, values in date_parts(np.array([31.5])).items()}
    {'year': [1970.0], 'month': [2.0], 'day': [1.0], 'weekday': [6.0], 'hour': [12.0]}
    """
    missing = np.isnan(days)
    whole = np.floor(np.where(missing, 0.0, days))
    dates = whole.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    parts = {
        "year": np.floor(months.astype(np.int64) / 12) + 1970,
        "month": months.astype(np.int64) % 12 + 1.0,
        "day": (dates - months.astype("datetime64[D]")).astype(np.int64) + 1.0,
        "weekday": (whole + 3) % 7,  # 1970-01-01 was a Thursday
        "hour": np.floor((np.where(missing, 0.0, days) - whole) * 24 + 1e-6).clip(max=23),  # 1/24 is not exact
    }
    return {name: np.where(missing, np.nan, values) for name, values in parts.items()}
