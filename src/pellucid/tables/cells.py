"""What one cell of a table says: missing, text, number, or yes or no. Others: `pellucid.tables.dates`, `.clocks`.

Text is read the same way wherever it comes from, so a column learned from a Parquet file is understood in a CSV file
too. Each reader gives an array of values, NaN where a cell is missing, and a mask of the cells that break its rule.
Of text, each different one is read once (`Coded`), however many cells hold it.
"""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from pellucid.spec.checks import shown
from pellucid.tables.thousands import BLANK, MINUS, in_one_piece, show_dots, without_dots

__all__ = [
    "ALSO_MISSING",
    "EXCESSIVE",
    "LARGEST_NUMBER",
    "MISSING_WORDS",
    "BoolArray",
    "Coded",
    "FloatArray",
    "TextArray",
    "cell_texts",
    "coded",
    "have_leading_zeros",
    "have_signs",
    "number_of",
    "plain_number_of",
    "read_booleans",
    "read_each",
    "read_numbers",
    "shown_cell",
    "text_of_cell",
]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.object_]

MISSING_WORDS = frozenset(
    {"", "?", "NA", "N/A", "n/a", "N.A.", "n.a.", "#N/A", "<NA>", "NaN", "nan", "NaT", "NULL", "null"}
)
ALSO_MISSING = frozenset({"None", "none", "-", "--", "."})  # only where numbers, dates or yes and no are expected
_TRUE = frozenset({"true", "yes", "t", "y", "on", "1"})
_FALSE = frozenset({"false", "no", "f", "n", "off", "0"})

LARGEST_NUMBER = 1e100  # the variance of larger numbers is no longer a float64
EXCESSIVE = f"infinite or beyond {LARGEST_NUMBER:g}"

_NUMBER = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?)", re.ASCII | re.IGNORECASE)

# Money, shares and thousands: a sign in front or behind, commas that can be nothing but thousands marks.
_SIGNED = re.compile(rf"([+-]?){BLANK}([$€£¥]?){BLANK}([+-]?[\d.,]+(?:[eE][+-]?\d+)?){BLANK}([$€£¥%]?)", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
_SURELY_THOUSANDS = re.compile(r".*,\d{3}[.,].*", re.ASCII)

_MOST_EXACT = 1e15  # whole numbers of 15 digits are exact as floats
_CODE = re.compile(r"0\d+", re.ASCII)


class Coded(NamedTuple):
    """Cells as numbers of their different texts: cell i says ``texts[codes[i]]``; the code -1 is a missing cell."""

    codes: NDArray[np.int64]
    texts: TextArray


def coded(series: "pd.Series[Any]") -> Coded:
    """Return the cells as numbers of their different texts, each without surrounding blanks.

    Whole numbers read alike as integers and as floats: 3 and 3.0 are both ``'3'``.

    Examples
    --------
    >>> import pandas as pd
    >>> codes, texts = coded(pd.Series([" a ", "NA", 3.0, None, "a"]))
    >>> codes.tolist(), texts.tolist()
    ([0, -1, 1, -1, 0], ['a', '3'])
    """
    codes, cells = _different(series)
    missing = pd.isna(cells)
    texts = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        text = None if missing[i] else text_of_cell(cell)
        texts[i] = None if text in MISSING_WORDS else text
    merged, found = pd.factorize(texts)
    return Coded(np.append(merged, -1)[codes].astype(np.int64), np.asarray(found, dtype=object))


def _different(series: "pd.Series[Any]") -> tuple[NDArray[Any], TextArray]:
    """Return numbers of cells and the cells that they stand for; -1 is a missing one."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes, levels = series.cat.codes.to_numpy(), series.cat.categories
        used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(levels)))
        if len(used) < len(levels):  # it knows more than these cells say
            places = np.full(len(levels) + 1, -1)
            places[used] = np.arange(len(used))
            codes, levels = places[codes], levels[used]
        return codes, levels.astype(object).to_numpy()
    if _are_alike(series):
        codes, cells = pd.factorize(series)
        return codes, cells.astype(object).to_numpy()
    missing = series.isna().to_numpy(dtype=bool)  # of several types: 1 and True are equal, but differ as texts
    texts = np.empty(len(series), dtype=object)
    for row, (value, is_missing) in enumerate(zip(series.astype(object), missing, strict=True)):
        texts[row] = None if is_missing else text_of_cell(value)
    numbers, found = pd.factorize(texts)
    return numbers, np.asarray(found, dtype=object)


def _are_alike(series: "pd.Series[Any]") -> bool:
    """Tell whether cells that are equal say the same, so that equal ones can be found by their hash."""
    dtype = series.dtype
    if isinstance(dtype, pd.StringDtype):
        return True
    if types.is_object_dtype(dtype):
        return types.infer_dtype(series, skipna=True) == "string"
    return types.is_integer_dtype(dtype) or types.is_float_dtype(dtype)


def cell_texts(series: "pd.Series[Any]") -> TextArray:
    """Return the cells as text without surrounding blanks; None where a cell is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> cell_texts(pd.Series([" a ", "NA", 3.0, None])).tolist()
    ['a', None, '3', None]
    """
    codes, texts = coded(series)
    return cast(TextArray, np.append(texts, [None])[codes])


def text_of_cell(value: object) -> str:
    """Return what a cell says, without surrounding blanks.

    Examples
    --------
    >>> text_of_cell(" a "), text_of_cell(3.0), text_of_cell(3.5)
    ('a', '3', '3.5')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_EXACT:
        return str(int(value))
    return str(value).strip()


def shown_cell(value: object) -> str:
    """Return a cell for a message: text between quotation marks, numbers, dates and durations as a person writes them.

    Examples
    --------
    >>> shown_cell("two"), shown_cell(np.int64(2)), shown_cell(pd.Timedelta(hours=36))
    ("'two'", '2', '1 days 12:00:00')
    """
    plain = np.number | np.bool_ | np.datetime64 | date | time | timedelta
    return str(value) if isinstance(value, plain) else shown(value)


def have_leading_zeros(texts: TextArray) -> bool:
    """Tell whether a whole number is written with a zero in front, so that these are codes and not numbers.

    Examples
    --------
    >>> have_leading_zeros(np.array(["020", "113"], dtype=object)), have_leading_zeros(np.array(["0", "0.5"]))
    (True, False)
    """
    return any(_CODE.fullmatch(text) for text in texts)


def read_numbers(series: "pd.Series[Any] | Coded") -> tuple[FloatArray, BoolArray]:
    """Return the cells as numbers (durations in days), and a mask of those that are no numbers.

    Infinities are kept; missing cells and those that are no numbers are NaN. Text may have a sign of money or a per
    cent sign (which are left out: 5% is 5), blanks or apostrophes between thousands, and thousands commas where they
    can be nothing else; thousands dots, and decimal commas behind them, where a text shows that the column has such.

    Examples
    --------
    >>> import pandas as pd
    >>> values, wrong = read_numbers(pd.Series(["3.5", " 7 ", "?", "1,234"]))
    >>> values.tolist(), wrong.tolist()
    ([3.5, 7.0, nan, nan], [False, False, False, True])
    >>> read_numbers(pd.Series(["$1,234", "-1,234.50", "12.5 %", "1 234 567", "1'234.5"]))[0].tolist()
    [1234.0, -1234.5, 12.5, 1234567.0, 1234.5]
    >>> read_numbers(pd.Series(["€ 11.687,50", "€ 1.215"]))[0].tolist(), read_numbers(pd.Series(["1.215"]))[0].tolist()
    ([11687.5, 1215.0], [1.215])
    """
    if isinstance(series, Coded):
        return _read_numbers_of(series)
    dtype = series.dtype
    if types.is_timedelta64_dtype(dtype):
        days = series.dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan) / 86_400
        return days, np.zeros(len(series), dtype=bool)
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):  # booleans among them
        return series.to_numpy(dtype=np.float64, na_value=np.nan), np.zeros(len(series), dtype=bool)
    return _read_numbers_of(coded(series))


def _read_numbers_of(cells: Coded) -> tuple[FloatArray, BoolArray]:
    if show_dots(cells.texts):
        return read_each(cells, lambda text: number_of(without_dots(text)))
    return read_each(cells, number_of)


def number_of(text: str) -> float | None:
    """Return the number that a text is, as `read_numbers` reads it; None if it is none."""
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _SIGNED.fullmatch(in_one_piece(text))
    if parts is None or (parts[2] and parts[4]):
        return None
    is_money = bool(parts[2]) or parts[4] not in ("", "%")
    digits = parts[1] + parts[3]
    if _THOUSANDS.fullmatch(digits) and (is_money or _SURELY_THOUSANDS.fullmatch(digits)):
        digits = digits.replace(",", "")
    return float(digits) if _NUMBER.fullmatch(digits) else None


def plain_number_of(text: str) -> float | None:
    """Return the number that a text without signs or marks is; None for codes such as 01, and beyond 15 digits.

    Examples
    --------
    >>> plain_number_of("3.0"), plain_number_of("01"), plain_number_of("3 €")
    (3.0, None, None)
    """
    number = float(text) if _NUMBER.fullmatch(text) and not _CODE.fullmatch(text) else None
    return None if number is None or abs(number) >= _MOST_EXACT else number


def have_signs(texts: TextArray) -> bool:
    """Tell whether a text is a number with a sign of money, a per cent sign or marks between thousands.

    Examples
    --------
    >>> have_signs(np.array(["12", "$12"], dtype=object)), have_signs(np.array(["12", "x"], dtype=object))
    (True, False)
    """
    return any(not _NUMBER.fullmatch(text.replace(MINUS, "-")) and number_of(text) is not None for text in texts)


def read_booleans(series: "pd.Series[Any] | Coded") -> tuple[FloatArray, BoolArray]:
    """Return 1 for true, yes, t, y, on and 1; 0 for false, no, f, n, off and 0; and a mask of all other words.

    Examples
    --------
    >>> import pandas as pd
    >>> values, wrong = read_booleans(pd.Series(["Yes", "no", "", "perhaps"]))
    >>> values.tolist(), wrong.tolist()
    ([1.0, 0.0, nan, nan], [False, False, False, True])
    """
    if isinstance(series, pd.Series) and types.is_bool_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan), np.zeros(len(series), dtype=bool)
    words = dict.fromkeys(_TRUE, 1.0) | dict.fromkeys(_FALSE, 0.0)
    return read_each(series if isinstance(series, Coded) else coded(series), lambda text: words.get(text.lower()))


def read_each(cells: Coded, parse: Callable[[str], float | None]) -> tuple[FloatArray, BoolArray]:
    """Return what each cell's text is parsed to, and a mask of those that give None."""
    read = [np.nan if text in ALSO_MISSING else parse(text) for text in cells.texts]
    wrong = np.array([*(value is None for value in read), False], dtype=bool)
    values = np.array([*(np.nan if value is None else value for value in read), np.nan])
    return values[cells.codes], wrong[cells.codes]
