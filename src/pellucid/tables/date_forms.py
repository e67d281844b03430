"""How dates are written: each form with its name, its pattern and an example.

A form is named as `datetime.strptime` would name it; ``%q`` is a quarter. ``%b`` is an English month, short or long,
beside which any of ``, . - /`` may stand for a blank. A form without a day means the first of the month or quarter.
"""

import re

__all__ = ["DATE_FORMATS", "ISO_DATE", "PATTERNS", "SHAPES", "example_of", "names_a_day"]

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
_WEEKDAY = r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[,.]? +)?"
_NTH = rf"{_DAY}(?i:st|nd|rd|th)?"
_GAP, _NO_GAP = r"[ ,./-]{1,3}", r"[ ,./-]{0,3}"
_LIKELY_YEAR = r"(?P<year>(?:1[5-9]|2[01])\d{2})"  # without a day, four digits may be anything
_QUARTER = r"[Qq](?P<quarter>[1-4])"

# Of two forms that read a column, the first is taken.
_DAYS = {
    "%Y/%m/%d": rf"{_YEAR}/{_MONTH}/{_DAY}",
    "%d.%m.%Y": rf"{_DAY}\.{_MONTH}\.{_YEAR}",
    "%d.%m.%y": r"(?P<day>\d{2})\.(?P<month>\d{2})\.(?P<short_year>\d{2})",  # 1.12.20 is a version of a program
    "%m/%d/%Y": rf"{_MONTH}/{_DAY}/{_YEAR}",
    "%d/%m/%Y": rf"{_DAY}/{_MONTH}/{_YEAR}",
    "%m-%d-%Y": rf"{_MONTH}-{_DAY}-{_LIKELY_YEAR}",  # others may be telephone numbers
    "%d-%m-%Y": rf"{_DAY}-{_MONTH}-{_LIKELY_YEAR}",
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
PATTERNS = {day + time: _DAYS[day] + _TIMES[time] for day in _DAYS for time in _TIMES} | _MONTHS
DATE_FORMATS = (ISO_DATE, *PATTERNS)
SHAPES = {ISO_DATE: _ISO} | {form: re.compile(pattern, re.ASCII) for form, pattern in PATTERNS.items()}

_EXAMPLE = {
    "%Y": "2021", "%y": "21", "%m": "04", "%d": "24", "%b": "Apr", "%q": "2",
    "%H": "13", "%I": "01", "%M": "45", "%S": "00", "%p": "PM",
}  # fmt: skip


def names_a_day(form: str) -> bool:
    """Tell whether dates of a form are days; else they are months or quarters.

    Examples
    --------
    >>> names_a_day("ISO8601"), names_a_day("%d %b %Y"), names_a_day("%b %Y")
    (True, True, False)
    """
    return form not in _MONTHS


def example_of(form: str) -> str:
    """Write a date in a form: 24 April 2021.

    Examples
    --------
    >>> example_of("%m/%d/%Y %I:%M %p"), example_of("%Y-Q%q"), example_of("ISO8601")
    ('04/24/2021 01:45 PM', '2021-Q2', '2021-04-24')
    """
    return "2021-04-24" if form == ISO_DATE else re.sub("%[A-Za-z]", lambda part: _EXAMPLE[part[0]], form)
