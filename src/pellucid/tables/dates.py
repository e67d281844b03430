"""Dates, as they are written: which form a column of text has, and what day each of its cells means.

A form is named as `datetime.strptime` would name it, but read without a look at the clock or the machine's language:
``%b`` is an English month, short or long; blanks beside it stand for any of ``, . - /`` too; ``%q`` is a quarter, which
means its first day, as a month does. A year of two digits lies between 1969 and 2068.
"""

import re
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from pellucid.tables.cells import ALSO_MISSING, BoolArray, Coded, FloatArray, TextArray, coded

__all__ = ["DATE_FORMATS", "ISO_DATE", "date_format_of", "read_dates"]

ISO_DATE = "ISO8601"
_ISO = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)

_YEAR, _SHORT_YEAR = r"(?P<year>\d{4})", r"(?P<short_year>\d{2})"
_MONTH, _DAY = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
_NAME = (
    r"(?P<name>(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))"
)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[,.]? +)?"
_NTH = rf"{_DAY}(?i:st|nd|rd|th)?"
_GAP, _NO_GAP = r"[ ,./-]{1,3}", r"[ ,./-]{0,3}"
_LIKELY_YEAR = r"(?P<year>(?:1[5-9]|2[01])\d{2})"  # without a day, four digits may be anything
_QUARTER = r"[Qq](?P<quarter>[1-4])"

# Of two forms that read a column, the first is taken.
_DAYS = {
    "%Y/%m/%d": rf"{_YEAR}/{_MONTH}/{_DAY}",
    "%d.%m.%Y": rf"{_DAY}\.{_MONTH}\.{_YEAR}",
    "%m/%d/%Y": rf"{_MONTH}/{_DAY}/{_YEAR}",
    "%d/%m/%Y": rf"{_DAY}/{_MONTH}/{_YEAR}",
    "%m-%d-%Y": rf"{_MONTH}-{_DAY}-{_YEAR}",
    "%d-%m-%Y": rf"{_DAY}-{_MONTH}-{_YEAR}",
    "%m/%d/%y": rf"{_MONTH}/{_DAY}/{_SHORT_YEAR}",
    "%d/%m/%y": rf"{_DAY}/{_MONTH}/{_SHORT_YEAR}",
    "%b %d %Y": rf"{_WEEKDAY}{_NAME}{_GAP}{_NTH}{_GAP}{_YEAR}",
    "%d %b %Y": rf"{_WEEKDAY}{_NTH}{_NO_GAP}{_NAME}{_NO_GAP}{_YEAR}",
    "%d %b %y": rf"{_NTH}{_GAP}{_NAME}{_GAP}{_SHORT_YEAR}",
    "%Y %b %d": rf"{_YEAR}{_GAP}{_NAME}{_GAP}{_NTH}",
}
_TIMES = {
    "": "",
    " %H:%M": r",? +(?P<hour>\d{1,2}):(?P<minute>\d{2})",
    " %H:%M:%S": r",? +(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2}(?:\.\d{1,9})?)",
    " %I:%M %p": r",? +(?P<of_twelve>\d{1,2}):(?P<minute>\d{2}) ?(?P<half>[AaPp])[Mm]",
    " %I:%M:%S %p": r",? +(?P<of_twelve>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2}) ?(?P<half>[AaPp])[Mm]",
}
_MONTHS = {
    "%Y-%m": rf"{_LIKELY_YEAR}-(?P<month>\d{{2}})",
    "%Y/%m": rf"{_LIKELY_YEAR}/(?P<month>\d{{2}})",
    "%m/%Y": rf"{_MONTH}/{_LIKELY_YEAR}",
    "%b %Y": rf"{_NAME}{_NO_GAP}{_LIKELY_YEAR}",
    "%Y %b": rf"{_LIKELY_YEAR}{_GAP}{_NAME}",
    "%b-%y": rf"{_NAME}-{_SHORT_YEAR}",  # with a day instead of the year it would be no date
    "%Y-Q%q": rf"{_LIKELY_YEAR}[ /-]?{_QUARTER}",
    "Q%q %Y": rf"{_QUARTER}[ /-]?{_LIKELY_YEAR}",
}
_PATTERNS = {day + time: _DAYS[day] + _TIMES[time] for day in _DAYS for time in _TIMES} | _MONTHS
_SHAPES = {ISO_DATE: _ISO} | {form: re.compile(pattern, re.ASCII) for form, pattern in _PATTERNS.items()}
_SEASON = re.compile(r"(\d{4})[-/](\d{2})", re.ASCII)
DATE_FORMATS = (ISO_DATE, *_PATTERNS)

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
    possible = [form for form in DATE_FORMATS if present and _SHAPES[form].fullmatch(present[0])]
    if not possible or all(map(_is_season, present)):
        return None
    different = Coded(np.arange(len(present)), np.array(present, dtype=object))
    return next((form for form in possible if not read_dates(different, form)[1].any()), None)


def _is_season(text: str) -> bool:
    years = _SEASON.fullmatch(text)
    return years is not None and int(years[2]) == (int(years[1]) + 1) % 100


def read_dates(series: "pd.Series[Any] | Coded", form: str = ISO_DATE) -> tuple[FloatArray, BoolArray]:
    """Return the cells as days since 1970-01-01 (UTC where a zone is given), and a mask of those that are no dates.

    Parameters
    ----------
    series : pandas.Series
        Timestamps, or text.
    form : str
        One of DATE_FORMATS; how text is read.

    Examples
    --------
    >>> import pandas as pd
    >>> read_dates(pd.Series(["1970-01-02 12:00", "soon"]))[0].tolist()
    [1.5, nan]
    >>> read_dates(pd.Series(["3 January 1970", "30 February 1970"]), "%d %b %Y")[0].tolist()
    [2.0, nan]
    """
    if not isinstance(series, Coded):
        if types.is_datetime64_any_dtype(series.dtype):
            return _days(series), np.zeros(len(series), dtype=bool)
        series = coded(series)
    texts = np.array([None if text in ALSO_MISSING else text for text in series.texts], dtype=object)
    days = _iso_days(texts) if form == ISO_DATE else _days_of(texts, form)
    wrong = np.isnan(days) & np.array([text is not None for text in texts], dtype=bool)
    return np.append(days, np.nan)[series.codes], np.append(wrong, [False])[series.codes]


def _iso_days(texts: TextArray) -> FloatArray:
    possible = [text if text and _ISO.fullmatch(text) else None for text in texts]
    return _days(pd.to_datetime(pd.Series(possible, dtype=object), format="ISO8601", errors="coerce", utc=True))


def _days(dates: "pd.Series[Any]") -> FloatArray:
    if isinstance(dates.dtype, pd.DatetimeTZDtype):
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    microseconds = dates.to_numpy(dtype="datetime64[us]")
    days = microseconds.astype(np.int64) / _MICROSECONDS_A_DAY
    return cast(FloatArray, np.where(np.isnat(microseconds), np.nan, days))


def _days_of(texts: TextArray, form: str) -> FloatArray:
    """Return the days that texts of a form mean; NaN for others and for days that no calendar has."""
    possible = [text if text and len(text) <= _LONGEST and text.isascii() else None for text in texts]
    found = pc.extract_regex(pa.array(possible, pa.string()), pattern=f"^{_PATTERNS[form]}$")
    parts = {found.type.field(i).name: pc.struct_field(found, [i]) for i in range(found.type.num_fields)}
    hour, is_hour = _hours(parts)
    minute, second = _number(parts, "minute"), _number(parts, "second")
    month, day = _month(parts), _number(parts, "day", 1)
    is_date = is_hour & (minute < 60) & (second < 60) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(is_date, (_year(parts) - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first, after = (each.astype("datetime64[D]").astype(np.int64) for each in (months, months + 1))
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
    place = pc.cast(pc.index_in(names, value_set=pa.array(_NAMES)), pa.float64())
    return cast(FloatArray, place.to_numpy(zero_copy_only=False) + 1)


def _hours(parts: dict[str, Any]) -> tuple[FloatArray, BoolArray]:
    """Return the hour of the day, and whether there is one."""
    if "half" not in parts:
        hour = _number(parts, "hour")
        return hour, hour < 24
    hour, is_late = _number(parts, "of_twelve"), pc.equal(pc.utf8_lower(parts["half"]), "p")
    late = pc.cast(is_late, pa.float64()).to_numpy(zero_copy_only=False)
    return hour % 12 + 12 * late, (hour >= 1) & (hour <= 12)
