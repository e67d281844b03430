"""What commas and dots in numbers are: decimal marks, marks between thousands, and what cannot be told.

``1,234`` can be 1.234 or 1234. It is read as a decimal comma only where another cell of the file settles it, such as
``1,76``. In a file with decimal commas dots are thousands marks, in columns where each stands before three digits:
``1.234`` is 1234. So they are where a cell of their column, such as ``1.234.567``, shows it. Where commas separate the
columns, and numbers with commas stand between quotation marks, the cell that settles it must be one of the same column;
if no column has such, and another cell has a decimal point, the commas are thousands marks.

What the marks of a column were is kept in its schema, so that a row alone is read as in the table learned from.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pellucid.tables.cells import ALSO_MISSING, MISSING_WORDS, BoolArray, Coded
from pellucid.tables.thousands import (
    BEFORE,
    BEHIND,
    SURELY_DOTS,
    WITH_DECIMAL_COMMA,
    in_one_piece,
    in_one_piece_each,
    perhaps_with_dots,
    show_dots,
    without_dots,
)

__all__ = [
    "MARKS",
    "are_opposed",
    "has_decimal_commas",
    "have_commas",
    "how_written",
    "in_plain",
    "keep_marks",
    "marks_of",
    "marks_shown",
    "numbers_with_commas",
    "perhaps_thousands_dots",
    "without_marks",
]

DECIMAL, THOUSANDS, DOTS, POINTS = "decimal commas", "thousands commas", "thousands dots", "decimal points"
MARKS = ("", DECIMAL, THOUSANDS, DOTS, POINTS)
"""What a column's commas and dots are; commas beside thousands dots are decimal ones. Points are worth a word only in a
file with decimal commas."""
_OPPOSED = ({THOUSANDS, DECIMAL}, {THOUSANDS, DOTS}, {POINTS, DOTS})
_KEY = "marks of numbers"  # in the attributes of a pandas table

_GROUPED = r"[1-9]\d{0,2}(?:,\d{3})+"
_WITH_THOUSANDS = rf"{BEFORE}(?:\d+|{_GROUPED})(?:\.\d*)?{BEHIND}"
_WITH_POINT = rf"{BEFORE}(?:\d*\.\d+|{_GROUPED}\.\d+){BEHIND}"
_PERHAPS_THOUSANDS = rf"{BEFORE}[1-9]\d{{0,2}},\d{{3}}{BEHIND}"
_PERHAPS_DOTTED = rf"{BEFORE}[1-9]\d{{0,2}}\.\d{{3}}{BEHIND}"
_SURELY_THOUSANDS = r",\d{3},"
_MONEY = re.compile("[$€£¥]")
_WITH_COMMAS = re.compile(r"[+-]?\d+(?:,\d+)+(?:\.\d*)?|[+-]?[\d.]*\d,\d+", re.ASCII)
_WITHOUT_COMMAS = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)


def without_marks(
    table: pa.Table, *, alone: bool = False, missing: Mapping[int, Sequence[str]] | None = None
) -> tuple[pa.Table, dict[int, str]]:
    """Rewrite numbers with decimal commas, as 1.234,5, or thousands commas, as 1,234.5, to plain ones, as 1234.5.

    Signs of money and per cent stay. Where blanks or apostrophes set thousands apart, as in 1 234,5, a comma behind
    them is a decimal mark.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text.
    alone : bool
        Whether commas separate the columns, so that each must settle by itself that its commas are decimal marks.
    missing : mapping of int to sequence of str, optional
        For columns, by their numbers, what means missing in them besides the usual words.

    Returns
    -------
    table : pyarrow.Table
    marks : dict of int to str
        One of MARKS, by the numbers of the columns that hold nothing but numbers: of those that were rewritten, and,
        beside decimal commas, of those with decimal points.

    Examples
    --------
    >>> cells = {"a": ["1,76", "?"], "b": ["1,234", "2 €"], "c": ["1.234", "5"], "d": ["x", "1,5"], "e": ["1.5", "2"]}
    >>> table, marks = without_marks(pa.table(cells))
    >>> table.to_pydict()
    {'a': ['1.76', '?'], 'b': ['1.234', '2 €'], 'c': ['1234', '5'], 'd': ['x', '1,5'], 'e': ['1.5', '2']}
    >>> marks
    {0: 'decimal commas', 1: 'decimal commas', 2: 'thousands dots', 4: 'decimal points'}
    >>> without_marks(pa.table({"a": ["1,495", "950"], "b": ["0.5", ""]}), alone=True)[0].to_pydict()
    {'a': ['1495', '950'], 'b': ['0.5', '']}
    """
    missing = missing or {}
    whole = pa.table([in_one_piece_each(each) for each in table.columns], table.column_names)
    with_points = _columns_of(whole, _WITH_THOUSANDS, r"\.", missing)
    marks = _with_decimal_commas(_columns_of(whole, WITH_DECIMAL_COMMA, "[.,]", missing), with_points, alone=alone)
    if marks:
        marks |= {i: POINTS for i in with_points if i not in marks}
    elif alone:
        marks = dict.fromkeys(_with_thousands(whole, with_points, missing), THOUSANDS)
    for i, how in marks.items():
        table = table.set_column(i, table.column_names[i], _rewritten(whole.column(i), how))
    return table, marks


def _columns_of(table: pa.Table, pattern: str, mark: str, missing: Mapping[int, Sequence[str]]) -> dict[int, Any]:
    """Return the cells that are not missing of the columns in which all are of a pattern, and one has a mark."""
    usual = sorted(MISSING_WORDS | ALSO_MISSING)
    found = {}
    for i, column in enumerate(table.columns):
        cells = column.filter(pc.invert(pc.is_in(column, value_set=pa.array([*usual, *missing.get(i, ())]))))
        if _has(mark, cells) and pc.all(pc.match_substring_regex(cells, pattern)).as_py():
            found[i] = cells
    return found


def _has(pattern: str, cells: Any) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())


def _with_decimal_commas(found: Mapping[int, Any], with_points: Mapping[int, Any], *, alone: bool) -> dict[int, str]:
    """Return what is marked in the columns of a file with decimal commas; nothing if no column settles that it is one.

    Parameters
    ----------
    found : mapping of int to Arrow column
        In which each cell could be a number with decimal commas, and thousands dots.
    with_points : mapping of int to Arrow column
        In which each cell could be a number with a decimal point.
    alone : bool
        Whether columns settle it for themselves only; for others without commas just where no column has points.
    """
    settled = {i for i, cells in found.items() if _settles_commas(cells)}
    if not settled:
        return {}
    if alone and any(map(_settles_points, with_points.values())):
        found = {i: found[i] for i in settled}
    elif alone:
        found = {i: cells for i, cells in found.items() if i in settled or not _has(",", cells)}
    return {i: DOTS if _has(r"\.", cells) else DECIMAL for i, cells in found.items()}


def _settles_commas(cells: Any) -> bool:
    """Tell whether a cell has a comma that cannot be a thousands mark, or dots that can be nothing else."""
    has_comma = pc.match_substring(cells, ",")
    settles = pc.and_not(has_comma, pc.match_substring_regex(cells, _PERHAPS_THOUSANDS))
    return bool(pc.any(settles).as_py()) or _has(SURELY_DOTS, cells)


def _with_thousands(table: pa.Table, with_points: Mapping[int, Any], missing: Mapping[int, Sequence[str]]) -> list[int]:
    """Return the numbers of the columns whose commas are thousands marks, as a cell of the file shows."""
    found = _columns_of(table, _WITH_THOUSANDS, ",", missing)
    is_shown = any(_has(_SURELY_THOUSANDS, cells) for cells in found.values())
    return list(found) if is_shown or any(map(_settles_points, with_points.values())) else []


def _settles_points(cells: Any) -> bool:
    """Tell whether a cell has a point that cannot be a thousands mark."""
    has_point = pc.match_substring_regex(cells, _WITH_POINT)
    return bool(pc.any(pc.and_not(has_point, pc.match_substring_regex(cells, _PERHAPS_DOTTED))).as_py())


def _rewritten(column: Any, how: str) -> Any:
    if how == POINTS:
        return column
    if how == THOUSANDS:
        return pc.if_else(
            pc.match_substring_regex(column, _WITH_THOUSANDS), pc.replace_substring(column, ",", ""), column
        )
    without_dots = pc.replace_substring(column, ".", "")
    is_number = pc.match_substring_regex(column, WITH_DECIMAL_COMMA)
    return pc.if_else(is_number, pc.replace_substring(without_dots, ",", "."), column)


def keep_marks(frame: pd.DataFrame, marks: Mapping[str, str]) -> None:
    """Keep in mind what the marks of the columns' numbers were before they were rewritten."""
    frame.attrs[_KEY] = dict(marks)


def marks_of(series: "pd.Series[Any]") -> str:
    """Return what the marks of the column's numbers were in its file; empty if they are as they were."""
    return str(series.attrs.get(_KEY, {}).get(series.name, ""))


def are_opposed(marks: str, others: str) -> bool:
    """Tell whether the same text means different numbers with these marks and with others.

    Examples
    --------
    >>> are_opposed("decimal commas", "thousands commas"), are_opposed("decimal commas", "thousands dots")
    (True, False)
    """
    return {marks, others} in _OPPOSED


def has_decimal_commas(marks: str) -> bool:
    """Tell whether numbers with these marks are of a file with decimal commas.

    Examples
    --------
    >>> has_decimal_commas("thousands dots"), has_decimal_commas("thousands commas")
    (True, False)
    """
    return marks in (DECIMAL, DOTS)


def how_written(marks: str) -> str:
    """Say with which marks a column was written; empty if with none.

    Examples
    --------
    >>> how_written("decimal commas"), how_written("")
    ('written with decimal commas', '')
    """
    return f"written with {marks}" if marks else ""


def marks_shown(texts: Iterable[str]) -> str:
    """Return what the dots of a column's texts are, wherever they come from: thousands dots, if the texts show it.

    A text such as 1.234.567 or 1.234,5 does; so do amounts of money of which some have dots, each before three digits,
    and some have none: €1.215 beside €813.

    Examples
    --------
    >>> marks_shown(["88.668", "1.234.567"]), marks_shown(["€1.215", "€813"]), marks_shown(["1.215", "813"])
    ('thousands dots', 'thousands dots', '')
    """
    present = perhaps_with_dots(texts)
    is_money = perhaps_thousands_dots(present) and all(map(_MONEY.search, present))
    return DOTS if is_money or show_dots(present) else ""


def perhaps_thousands_dots(texts: Iterable[str]) -> bool:
    """Tell whether some of the texts have dots, each before three digits, and some none.

    Examples
    --------
    >>> perhaps_thousands_dots(["1.215", "813"]), perhaps_thousands_dots(["1.215", "2.104"])
    (True, False)
    """
    has_dot = ["." in text for text in perhaps_with_dots(texts)]
    return any(has_dot) and not all(has_dot)


def in_plain(cells: Coded, marks: str) -> Coded:
    """Return cells as a column whose marks are known is meant: 1.234,5 as 1234.5 where commas are decimal marks.

    Where dots were thousands marks they are, unless a cell shows by its digits that they are points here.

    Examples
    --------
    >>> in_plain(Coded(np.arange(2), np.array(["1,250 €", "7"], dtype=object)), "decimal commas").texts.tolist()
    ['1.250 €', '7']
    >>> in_plain(Coded(np.arange(2), np.array(["88.668", "7"], dtype=object)), "thousands dots").texts.tolist()
    ['88668', '7']
    """
    if marks in ("", POINTS):
        return cells
    are_dots_marks = marks == DOTS and bool(perhaps_with_dots(cells.texts))

    def plain(text: str) -> str:
        if "," not in text and not are_dots_marks:
            return text
        return without_dots(text) if has_decimal_commas(marks) else text.replace(",", "")

    return Coded(cells.codes, np.array([plain(text) for text in cells.texts], dtype=object))


def have_commas(texts: Iterable[str]) -> BoolArray:
    """Tell which texts are numbers with commas inside, whatever these are.

    Examples
    --------
    >>> have_commas(["1,234", "17", "-1.234,5", "a,b"]).tolist()
    [True, False, True, False]
    """
    return np.array([_WITH_COMMAS.fullmatch(in_one_piece(text)) is not None for text in texts], dtype=bool)


def numbers_with_commas(texts: Iterable[str | None]) -> bool:
    """Tell whether all texts are numbers, some with commas inside, so that one may wonder why they are text.

    Examples
    --------
    >>> numbers_with_commas(["1,234", "17", None]), numbers_with_commas(["17"]), numbers_with_commas(["a,b"])
    (True, False, False)
    """
    present = [in_one_piece(text) for text in texts if text is not None and text not in ALSO_MISSING]
    commas = [text for text in present if "," in text]
    plain = (text for text in present if "," not in text)
    return bool(commas) and all(map(_WITH_COMMAS.fullmatch, commas)) and all(map(_WITHOUT_COMMAS.fullmatch, plain))
