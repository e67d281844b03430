"""Numbers as people set them: thousands apart by blanks or apostrophes (1 234 567, 1'234), a minus of its own (−5).

Nothing else is meant by them, so they are read wherever they come from; what a comma in them is, decides
`pellucid.tables.decimals`.
"""

import re
from typing import Any

import pyarrow.compute as pc

__all__ = ["BLANK", "BLANKS", "MINUS", "in_one_piece", "in_one_piece_each"]

MINUS = "\u2212"
BLANKS = " \u00a0\u202f\u2009"
"""Common, unbreakable, narrow unbreakable and thin."""
BLANK = f"[{BLANKS}]?"
"""One of them, or none, as a pattern."""
_APOSTROPHES = "'\u2019"
_MARKS = BLANKS + _APOSTROPHES

_GROUPS = r"[1-9]\d{0,2}(?:" + "|".join(rf"(?:{mark}\d{{3}})+" for mark in _MARKS) + ")"  # all of one mark
_BEGINS_WITH_GROUPS = re.compile(rf"(\D*)({_GROUPS})(\D.*)?", re.ASCII | re.DOTALL)
_SIGNS = rf"[-+$€£¥{BLANKS}]*"
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
