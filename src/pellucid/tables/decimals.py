"""Numbers with commas in files: decimal commas, thousands commas, and what cannot be told.

``1,234`` can be 1.234 or 1234. It is read as a decimal comma only where another cell of the file settles it, such as
``1,76``; likewise dots are taken for thousands marks only where a cell such as ``1.234,5`` shows that they are. Where
commas separate the columns, and numbers with commas stand between quotation marks, that cell must be one of the same
column; if no column has such, and another cell has a decimal point, the commas are thousands marks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pellucid.tables.cells import ALSO_MISSING, MISSING_WORDS, BoolArray, Coded
from pellucid.tables.thousands import BLANK, in_one_piece, in_one_piece_each

__all__ = [
    "COMMAS",
    "DECIMAL",
    "commas_of",
    "have_commas",
    "how_written",
    "in_plain",
    "mark_commas",
    "numbers_with_commas",
    "without_commas",
]

DECIMAL, THOUSANDS = "decimal", "thousands"
COMMAS = ("", DECIMAL, THOUSANDS)
"""What a column's commas are."""
_MARK = "commas"  # key in the attributes of a pandas table

_BEFORE, _BEHIND = rf"^[+-]?{BLANK}[$€£¥]?{BLANK}[+-]?", rf"{BLANK}[$€£¥%]?$"
_DOTTED, _GROUPED = r"[1-9]\d{0,2}(?:\.\d{3})+", r"[1-9]\d{0,2}(?:,\d{3})+"
_WITH_DECIMAL_COMMA = rf"{_BEFORE}(?:(?:\d+|{_DOTTED})(?:,\d+)?|,\d+)(?:[eE][+-]?\d+)?{_BEHIND}"
_WITH_THOUSANDS = rf"{_BEFORE}(?:\d+|{_GROUPED})(?:\.\d*)?{_BEHIND}"
_WITH_POINT = rf"{_BEFORE}(?:\d*\.\d+|{_GROUPED}\.\d+){_BEHIND}"
_PERHAPS_THOUSANDS = rf"{_BEFORE}[1-9]\d{{0,2}},\d{{3}}{_BEHIND}"
_PERHAPS_DOTTED = rf"{_BEFORE}[1-9]\d{{0,2}}\.\d{{3}}{_BEHIND}"
_DOTS_ARE_THOUSANDS = r"\.\d{3}[.,]"
_SURELY_THOUSANDS = r",\d{3},"
_WITH_COMMAS = re.compile(r"[+-]?\d+(?:,\d+)+(?:\.\d*)?|[+-]?[\d.]*\d,\d+", re.ASCII)
_WITHOUT_COMMAS = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)


def without_commas(
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
    changed : dict of int to str
        What the commas of the rewritten columns were, by their numbers: of all that hold nothing but numbers, if it is
        beyond doubt.

    Examples
    --------
    >>> table, changed = without_commas(pa.table({"a": ["1,76", "?"], "b": ["1,234", "2 €"], "c": ["x", "1,5"]}))
    >>> table.to_pydict()
    {'a': ['1.76', '?'], 'b': ['1.234', '2 €'], 'c': ['x', '1,5']}
    >>> changed
    {0: 'decimal', 1: 'decimal'}
    >>> without_commas(pa.table({"a": ["1,495", "950"], "b": ["0.5", ""]}), alone=True)[0].to_pydict()
    {'a': ['1495', '950'], 'b': ['0.5', '']}
    """
    missing = missing or {}
    whole = pa.table([in_one_piece_each(each) for each in table.columns], table.column_names)
    found = _columns_of(whole, _WITH_DECIMAL_COMMA, "[.,]", missing)
    decimal = [i for i in found if _settled({i: found[i]})] if alone else _settled(found)
    changed = dict.fromkeys(decimal, DECIMAL)
    if alone and not decimal:
        changed = dict.fromkeys(_with_thousands(whole, missing), THOUSANDS)
    for i, how in changed.items():
        table = table.set_column(i, table.column_names[i], _rewritten(whole.column(i), how))
    return table, changed


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


def _settled(columns: Mapping[int, Any]) -> list[int]:
    """Return the numbers of the columns whose commas are decimal marks, as one of the columns shows."""
    if not any(map(_settles_commas, columns.values())):
        return []
    are_dots_thousands = any(_has(_DOTS_ARE_THOUSANDS, cells) for cells in columns.values())
    return [i for i, cells in columns.items() if are_dots_thousands or not _has(r"\.", cells)]


def _settles_commas(cells: Any) -> bool:
    """Tell whether a cell has a comma that cannot be a thousands mark."""
    has_comma = pc.match_substring(cells, ",")
    return bool(pc.any(pc.and_not(has_comma, pc.match_substring_regex(cells, _PERHAPS_THOUSANDS))).as_py())


def _with_thousands(table: pa.Table, missing: Mapping[int, Sequence[str]]) -> list[int]:
    """Return the numbers of the columns whose commas are thousands marks, as a cell of the file shows."""
    found = _columns_of(table, _WITH_THOUSANDS, ",", missing)
    if not found:
        return []
    is_shown = any(_has(_SURELY_THOUSANDS, cells) for cells in found.values())
    numbers = _columns_of(table, _WITH_THOUSANDS, r"\.", missing)
    return list(found) if is_shown or any(map(_settles_points, numbers.values())) else []


def _settles_points(cells: Any) -> bool:
    """Tell whether a cell has a point that cannot be a thousands mark."""
    has_point = pc.match_substring_regex(cells, _WITH_POINT)
    return bool(pc.any(pc.and_not(has_point, pc.match_substring_regex(cells, _PERHAPS_DOTTED))).as_py())


def _rewritten(column: Any, how: str) -> Any:
    if how == THOUSANDS:
        return pc.if_else(
            pc.match_substring_regex(column, _WITH_THOUSANDS), pc.replace_substring(column, ",", ""), column
        )
    without_dots = pc.replace_substring(column, ".", "")
    is_number = pc.match_substring_regex(column, _WITH_DECIMAL_COMMA)
    return pc.if_else(is_number, pc.replace_substring(without_dots, ",", "."), column)


def mark_commas(frame: pd.DataFrame, written: Mapping[str, str]) -> None:
    """Keep in mind which columns were rewritten, and what their commas were."""
    frame.attrs[_MARK] = dict(written)


def commas_of(series: "pd.Series[Any]") -> str:
    """Return what the column's commas were in its file, before it was rewritten; empty if it was not."""
    return str(series.attrs.get(_MARK, {}).get(series.name, ""))


def how_written(commas: str) -> str:
    """Say with which commas a column was written; empty if with none.

    Examples
    --------
    >>> how_written("decimal"), how_written("")
    ('written with decimal commas', '')
    """
    return f"written with {commas} commas" if commas else ""


def in_plain(cells: Coded, commas: str) -> Coded:
    """Return cells as a column whose commas are known is meant: 1.234,5 as 1234.5 where they are decimal marks.

    Examples
    --------
    >>> in_plain(Coded(np.arange(2), np.array(["1,250 €", "7"], dtype=object)), "decimal").texts.tolist()
    ['1.250 €', '7']
    """

    def plain(text: str) -> str:
        return text.replace(".", "").replace(",", ".") if commas == DECIMAL else text.replace(",", "")

    texts = [plain(text) if commas and "," in text else text for text in cells.texts]
    return Coded(cells.codes, np.array(texts, dtype=object))


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
