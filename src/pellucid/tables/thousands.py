"""Numbers as people set them: thousands apart by blanks or apostrophes (1 234 567, 1'234), a minus of its own (−5).

Nothing else is meant by them, so they are read wherever they come from; likewise dots, where a number of the column
shows that they are between thousands (1.234.567; 1.234,5). What other commas and dots are, decides
`pellucid.tables.decimals`.
"""

import re
from collections.abc import Iterable
from typing import Any

import pyarrow.compute as pc

__all__ = [
    "BEFORE",
    "BEHIND",
    "BLANK",
    "BLANKS",
    "MINUS",
    "SURELY_DOTS",
    "WITH_DECIMAL_COMMA",
    "in_one_piece",
    "in_one_piece_each",
    "perhaps_with_dots",
    "show_dots",
    "without_dots",
]

MINUS = "\u2212"
BLANKS = " \u00a0\u202f\u2009"
"""Common, unbreakable, narrow unbreakable and thin."""
BLANK = f"[{BLANKS}]?"
"""One of them, or none, as a pattern."""
BEFORE, BEHIND = rf"^[+-]?{BLANK}[$€£¥]?{BLANK}[+-]?", rf"{BLANK}[$€£¥%]?$"
"""What may stand before the digits of a number, and behind them, as patterns."""
_DOTTED = r"[1-9]\d{0,2}(?:\.\d{3})+"
WITH_DECIMAL_COMMA = rf"{BEFORE}(?:(?:\d+|{_DOTTED})(?:,\d+)?|,\d+)(?:[eE][+-]?\d+)?{BEHIND}"
"""A number with dots between thousands and a decimal comma, or without."""
SURELY_DOTS = r"\.\d{3}[.,]"
"""What in such a number shows that its dots are between thousands."""
_APOSTROPHES = "'\u2019"
_MARKS = BLANKS + _APOSTROPHES

_GROUPS = r"[1-9]\d{0,2}(?:" + "|".join(rf"(?:{mark}\d{{3}})+" for mark in _MARKS) + ")"  # all of one mark
_BEGINS_WITH_GROUPS = re.compile(rf"(\D*)({_GROUPS})(\D.*)?", re.ASCII | re.DOTALL)
_SIGNS = rf"[-+$€£¥{BLANKS}]*"
_MAY_HAVE_DOTS = re.compile(WITH_DECIMAL_COMMA, re.ASCII)
_DIGIT = re.compile(r"\d")
_SURELY_DOTS = re.compile(SURELY_DOTS, re.ASCII)
_IS_GROUPS = rf"^{_SIGNS}{_GROUPS}(?:[.,]\d*)?{BLANK}[$€£¥%]?$"


def in_one_piece(text: str) -> str:
    """Return a text with the first number's thousands together, and a common minus.

    Examples
    --------
    >>> in_one_piece("1 234 567,5 €"), in_one_piece("−1'234.50"), in_one_piece("12 34"), in_one_piece("1 2345")
    ('1234567,5 €', '-1234.50', '12 34', '1 2345')
    """
    text = text.replace(MINUS, "-")
    parts = _BEGINS_WITH_GROUPS.fullmatch(text)
    return text if parts is None else parts[1] + re.sub(rf"[{_MARKS}]", "", parts[2]) + (parts[3] or "")


def in_one_piece_each(column: Any) -> Any:
    """Return an Arrow column of text with each cell that is a number, and nothing else, `in_one_piece`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> in_one_piece_each(pa.chunked_array([["1 234,5", "−7", "1 234 each"]])).to_pylist()
    ['1234,5', '-7', '1 234 each']
    """
    column = pc.replace_substring(column, MINUS, "-")
    is_apart = pc.match_substring_regex(column, _IS_GROUPS)
    if not pc.any(is_apart).as_py():
        return column
    return pc.if_else(is_apart, pc.replace_substring_regex(column, f"[{_MARKS}]", ""), column)


def perhaps_with_dots(texts: Iterable[str]) -> list[str]:
    """Return the numbers of a column, where all may have dots between thousands and decimal commas; else none.

    Examples
    --------
    >>> perhaps_with_dots(["1.234", "-", "7 €"]), perhaps_with_dots(["1.234", "7.5"])
    (['1.234', '7 €'], [])
    """
    found = []
    for text in texts:
        if _DIGIT.search(text):
            found.append(in_one_piece(text))
            if not _MAY_HAVE_DOTS.fullmatch(found[-1]):
                return []
    return found


def show_dots(texts: Iterable[str]) -> bool:
    """Tell whether the numbers of a column have dots between thousands, as at least one of them shows.

    Examples
    --------
    >>> show_dots(["88.668", "1.234.567"]), show_dots(["88.668", "1.234,5"]), show_dots(["88.668"])
    (True, True, False)
    """
    texts = list(texts)
    return any(map(_SURELY_DOTS.search, texts)) and bool(perhaps_with_dots(texts))


def without_dots(text: str) -> str:
    """Return a number with dots between thousands, and perhaps a decimal comma, in plain.

    Examples
    --------
    >>> without_dots("1.234,5 €")
    '1234.5 €'
    """
    return text.replace(".", "").replace(",", ".")
