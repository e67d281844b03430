"""Times of day and durations, as numbers: hours since midnight, and days.

They come as objects, in types of their own and as text: 13:45, 1:45:00 PM; 2 days 13:45:00, and beyond a day 37:45.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from pellucid.spec.checks import shown
from pellucid.tables.cells import ALSO_MISSING, BoolArray, Coded, FloatArray, coded, read_each, read_numbers
from pellucid.tables.thousands import BLANK

__all__ = ["UNITS", "are_durations", "note_of_lost_times", "read_measured", "rule_of", "unit_of", "what_counts"]

_CLOCK = r"(?P<hours>\d{1,9}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d(?:\.\d{1,9})?))?"
_TIME = re.compile(_CLOCK, re.ASCII)
_OF_TWELVE = re.compile(rf"(?:{_CLOCK}|(?P<hour>\d{{1,2}})){BLANK}(?P<half>[AaPp])\.?[Mm]\.?", re.ASCII)
_DURATION = re.compile(
    rf"(?:(?P<days>[+-]?\d{{1,9}}) days?(?:,? (?=[+\-\d])|$))?(?:(?P<sign>[+-]?){_CLOCK})?", re.ASCII
)
_DAY = timedelta(days=1)
_MOSTLY = 0.9  # share of the cells that are times or durations from which the others are named
_LOOKED_AT = 5


class _Unit(NamedTuple):
    what: str
    rule: str


_OF_UNIT = {
    "": _Unit("", "numbers"),
    "hours": _Unit("times of day", "times of day such as 13:45"),
    "days": _Unit("durations", "durations such as 2 days 13:45:00"),
}
UNITS = tuple(_OF_UNIT)
"""What a column of numbers counts: hours of the day, days of a duration, or itself."""


def what_counts(unit: str) -> str:
    """Name what is counted in a unit.

    Examples
    --------
    >>> what_counts("hours"), what_counts("days")
    ('times of day', 'durations')
    """
    return _OF_UNIT[unit].what


def rule_of(unit: str) -> str:
    """Say what the cells of a column of a unit must be.

    Examples
    --------
    >>> rule_of("hours"), rule_of("")
    ('times of day such as 13:45', 'numbers')
    """
    return _OF_UNIT[unit].rule


def are_durations(series: "pd.Series[Any]") -> bool:
    """Tell whether the cells are durations by their type, or each by its own.

    Examples
    --------
    >>> hours = pd.Series(pd.to_timedelta(["36h", None]))
    >>> are_durations(hours), are_durations(hours.astype(object)), are_durations(pd.Series(["36:00"]))
    (True, True, False)
    """
    if types.is_object_dtype(series.dtype):
        return types.infer_dtype(series, skipna=True) == "timedelta"
    return types.is_timedelta64_dtype(series.dtype)


def unit_of(cells: Coded) -> str:
    """Return the unit in which texts can be counted: hours where all are times of day, days where all are durations.

    Examples
    --------
    >>> [unit_of(coded(pd.Series(texts))) for texts in (["9:30", "5 pm"], ["9:30", "37:45"], ["9:30", "late"])]
    ['hours', 'days', '']
    """
    present = [text for text in cells.texts if text not in ALSO_MISSING]
    return next((unit for unit in ("hours", "days") if present and all(_reads(unit, text) for text in present)), "")


def note_of_lost_times(texts: Iterable[str]) -> str:
    """Say why texts are no times of day or durations though nearly all are; empty if they are no such texts.

    Examples
    --------
    >>> note_of_lost_times([*(f"{hour}:30" for hour in range(20)), "noon"])
    "mostly times of day, read as text because of 'noon'"
    """
    present = [text for text in texts if text not in ALSO_MISSING]
    for unit in ("hours", "days"):
        is_likely = any(_reads(unit, text) for text in present[:_LOOKED_AT])
        odd = [text for text in present if not _reads(unit, text)] if is_likely else []
        if 0 < len(odd) <= (1 - _MOSTLY) * len(present):
            return f"mostly {what_counts(unit)}, read as text because of {shown(odd[0])}"
    return ""


def _reads(unit: str, text: str) -> bool:
    return (_hours_of(text) if unit == "hours" else _days_of(text)) is not None


def read_measured(series: "pd.Series[Any] | Coded", unit: str) -> tuple[FloatArray, BoolArray]:
    """Return the cells in a unit, and a mask of those that cannot be counted in it.

    A plain number cannot: it does not say whether it counts days, hours or seconds, and 14.30 may be half past two.

    Examples
    --------
    >>> read_measured(pd.Series(["9:30", "1:45:00 PM", "25:00"]), "hours")[0].tolist()
    [9.5, 13.75, nan]
    >>> read_measured(pd.Series(["36:00", "-1 days +12:00:00", "2 days"]), "days")[0].tolist()
    [1.5, -0.5, 2.0]
    """
    if not unit:
        return read_numbers(series)
    if not isinstance(series, Coded) and are_durations(series):
        days = _days(series)
        if unit == "days":
            return days, np.zeros(len(days), dtype=bool)
        hours = days * 24  # some databases keep times of day as durations
        wrong = ~np.isnan(hours) & ~((hours >= 0) & (hours < 24))
        return np.where(wrong, np.nan, hours), wrong
    cells = series if isinstance(series, Coded) else coded(series)
    return read_each(cells, _hours_of if unit == "hours" else _days_of)


def _days(series: "pd.Series[Any]") -> FloatArray:
    if types.is_timedelta64_dtype(series.dtype):
        return read_numbers(series)[0]
    cells = [None if is_missing else cell for cell, is_missing in zip(series, series.isna(), strict=True)]
    return np.asarray(pd.to_timedelta(pd.Series(cells, dtype=object)) / _DAY, dtype=np.float64)


def _hours_of(text: str) -> float | None:
    parts = _TIME.fullmatch(text)
    if parts is not None:
        hours = _hours(parts)
        return hours if hours < 24 else None
    parts = _OF_TWELVE.fullmatch(text)
    if parts is None:
        return None
    hours = float(parts["hour"]) if parts["hour"] else _hours(parts)
    return hours % 12 + 12 * (parts["half"] in "Pp") if 1 <= hours < 13 else None


def _days_of(text: str) -> float | None:
    parts = _DURATION.fullmatch(text)
    if parts is None or not text:
        return None
    hours = _hours(parts) if parts["hours"] else 0.0
    return float(parts["days"] or 0) + (-hours if parts["sign"] == "-" else hours) / 24


def _hours(parts: re.Match[str]) -> float:
    return float(parts["hours"]) + float(parts["minutes"]) / 60 + float(parts["seconds"] or 0) / 3600
