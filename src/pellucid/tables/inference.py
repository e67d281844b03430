"""Find out what the columns of a table mean, by looking at every cell.

Numbers stay numbers even where they are few and whole; text that reads as numbers becomes numbers, unless a zero stands
in front (020): those are codes. Columns that cannot help are ignored with a note that says why: no values, the same
value everywhere, a copy of another column, free text, identifiers.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from pellucid.errors import DataError
from pellucid.spec.checks import shown
from pellucid.tables.blocks import number_blocks, plain_numbers, summarise
from pellucid.tables.cells import (
    EXCESSIVE,
    LARGEST_NUMBER,
    Coded,
    FloatArray,
    TextArray,
    coded,
    have_leading_zeros,
    have_signs,
    read_booleans,
    read_numbers,
)
from pellucid.tables.clocks import are_durations, note_of_lost_times, read_measured, unit_of, what_counts
from pellucid.tables.date_forms import ISO_DATE, example_of, names_a_day
from pellucid.tables.dates import date_format_of, note_of_lost_dates, read_dates
from pellucid.tables.decimals import (
    have_commas,
    how_written,
    in_plain,
    marks_of,
    marks_shown,
    numbers_with_commas,
    perhaps_thousands_dots,
)
from pellucid.tables.duplicates import find_copies
from pellucid.tables.frames import counted, in_list, to_pandas
from pellucid.tables.missing import DECLARE, MissingValues, empty_cells, note_of_met
from pellucid.tables.schema import MOST_LEVELS, ColumnSchema, Schema, date_parts, require_columns, shortened
from pellucid.tables.sentinels import CANDIDATES, note_of_sentinels
from pellucid.tables.thousands import in_one_piece
from pellucid.tables.zones import zone_of

__all__ = ["IDENTIFIER", "infer_schema", "is_lost", "nearly_numbers_or_dates", "text_column", "unless_useless"]

IDENTIFIER = "by its name and values an identifier"

_COMMAS = "numbers with commas inside: read as text; write 1,234 as 1234, and 1,5 as 1.5"
_POINTS = "dots before three digits: read as decimal points; write 1.234 as 1234 if they stand between thousands"
_CODES = "numbers with zeros in front: read as codes"
_SIGNS = "written with signs of money or per cent, or with marks between thousands"
_UNITS = "numbers with signs or units: read as text; write them as plain numbers"
_WITH_UNITS = re.compile(
    r"[~≈<>≤≥±]?=?\s*\(?\s*([€$£¥]|[A-Z]{3}\s)?\s*[-+(]?\s*[€$£¥]?\s*\d[\d.,'’\s]*"
    r"(\s*[€$£¥%°][A-Za-z/²³]{0,4}|[kKM]|\s[A-Za-z°/%²³]{1,6})?\s*\)?"
)
_WITH_TRAILING_MINUS = re.compile(r"\d[\d.,]*-", re.ASCII)  # as SAP writes negative numbers
_MOSTLY_NUMBERS = "mostly numbers"
_NESTED = "cells of several values, read as text; put each of the values into a column of its own"
_COMPLEX = "complex numbers, read as text; put their real and imaginary parts into columns of their own"
_LOST_DATES = ("dates written in several ways", "mostly dates", "mostly times of day", "mostly durations")
_LOST = (_COMMAS, _UNITS, _MOSTLY_NUMBERS, _NESTED, _COMPLEX, *_LOST_DATES)
_SENTINELS = frozenset(CANDIDATES.tolist())
_MOSTLY = 0.9  # share of the cells, or of the different texts, that are numbers from which the others are named
_MOST_NAMED = 3
_IDENTIFIER = re.compile(r"(?i:unnamed:? ?\d+|index|row|(.*[\s_.-])?(id|uuid|guid))|.*[a-z](Id|ID)")


def infer_schema(table: Any, target: str | None = None, *, missing_values: Any = None) -> Schema:
    """Find out what the columns of a table mean.

    Parameters
    ----------
    table : pandas, polars or Arrow table, or NumPy array (rows, columns)
    target : str, optional
        Name of the column to be predicted; it is left out.
    missing_values : text, number, list of such, mapping of columns to such, or MissingValues, optional
        What cells say that mean that a value is missing: in all columns, or in those named. What reads tables by the
        schema takes it from there.

    Raises
    ------
    DataError
        If the table has no rows, two columns share a name, there is no such target, or missing_values are none.

    Examples
    --------
    >>> import pandas as pd
    >>> schema = infer_schema(pd.DataFrame({"size": ["3.5", "?", "12"], "sold": ["2020-01-31"] * 3}))
    >>> [(column.label, column.kind) for column in schema.columns]
    [('size', 'number'), ('sold', 'ignored')]
    >>> print(infer_schema(pd.DataFrame({"age": [31, -999, 28]}), missing_values=-999).columns[0].meaning())
    number from 28 to 31; -999 (1 cell) counts as missing, as declared
    """
    frame, missing = to_pandas(table), MissingValues.of(missing_values)
    missing.check_columns(frame.columns)
    if target is not None:
        require_columns(frame, [target])
    if frame.empty:
        raise DataError(f"A table must have at least one row and one column; got {frame.shape}.")
    declared = missing.by_column(label for label in frame.columns if label != target) if missing else {}
    frame, met = empty_cells(frame, declared)
    places = [i for i, label in enumerate(frame.columns) if label != target]
    plain = plain_numbers(frame)
    found = _plain_columns(frame, np.array([i for i in places if plain[i]], dtype=np.int64))
    for i in places:
        if not plain[i]:
            found[i] = _infer_column(frame.columns[i], frame.iloc[:, i])
    columns = [unless_useless(found[i], len(frame)) for i in places]
    copies = find_copies(frame, columns)
    columns = [
        _ignored(each, f"the same as {copies[each.label]!r}") if each.label in copies else each for each in columns
    ]
    columns = [_declared(each, declared.get(each.label, ()), met.get(each.label, {})) for each in columns]
    return Schema(tuple(columns), len(frame), target)


def _declared(column: ColumnSchema, values: tuple[str, ...], met: Mapping[str, int]) -> ColumnSchema:
    """Return a column with what was declared to mean missing in it, and a word where it occurs."""
    if not values or column.kind == "ignored":
        return column
    return replace(column, note="; ".join(filter(None, (column.note, note_of_met(met)))), missing_values=values)


def _plain_columns(frame: pd.DataFrame, places: NDArray[np.int64]) -> dict[int, ColumnSchema]:
    """Describe columns of plain numbers, many at once."""
    found: dict[int, ColumnSchema] = {}
    labels, rows = frame.columns.to_numpy(), len(frame)
    for part, block, excessive in number_blocks(frame, places):
        facts = summarise(block)
        columns = (facts.present, facts.distinct, facts.low, facts.high, excessive)
        for i, block_row, *each in zip(places[part], block, *(array.tolist() for array in columns), strict=True):
            present, distinct, low, high, infinite = each
            column = _number(
                labels[i], rows - present, distinct, low, high, _remarks("", infinite, block_row, low, high)
            )
            found[int(i)] = _unless_identifier(column, block_row)
    return found


def _infer_column(label: str, series: "pd.Series[Any]") -> ColumnSchema:
    typed = _infer_typed(label, series)
    if typed is not None:
        return typed
    column = text_column(label, coded(series), marks_of(series))
    odd = _odd_types(series)
    if column.kind != "category" or not odd:
        return column
    return replace(column, note="; ".join(filter(None, (odd, column.note))))


def _infer_typed(label: str, series: "pd.Series[Any]") -> ColumnSchema | None:
    """Trust a type that says it all; None where the cells must be looked at."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _category(label, coded(series))
    if types.is_bool_dtype(dtype):
        return _boolean(label, read_booleans(series)[0])
    if types.is_datetime64_any_dtype(dtype):
        zone = zone_of(series)
        return _date(label, read_dates(series, zone=zone)[0], ISO_DATE, zone)
    if are_durations(series):
        return _measured(label, series, "days")
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        return _numbers(label, read_numbers(series)[0])
    return None


def text_column(label: str, cells: Coded, marks: str = "") -> ColumnSchema:
    """Describe a column of text.

    Parameters
    ----------
    label : str
    cells : Coded
    marks : {'', 'decimal commas', 'thousands commas', 'thousands dots', 'decimal points'}
        What commas and dots were in its file, where it holds numbers, before they were rewritten.
    """
    found = marks or marks_shown(cells.texts)
    plain = cells if marks else in_plain(cells, found)
    values, wrong = read_numbers(plain)
    codes = have_leading_zeros(cells.texts)
    if not wrong.any() and not codes and not np.isnan(values).all():
        note = how_written(found) or (_POINTS if perhaps_thousands_dots(cells.texts) else "")
        if have_signs(plain.texts):
            note = f"{note}, and with signs of money or per cent" if note else _SIGNS
        return replace(_numbers(label, values, note), marks=found)
    truths, not_truths = read_booleans(cells)
    if not not_truths.any() and {0.0, 1.0} <= set(truths):
        return _boolean(label, truths)
    date_format = date_format_of(cells)
    if date_format is not None:
        return _date(label, read_dates(cells, date_format)[0], date_format)
    unit = unit_of(cells)
    if unit:
        return _measured(label, cells, unit)
    column = _category(label, cells)
    note = _CODES if codes and not wrong.any() else column.note or _why_only_text(cells)
    return replace(column, note=note)


def _why_only_text(cells: Coded) -> str:
    """Say why a column is text though it could nearly be something else; nothing if it could not."""
    texts = cells.texts
    return _why_text(cells) or note_of_lost_dates(texts) or note_of_lost_times(texts) or _why_no_numbers(texts)


def _why_text(cells: Coded) -> str:
    """Name what is no number in a column of numbers, with commas inside or without; nothing if it is no such column."""
    alone = Coded(np.arange(len(cells.texts)), cells.texts)
    with_commas = have_commas(cells.texts)
    odd = read_numbers(alone)[1] & ~with_commas
    counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(odd))
    cells_odd, present = int(counts[odd].sum()), int(counts.sum())
    few = cells_odd <= (1 - _MOSTLY) * present
    few_texts = odd.sum() <= (1 - _MOSTLY) * len(odd) and 2 * cells_odd <= present
    if not odd.any() or not (few or few_texts):
        return ""
    words = cells.texts[odd]
    named = ", ".join(shown(word) for word in words[:_MOST_NAMED]) + (" …" if len(words) > _MOST_NAMED else "")
    commas = " with commas inside" if with_commas.any() else ""
    remedy = "" if any(letter.isdigit() for word in words for letter in word) else f"; if that means missing, {DECLARE}"
    return f"{_MOSTLY_NUMBERS}{commas}, read as text because of {named}{remedy}"


def _why_no_numbers(texts: TextArray) -> str:
    """Name the signs and units of a column in which some numbers have them; nothing if it is no such column."""
    odd = texts[read_numbers(Coded(np.arange(len(texts)), texts))[1] & ~have_commas(texts)]
    return _UNITS if 0 < len(odd) < len(texts) and all(map(_has_unit, odd)) else ""


def nearly_numbers_or_dates(cells: Coded) -> str:
    """Say of a target's classes that they are dates or times, or but for how they are written numbers; else nothing.

    Examples
    --------
    >>> nearly_numbers_or_dates(Coded(np.arange(2), np.array(["85 min", "7 min"], dtype=object)))
    'numbers with signs or units: read as text; write them as plain numbers'
    """
    column = text_column("", cells)
    if column.kind == "date" or column.unit:
        return f"{what_counts(column.unit) or 'dates'}, taken as classes"
    return column.note if column.kind == "category" else ""


def is_lost(column: ColumnSchema) -> bool:
    """Tell whether a column is ignored though its cells are numbers or dates, but for how they are written or kept.

    Examples
    --------
    >>> schema = infer_schema(pd.DataFrame({"size": [f"1,{i}" for i in range(100)], "y": range(100)}))
    >>> [is_lost(column) for column in schema.columns]
    [True, False]
    """
    remarks = (column.note, *column.note.split("; "))
    return column.kind == "ignored" and any(remark.startswith(_LOST) for remark in remarks)


def _odd_types(series: "pd.Series[Any]") -> str:
    """Say that cells hold several values each, or complex ones, or are of several types that do not go together."""
    if types.is_complex_dtype(series.dtype):
        return _COMPLEX
    if not types.is_object_dtype(series.dtype):
        return ""
    inferred = types.infer_dtype(series, skipna=True)
    if inferred == "complex":
        return _COMPLEX
    if not inferred.startswith("mixed"):
        return ""
    present = series[~series.isna()]
    if all(isinstance(cell, list | tuple | dict | set | frozenset | np.ndarray) for cell in present):
        return _NESTED
    kinds = sorted({type(cell).__name__ for cell in present})
    return f"mixed types ({shortened(kinds)}), read as text" if len(kinds) > 1 else ""


def _numbers(label: str, values: FloatArray, note: str = "") -> ColumnSchema:
    excessive = np.abs(values) > LARGEST_NUMBER
    values = np.where(excessive, np.nan, values)
    facts = summarise(values[np.newaxis])
    present, distinct, low, high = (array[0].item() for array in (facts.present, facts.distinct, facts.low, facts.high))
    note = _remarks(note, int(excessive.sum()), values, low, high)
    return _unless_identifier(_number(label, len(values) - present, distinct, low, high, note), values)


def _measured(label: str, cells: "pd.Series[Any] | Coded", unit: str) -> ColumnSchema:
    """Describe times of day or durations: numbers that count hours or days."""
    note = {"hours": "a time of day, in hours", "days": "a duration, in days"}[unit]
    return replace(_numbers(label, read_measured(cells, unit)[0], note), unit=unit)


def _number(label: str, missing: int, distinct: int, low: float, high: float, note: str) -> ColumnSchema:
    if not distinct:
        return ColumnSchema(label, "number", missing, note=note)
    return ColumnSchema(label, "number", missing, distinct, low=low, high=high, note=note)


def _remarks(note: str, excessive: int, values: FloatArray, low: float, high: float) -> str:
    """Add to the note of a column of numbers what is worth knowing of its values; so many are excessive."""
    cells = "1 cell is" if excessive == 1 else f"{excessive} cells are"
    told = f"{cells} {EXCESSIVE}, too large to learn from: counted and treated as missing"
    sentinels = note_of_sentinels(values) if {low, high} & _SENTINELS else ""
    return "; ".join(filter(None, (note, told if excessive else "", sentinels)))


def _unless_identifier(column: ColumnSchema, values: FloatArray) -> ColumnSchema:
    if column.distinct == len(values) and _IDENTIFIER.fullmatch(column.label) and not (values % 1).any():
        return _ignored(column, IDENTIFIER)
    return column


def _ignored(column: ColumnSchema, note: str) -> ColumnSchema:
    return ColumnSchema(column.label, "ignored", column.missing, column.distinct, note=note)


def _boolean(label: str, values: FloatArray) -> ColumnSchema:
    missing = int(np.isnan(values).sum())
    return ColumnSchema(label, "boolean", missing, len(np.unique(values[~np.isnan(values)])))


def _date(label: str, days: FloatArray, date_format: str, zone: str = "") -> ColumnSchema:
    usable = days[~np.isnan(days)]
    if not len(usable):
        return ColumnSchema(label, "date", len(days))
    parts = date_parts(usable).items()
    varying = [part for part, values in parts if len(np.unique(values)) > 1]
    if not names_a_day(date_format):
        varying = [part for part in varying if part in ("year", "month")]
    return ColumnSchema(
        label,
        "date",
        len(days) - len(usable),
        len(np.unique(usable)),
        low=float(usable.min()),
        high=float(usable.max()),
        date_format=date_format,
        zone=zone,
        parts=tuple(varying),
        note=f"in the time of {zone}" if zone else _how_dates_are_written(date_format),
    )


def _how_dates_are_written(date_format: str) -> str:
    return "" if date_format == ISO_DATE else f"written like {example_of(date_format)}"


def _category(label: str, cells: Coded) -> ColumnSchema:
    levels = tuple(sorted(cells.texts))
    note = _COMMAS if numbers_with_commas(levels) else _UNITS if _have_units(levels) else ""
    return ColumnSchema(label, "category", int((cells.codes < 0).sum()), len(levels), levels, note=note)


def _have_units(levels: tuple[str, ...]) -> bool:
    """Tell whether most texts are a number with a unit, a currency, an accountant's marks or a sign like <."""
    return sum(map(_has_unit, levels)) > _MOSTLY * len(levels) > 0


def _has_unit(text: str) -> bool:
    text = in_one_piece(" ".join(text.split()))  # among many spaces the pattern would search for ever
    if set(text) <= set("0123456789+-.,'’ "):
        return _WITH_TRAILING_MINUS.fullmatch(text) is not None
    return _WITH_UNITS.fullmatch(text) is not None


def unless_useless(column: ColumnSchema, rows: int) -> ColumnSchema:
    """Return the column; as ignored, with a note that says why, if nothing can be learned from it."""
    reason = _why_ignored(column, rows)
    return column if reason is None else _ignored(column, reason)


def _why_ignored(column: ColumnSchema, rows: int) -> str | None:
    if column.kind == "ignored":
        return column.note
    present = rows - column.missing
    if present == 0:
        return f"no values to learn from: {column.note}" if column.note else "no values"
    if column.distinct == 1 and column.missing == 0:
        return f"the same value in every row{': ' + shortened(map(in_list, column.levels)) if column.levels else ''}"
    if column.kind == "category" and column.distinct > max(20, present / 2):
        found = f"{counted(column.distinct, 'different text')} in {counted(present, 'row')}"
        return f"{column.note} ({found})" if column.note else f"free text or an identifier: {found}"
    if column.kind == "category" and column.distinct > MOST_LEVELS:
        return f"{column.distinct} different texts; at most {MOST_LEVELS} can be learned from"
    return None
