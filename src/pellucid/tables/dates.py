"""Dates in a column of text: which form they have, and what day each of the cells means.

They are read without a look at the clock or the machine's language. A year of two digits lies between 1969 and 2068.
"""

import re
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from pellucid.spec.checks import shown
from pellucid.tables.cells import ALSO_MISSING, BoolArray, Coded, FloatArray, TextArray, coded
from pellucid.tables.date_forms import DATE_FORMATS, ISO_DATE, PATTERNS, SHAPES, example_of, names_a_day

__all__ = ["date_format_of", "note_of_lost_dates", "read_dates"]

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASON = re.compile(r"(\d{4})[-/](\d{2})", re.ASCII)
_ZONED = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.ASCII)
_LONGEST = 40
_MICROSECONDS_A_DAY = 86_400e6


def date_format_of(series: "pd.Series[Any] | Coded") -> str | None:
    """Return the first of DATE_FORMATS that reads every cell that is not missing, or None.

    Where month and day could be exchanged throughout, the month comes first. Years with the next one, as in 2009-10,
    are not months.

    Examples
    --------
    >>> import pandas as pd
    >>> date_format_of(pd.Series(["31/12/2020", "01/02/2021"])), date_format_of(pd.Series(["Apr 03, 2021"]))
    ('%d/%m/%Y', '%b %d %Y')
    """
    cells = series if isinstance(series, Coded) else coded(series)
    present = [text for text in cells.texts if text not in ALSO_MISSING]
    possible = [form for form in DATE_FORMATS if present and SHAPES[form].fullmatch(present[0])]
    if not possible or all(map(_is_season, present)):
        return None
    different = Coded(np.arange(len(present)), np.array(present, dtype=object))
    return next((form for form in possible if _reads_all(different, form)), None)


def _reads_all(cells: Coded, form: str) -> bool:
    """Tell whether cells are dates of a form; 10.11.12 may be a program's version: days beyond 12 must show it."""
    days, wrong = read_dates(cells, form)
    return not wrong.any() and (form != "%d.%m.%y" or bool(_days_of_month(days).max() > 12))


def _days_of_month(days: FloatArray) -> FloatArray:
    whole = days.astype("datetime64[D]")
    return cast(FloatArray, (whole - whole.astype("datetime64[M]")).astype(np.float64) + 1)


_MOSTLY = 0.9  # share of the cells that are dates from which the others are named
_LOOKED_AT = 5


def note_of_lost_dates(texts: TextArray) -> str:
    """Say why texts are no dates though all, or nearly all, could be; empty if they could not.

    Examples
    --------
    >>> note_of_lost_dates(np.array(["2021-04-24", "4/25/2021"], dtype=object))
    'dates written in several ways, read as text; write them all as 2021-04-24'
    >>> note_of_lost_dates(np.array([*(f"2021-04-{day}" for day in range(10, 30)), "soon"], dtype=object))
    "mostly dates, read as text because of 'soon'"
    """
    present = [text for text in texts if text not in ALSO_MISSING]
    if not any(shape.fullmatch(text) for text in present[:_LOOKED_AT] for shape in SHAPES.values()):
        return ""
    left = np.array(present, dtype=object)
    for form in filter(names_a_day, DATE_FORMATS):
        left = left[read_dates(Coded(np.arange(len(left)), left), form)[1]]
    if not len(left):
        return f"dates written in several ways, read as text; write them all as {example_of(ISO_DATE)}"
    if len(left) > (1 - _MOSTLY) * len(present):
        return ""
    return f"mostly dates, read as text because of {shown(left[0])}"


def _is_season(text: str) -> bool:
    years = _SEASON.fullmatch(text)
    return years is not None and int(years[2]) == (int(years[1]) + 1) % 100


def read_dates(series: "pd.Series[Any] | Coded", form: str = ISO_DATE, zone: str = "") -> tuple[FloatArray, BoolArray]:
    """Return the cells as days since 1970-01-01, and a mask of those that are no dates.

    Parameters
    ----------
    series : pandas.Series
        Timestamps, or text.
    form : str
        One of DATE_FORMATS; how text is read.
    zone : str
        Where the clocks are that tell the time of a cell which says when by its own zone; UTC by default.

    Examples
    --------
    >>> import pandas as pd
    >>> read_dates(pd.Series(["1970-01-02 12:00", "soon"]))[0].tolist()
    [1.5, nan]
    >>> read_dates(pd.Series(["1970-01-02 11:00Z", "1970-01-02 12:00"]), zone="Europe/Berlin")[0].tolist()
    [1.5, 1.5]
    >>> read_dates(pd.Series(["3 January 1970", "30 February 1970"]), "%d %b %Y")[0].tolist()
    [2.0, nan]
    """
    if not isinstance(series, Coded):
        if types.is_datetime64_any_dtype(series.dtype):
            return _days(series, zone), np.zeros(len(series), dtype=bool)
        series = coded(series)
    texts = np.array([None if text in ALSO_MISSING else text for text in series.texts], dtype=object)
    days = _iso_days(texts, zone) if form == ISO_DATE else _days_of(texts, form)
    wrong = np.isnan(days) & np.array([text is not None for text in texts], dtype=bool)
    return np.append(days, np.nan)[series.codes], np.append(wrong, [False])[series.codes]


def _iso_days(texts: TextArray, zone: str) -> FloatArray:
    possible = [text if text and SHAPES[ISO_DATE].fullmatch(text) else None for text in texts]
    read = pd.to_datetime(pd.Series(possible, dtype=object), format="ISO8601", errors="coerce", utc=True)
    if not zone:
        return _days(read)
    are_zoned = np.array([text is not None and _ZONED.search(text) is not None for text in possible], dtype=bool)
    return np.where(are_zoned, _days(read, zone), _days(read))


def _days(dates: "pd.Series[Any]", zone: str = "") -> FloatArray:
    if isinstance(dates.dtype, pd.DatetimeTZDtype):
        dates = dates.dt.tz_convert(zone or "UTC").dt.tz_localize(None)
    microseconds = dates.to_numpy(dtype="datetime64[us]")
    days = microseconds.astype(np.int64) / _MICROSECONDS_A_DAY
    return cast(FloatArray, np.where(np.isnat(microseconds), np.nan, days))


def _days_of(texts: TextArray, form: str) -> FloatArray:
    """Return the days that texts of a form mean; NaN for others and for days that no calendar has."""
    possible = [text if text and len(text) <= _LONGEST and text.isascii() else None for text in texts]
    found = pc.extract_regex(pa.array(possible, pa.string()), pattern=f"^{PATTERNS[form]}$")
    parts = {found.type.field(i).name: pc.struct_field(found, [i]) for i in range(found.type.num_fields)}
    hour, is_hour = _hours(parts)
    minute, second = _number(parts, "minute"), _number(parts, "second")
    month, day = _month(parts), _number(parts, "day", 1)
    is_date = is_hour & (minute < 60) & (second < 60) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(is_date, (_year(parts) - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first, after = (each.astype("datetime64[D]").astype(np.int64) for each in (months, months + np.timedelta64(1, "M")))
    is_date &= day <= after - first
    seconds = (first + day - 1) * 86_400 + hour * 3600 + minute * 60 + second
    return np.where(is_date, np.round(seconds * 1e6) / _MICROSECONDS_A_DAY, np.nan)


def _number(parts: dict[str, Any], name: str, default: float = 0.0) -> FloatArray:
    """Return a part of each text as a number; NaN where the text is of another form."""
    if name not in parts:
        return np.array(default)
    return cast(FloatArray, pc.cast(parts[name], pa.float64()).to_numpy(zero_copy_only=False))


def _year(parts: dict[str, Any]) -> FloatArray:
    if "year" in parts:
        return _number(parts, "year")
    year = _number(parts, "short_year")
    return year + np.where(year < 69, 2000, 1900)


def _month(parts: dict[str, Any]) -> FloatArray:
    if "quarter" in parts:
        return 3 * _number(parts, "quarter") - 2
    if "name" not in parts:
        return _number(parts, "month")
    names = pc.utf8_lower(pc.utf8_slice_codeunits(parts["name"], 0, 3))
    place = pc.cast(pc.index_in(names, value_set=pa.array(_MONTH_NAMES)), pa.float64())
    return cast(FloatArray, place.to_numpy(zero_copy_only=False) + 1)


def _hours(parts: dict[str, Any]) -> tuple[FloatArray, BoolArray]:
    """Return the hour of the day, and whether there is one."""
    if "half" not in parts:
        hour = _number(parts, "hour")
        return hour, hour < 24
    hour, is_late = _number(parts, "of_twelve"), pc.equal(pc.utf8_lower(parts["half"]), "p")
    late = pc.cast(is_late, pa.float64()).to_numpy(zero_copy_only=False)
    return hour % 12 + 12 * late, (hour >= 1) & (hour <= 12)
