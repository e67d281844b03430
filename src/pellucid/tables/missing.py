"""Values that a person declares to mean missing, such as -999 or 'unknown': their cells are read as empty ones.

A declared number means every cell that says this number, however it is written: -999, -999.0, or text. A declared text
means the cells that say exactly this; in a column of dates, this day. Texts such as 007 are codes, not numbers.
"""

import csv
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from pellucid.errors import DataError, DataWarning, did_you_mean, near
from pellucid.spec.checks import shown
from pellucid.tables.cells import (
    MISSING_WORDS,
    BoolArray,
    Coded,
    FloatArray,
    TextArray,
    coded,
    have_leading_zeros,
    read_numbers,
    text_of_cell,
)
from pellucid.tables.date_forms import ISO_DATE
from pellucid.tables.dates import read_dates
from pellucid.tables.frames import column_name, in_list

__all__ = [
    "DECLARE",
    "Met",
    "MissingValues",
    "empty_cells",
    "never_met",
    "note_of_met",
    "split_list",
    "warn_if_never_met",
]

DECLARE = "leave these cells empty, or declare it (missing_values, --missing)"
"""What to do with cells that say something and mean that there is nothing."""

_RULE = "'missing_values' must be a text, a number, a list of such, or a mapping of columns to them"

Met = Mapping[str, Mapping[str, int]]
"""For each column the declared values that occur in it, and in how many cells."""


@dataclass(frozen=True)
class MissingValues:
    """What cells say that mean that a value is missing.

    Parameters
    ----------
    everywhere : tuple of str
        In all columns.
    of_column : mapping of str to tuple of str
        In single ones.

    Examples
    --------
    >>> missing = MissingValues.of([-999, "unknown"])
    >>> missing.by_column(["age", "town"])
    {'age': ('-999', 'unknown'), 'town': ('-999', 'unknown')}
    >>> MissingValues.of({"age": -1}).by_column(["age", "town"])
    {'age': ('-1',), 'town': ()}
    """

    everywhere: tuple[str, ...] = ()
    of_column: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Any) -> "MissingValues":
        """Read what a user gave: None, a value, a list of values, or a mapping of columns to such.

        What is missing anyway, such as the text NA, need not be declared, and is left out.

        Raises
        ------
        DataError
            If it is none of these.
        """
        if given is None:
            return cls()
        if isinstance(given, MissingValues):
            return given
        if isinstance(given, Mapping):
            return cls(of_column={column_name(label): _texts(values) for label, values in given.items()})
        return cls(_texts(given))

    @classmethod
    def written(cls, given: Sequence[str] | None) -> "MissingValues":
        """Read what a person wrote: values for all columns, and COLUMN=VALUE for one, with commas between them.

        Examples
        --------
        >>> MissingValues.written(["-999,unknown", "age=-1"]).by_column(["age", "town"])
        {'age': ('-999', 'unknown', '-1'), 'town': ('-999', 'unknown')}
        """
        everywhere: list[str] = []
        of_column: dict[str, list[str]] = {}
        for text in split_list(given):
            label, equals, value = text.partition("=")
            if equals and label.strip():
                of_column.setdefault(label.strip(), []).append(value.strip())
            else:
                everywhere.append(text)
        return cls(cls.of(everywhere).everywhere, cls.of(of_column).of_column)

    def __bool__(self) -> bool:
        return bool(self.everywhere) or any(self.of_column.values())

    def by_column(self, labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each of these columns what means missing in it."""
        return {label: tuple(dict.fromkeys((*self.everywhere, *self.of_column.get(label, ())))) for label in labels}

    def check_columns(self, labels: Iterable[str]) -> None:
        """Raise DataError if a column is named that is not there."""
        known = list(labels)
        absent = [label for label in self.of_column if label not in set(known)]
        if absent:
            raise DataError(
                f"'missing_values' must name columns of the table; {absent[0]!r} is none."
                f"{near(absent[0], known) or did_you_mean(absent[0], known[:50])}"
            )


def split_list(given: Sequence[str] | None) -> tuple[str, ...]:
    """Split names or values at commas, as in a line of CSV; each once.

    Examples
    --------
    >>> split_list(["a, b", '"net, total",c'])
    ('a', 'b', 'net, total', 'c')
    """
    rows = csv.reader(given or (), skipinitialspace=True)
    return tuple(dict.fromkeys(stripped for row in rows for part in row if (stripped := part.strip())))


def _texts(given: Any) -> tuple[str, ...]:
    is_list = isinstance(given, Sequence | np.ndarray | set | frozenset) and not isinstance(given, str | bytes)
    texts = [_text(value) for value in (given if is_list else [given])]
    return tuple(dict.fromkeys(text for text in texts if text not in MISSING_WORDS))


def _text(value: Any) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    is_number = isinstance(plain, Real) and not isinstance(plain, bool)
    if not (isinstance(plain, str) or is_number):
        raise DataError(f"{_RULE}; got {shown(value)}.")
    if is_number and np.isnan(float(plain)):
        raise DataError(f"{_RULE}; got {shown(value)}, which is missing anyway. Leave it out.")
    return text_of_cell(plain)


def empty_cells(frame: pd.DataFrame, declared: Mapping[str, tuple[str, ...]]) -> tuple[pd.DataFrame, Met]:
    """Return the table with the declared cells empty, and which values occurred.

    Parameters
    ----------
    frame : pandas.DataFrame
        It stays as it is.
    declared : mapping of str to tuple of str
        For columns, what means missing in them.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [31, -999, 28], "town": ["unknown", "Ulm", "-999.0"]})
    >>> emptied, met = empty_cells(frame, MissingValues.of([-999, "unknown"]).by_column(frame.columns))
    >>> emptied["age"].isna().tolist(), emptied["town"].isna().tolist()
    ([False, True, False], [True, False, True])
    >>> met
    {'age': {'-999': 1}, 'town': {'-999': 1, 'unknown': 1}}
    """
    emptied: dict[str, Any] = {}
    met: dict[str, dict[str, int]] = {}
    for label, texts in declared.items():
        found = _found(frame[label], texts) if texts and label in frame.columns else {}
        if found:
            met[label] = {text: int(cells.sum()) for text, cells in found.items()}
            emptied[label] = frame[label].mask(np.any(list(found.values()), axis=0))
    return (frame.assign(**emptied) if emptied else frame), met


def _found(series: "pd.Series[Any]", texts: Sequence[str]) -> dict[str, BoolArray]:
    """Return for each value that occurs the cells that say it."""
    dtype = series.dtype
    if types.is_bool_dtype(dtype) or types.is_timedelta64_dtype(dtype) or types.is_complex_dtype(dtype):
        return {}
    declared = _read_alone(texts)
    if types.is_datetime64_any_dtype(dtype):
        return _equal(read_dates(series)[0], texts, read_dates(_each(texts), ISO_DATE)[0])
    if types.is_numeric_dtype(dtype):
        if isinstance(dtype, np.dtype) and dtype.kind == "f":
            declared = declared.astype(dtype).astype(np.float64)  # 99.9 in single precision is another number
        return _equal(read_numbers(series)[0], texts, declared)
    cells = coded(series)
    return _said(cells, texts, declared)


def _said(cells: Coded, texts: Sequence[str], declared: FloatArray) -> dict[str, BoolArray]:
    """Return for each value that occurs the cells of text that say it."""
    values = _read_alone(cells.texts)
    found = {}
    for text, number in zip(texts, declared, strict=True):
        says = np.append((cells.texts == text) | (values == number), False)
        if says.any():
            found[text] = says[cells.codes]
    return found


def _equal(values: FloatArray, texts: Sequence[str], declared: FloatArray) -> dict[str, BoolArray]:
    found = {text: values == number for text, number in zip(texts, declared, strict=True)}
    return {text: cells for text, cells in found.items() if cells.any()}


def _read_alone(texts: Sequence[str] | TextArray) -> FloatArray:
    """Return each text as a number; NaN where it is none, or a code with zeros in front."""
    values = read_numbers(_each(texts))[0]
    are_codes = [have_leading_zeros(np.array([text], dtype=object)) for text in texts]
    return np.where(are_codes, np.nan, values) if len(values) else values


def _each(texts: Sequence[str] | TextArray) -> Coded:
    return Coded(np.arange(len(texts)), np.array([*texts], dtype=object))


def note_of_met(counts: Mapping[str, int]) -> str:
    """Say which declared values occur in a column; nothing if none do.

    Examples
    --------
    >>> note_of_met({"-999": 2, "unknown": 1})
    '-999 (2 cells) and unknown (1 cell) count as missing, as declared'
    """
    told = [f"{in_list(text)} ({count} cell{'s' if count != 1 else ''})" for text, count in counts.items()]
    verb = "counts" if len(told) == 1 else "count"
    return f"{' and '.join(told)} {verb} as missing, as declared" if told else ""


def warn_if_never_met(
    missing: MissingValues,
    met: Met,
    frame: pd.DataFrame | None = None,
    *,
    name: str = "missing_values",
    is_part: bool = False,
) -> None:
    """Say aloud which declared values no cell has, in case they are written otherwise.

    One that is misspelt would be learned from as if it were a value, which nothing else would tell.

    Parameters
    ----------
    missing : MissingValues
    met : mapping
        What `empty_cells` found.
    frame : pandas.DataFrame, optional
        Where to look for texts that differ in capital letters only.
    name : str
        Of the parameter or option that declared them.
    is_part : bool
        Whether the table may be a part of the one that they were declared for, as a fold is, and lack them by chance:
        then only those are told of that differ from a text of the table in capital letters only.
    """
    never = _never(missing, met)
    near = _in_other_letters(frame, never)
    if is_part:
        never = [each for each in never if near[each]]
    if never:
        what = f"values of '{name}' occur" if len(never) > 1 else f"value of '{name}' occurs"
        meant = list(dict.fromkeys(repr(text) for each in never for text in near[each]))[:3]
        hint = f" Did you mean {' or '.join(meant)}?" if meant else ""
        warnings.warn(
            f"The {what} in no cell: {', '.join(map(_told, never))}.{hint} If a cell means missing and is written "
            "otherwise, declare it as it is written.",
            DataWarning,
            stacklevel=3,
        )


def never_met(missing: MissingValues, met: Met) -> list[str]:
    """Name the declared values that no cell has, as they are told.

    Examples
    --------
    >>> never_met(MissingValues.of([-999, "none"]), {"age": {"-999": 2}})
    ["'none'"]
    """
    return list(map(_told, _never(missing, met)))


class _Declared(NamedTuple):
    """A text that means missing, and in which column; None: in all."""

    text: str
    label: str | None = None


def _never(missing: MissingValues, met: Met) -> list[_Declared]:
    occurring = {text for texts in met.values() for text in texts}
    never = [_Declared(text) for text in missing.everywhere if text not in occurring]
    for label, texts in missing.of_column.items():
        never += [_Declared(text, label) for text in texts if text not in met.get(label, {})]
    return never


def _told(declared: _Declared) -> str:
    where = "" if declared.label is None else f" (in column {declared.label!r})"
    return f"{declared.text!r}{where}"


_MOST_TEXTS = 10_000


def _in_other_letters(frame: pd.DataFrame | None, never: Sequence[_Declared]) -> dict[_Declared, list[str]]:
    """Return for each of these values the texts of the table that differ from it in capital letters only."""
    near: dict[_Declared, dict[str, None]] = {each: {} for each in never}
    for label, series in () if frame is None else frame.items():
        asked = [each for each in never if each.label in (None, label)]
        if asked and (types.is_object_dtype(series.dtype) or types.is_string_dtype(series.dtype)):
            folded = [(str(text).casefold(), str(text)) for text in coded(series).texts[:_MOST_TEXTS]]
            for each in asked:
                near[each] |= dict.fromkeys(text for small, text in folded if small == each.text.casefold())
    return {each: list(texts) for each, texts in near.items()}
