"""Numbers with commas: decimal commas in files, and commas in text.

``1,234`` can be 1.234 or 1234. It is read as a decimal comma only where another cell of the file settles it, such as
``1,76``; likewise dots are taken for thousands marks only where a cell such as ``1.234,5`` shows that they are. Where
commas separate the columns, and numbers with commas stand between quotation marks, the other cell must be one of the
same column.
"""

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pellucid.tables.cells import ALSO_MISSING, MISSING_WORDS

__all__ = ["has_decimal_commas", "mark_decimal_commas", "numbers_with_commas", "with_decimal_points"]

_MARK = "decimal commas"  # key in the attributes of a pandas table
_GROUPED = r"[1-9]\d{0,2}(?:\.\d{3})+"
_DECIMAL = rf"^[+-]?(?:(?:\d+|{_GROUPED})(?:,\d+)?|,\d+)(?:[eE][+-]?\d+)?$"
_PERHAPS_THOUSANDS = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_DOTS_ARE_THOUSANDS = r"\.\d{3}[.,]"
_WITH_COMMAS = re.compile(r"[+-]?\d+(?:,\d+)+(?:\.\d*)?|[+-]?[\d.]*\d,\d+", re.ASCII)
_WITHOUT_COMMAS = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)


def with_decimal_points(table: pa.Table, *, alone: bool = False) -> tuple[pa.Table, list[int]]:
    """Rewrite numbers with decimal commas, as 1.234,5, to ones with decimal points, as 1234.5.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text.
    alone : bool
        Whether each column must settle by itself what its commas are.

    Returns
    -------
    table : pyarrow.Table
    changed : list of int
        Numbers of the columns rewritten: all that hold nothing else, if commas are decimal marks beyond doubt.

    Examples
    --------
    >>> table, changed = with_decimal_points(pa.table({"a": ["1,76", "?"], "b": ["1,234", "2"], "c": ["x", "1,5"]}))
    >>> table.to_pydict(), changed
    ({'a': ['1.76', '?'], 'b': ['1.234', '2'], 'c': ['x', '1,5']}, [0, 1])
    """
    found = {i: cells for i, column in enumerate(table.columns) if (cells := _numbers_of(column)) is not None}
    changed = [i for i in found if _settled({i: found[i]})] if alone else _settled(found)
    for i in changed:
        table = table.set_column(i, table.column_names[i], _rewritten(table.column(i)))
    return table, changed


def _settled(columns: dict[int, Any]) -> list[int]:
    """Return the numbers of the columns whose commas are decimal marks, as one of the columns shows."""
    if not any(map(_settles_commas, columns.values())):
        return []
    are_dots_thousands = any(_has(_DOTS_ARE_THOUSANDS, cells) for cells in columns.values())
    return [i for i, cells in columns.items() if are_dots_thousands or not _has(r"\.", cells)]


def _numbers_of(column: Any) -> Any:
    """Return the cells that are not missing if all are numbers with decimal commas, and one has a comma or dot."""
    missing = pc.is_in(column, value_set=pa.array(sorted(MISSING_WORDS | ALSO_MISSING)))
    cells = column.filter(pc.invert(missing))
    if not _has(r"[.,]", cells) or not pc.all(pc.match_substring_regex(cells, _DECIMAL)).as_py():
        return None
    return cells


def _has(pattern: str, cells: Any) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())


def _settles_commas(cells: Any) -> bool:
    """Tell whether a cell has a comma that cannot be a thousands mark."""
    has_comma = pc.match_substring(cells, ",")
    return bool(pc.any(pc.and_not(has_comma, pc.match_substring_regex(cells, _PERHAPS_THOUSANDS))).as_py())


def _rewritten(column: Any) -> Any:
    is_number = pc.match_substring_regex(column, _DECIMAL)
    without_dots = pc.replace_substring(column, ".", "")
    return pc.if_else(is_number, pc.replace_substring(without_dots, ",", "."), column)


def mark_decimal_commas(frame: pd.DataFrame, labels: Iterable[str]) -> None:
    """Keep in mind, for the notes on its columns, which ones were written with decimal commas."""
    frame.attrs[_MARK] = list(labels)


def has_decimal_commas(series: "pd.Series[Any]") -> bool:
    """Tell whether the column was written with decimal commas in its file."""
    return series.name in series.attrs.get(_MARK, ())


def numbers_with_commas(texts: Iterable[str | None]) -> bool:
    """Tell whether all texts are numbers, some with commas inside, so that one may wonder why they are text.

    Examples
    --------
    >>> numbers_with_commas(["1,234", "17", None]), numbers_with_commas(["17"]), numbers_with_commas(["a,b"])
    (True, False, False)
    """
    present = [text for text in texts if text is not None and text not in ALSO_MISSING]
    commas = [text for text in present if "," in text]
    plain = (text for text in present if "," not in text)
    return bool(commas) and all(map(_WITH_COMMAS.fullmatch, commas)) and all(map(_WITHOUT_COMMAS.fullmatch, plain))
