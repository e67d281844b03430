"""Own tables: a file that was dropped or text that was pasted, as rows that a network can learn from.

Numbers stay as they are, dates become days, yes and no 1 and 0, a category one input a level. A missing cell is the
column's median, and a mark beside it says so, unless it is to be filled otherwise. Rows without a target are left out.
Medians, and which levels there are, are learned from the rows that train.
"""

import hashlib
import io
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet

from pellucid.errors import DataError, PellucidError
from pellucid.tables import ColumnSchema, Target, infer_schema, read_table, split_rows
from pellucid.tables.cells import coded, read_numbers
from pellucid.tables.columns import measure_names, read_coded, read_measures
from pellucid.tables.missing import MissingValues, empty_cells, never_met
from pellucid.tables.reading import OR_ENCODING
from pellucid.textbook.arrays import Array
from pellucid.workbench.limits import MOST_COLUMNS, MOST_LEVELS, MOST_ROWS, TEXT, UPLOAD_BYTES
from pellucid.workbench.settings import Table
from pellucid.workbench.sources import Rows

__all__ = ["Tables", "Upload", "coded_missing", "read_upload", "table_rows"]

MOST_LISTED = 60
"""Levels of a category that a page can choose among: the most frequent."""
OTHER = "other"
FILLS = {"number": ("median", "mean", "zero", "drop"), "category": ("none", "frequent", "level", "drop")}
"""What stands for a missing cell; the first where nothing else is chosen."""
MOST_TABLES = 8
UNPACKED = 1 << 30
"""Bytes that a Parquet file may have when it is unpacked."""


@dataclass(frozen=True, eq=False)
class Upload:
    """A table as it came, and as it was read."""

    name: str
    data: bytes = field(repr=False)
    frame: pd.DataFrame = field(repr=False)


class Tables:
    """The tables that a server keeps, by their content; the ones used longest ago go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._read: tuple[Any, pd.DataFrame] | None = None

    def add(self, name: str, data: bytes) -> Table:
        """Read a table and keep it.

        Raises
        ------
        DataError
            If it cannot be used.
        """
        name = _safe(name)
        frame = read_upload(name, data)
        key = hashlib.sha256(data).hexdigest()[:16]
        self._kept[key] = Upload(name, data, frame)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_TABLES:
            self._kept.popitem(last=False)
        return Table(key, name, str(frame.columns[-1]))

    def get(self, key: str) -> Upload:
        """Return a table that is kept.

        Raises
        ------
        DataError
            If there is none of this name.
        """
        if key not in self._kept:
            raise DataError("The table is not here (any more); drop its file again.")
        self._kept.move_to_end(key)
        return self._kept[key]

    def frame(self, choice: Table) -> pd.DataFrame:
        """Return a table as it is read where some values mean missing; the last one is remembered.

        Raises
        ------
        DataError
            If there is none of this name.
        """
        upload = self.get(choice.id)
        if not choice.missing:
            return upload.frame
        made_of = (choice.id, choice.missing)
        if self._read is None or self._read[0] != made_of:
            self._read = (made_of, read_upload(upload.name, upload.data, choice.missing))
        return self._read[1]


def _safe(name: str) -> str:
    """Return the last part of a file's name, for messages only; no path is ever made of it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:80] or "table"


def read_upload(name: str, data: bytes, missing: tuple[str, ...] = ()) -> pd.DataFrame:
    r"""Read a table from bytes: text with separators, or Parquet.

    What means missing leaves no doubt where all else are numbers.

    Raises
    ------
    DataError
        If it is none, or too large.

    Examples
    --------
    >>> read_upload("small.csv", b"a;b\n1;x\n2;y\n").shape
    (2, 2)
    """
    if len(data) > UPLOAD_BYTES:
        raise DataError(f"A table must have at most {UPLOAD_BYTES >> 20} MB; '{name}' has {len(data) >> 20}.")
    if data.startswith(b"\x1f\x8b"):
        raise DataError(f"'{name}' is packed with gzip; unpack it first.")
    if data.startswith(b"PAR1"):
        _check_parquet(name, data)
    elif data.count(b"\n") > 2 * MOST_ROWS or data.split(b"\n", 1)[0].count(b",") >= 2 * MOST_COLUMNS:
        raise DataError(f"'{name}' must have at most {MOST_ROWS} rows and {MOST_COLUMNS} columns.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table")
        path.write_bytes(data)
        try:
            frame = read_table(path, missing_values=MissingValues.written(missing))
        except PellucidError as error:
            raise DataError(str(error).replace(str(path), name).replace(OR_ENCODING, "")) from None
    if len(frame) > MOST_ROWS or len(frame.columns) > MOST_COLUMNS:
        raise DataError(
            f"A table must have at most {MOST_ROWS} rows and {MOST_COLUMNS} columns; '{name}' has {len(frame)} and "
            f"{len(frame.columns)}. Take a part of it."
        )
    if len(frame.columns) < 2:
        raise DataError(f"'{name}' must have two columns or more: what is known, and what is to be predicted.")
    return frame


def _check_parquet(name: str, data: bytes) -> None:
    try:
        about = pyarrow.parquet.ParquetFile(io.BytesIO(data)).metadata
        size = sum(about.row_group(group).total_byte_size for group in range(min(about.num_row_groups, 10_000)))
    except Exception as error:  # a damaged file meets many of Arrow's errors
        raise DataError(f"'{name}' is a damaged Parquet file ({type(error).__name__}).") from None
    if about.num_rows > MOST_ROWS or about.num_columns > MOST_COLUMNS or size > UNPACKED:
        raise DataError(f"'{name}' must have at most {MOST_ROWS} rows and {MOST_COLUMNS} columns.")


def table_rows(table: pd.DataFrame, choice: Table, train_share: float = 1.0, seed: int = 0) -> Rows:
    """Return a table's rows as numbers.

    Parameters
    ----------
    table : pandas.DataFrame
    choice : Table
        Which column is predicted, and what the others are where that was not found rightly.
    train_share : float
        Part of the rows that train, in (0, 1]; medians and levels are learned from them.
    seed : int
        Of which rows these are.

    Raises
    ------
    DataError
        If the target or no column can be used.

    Examples
    --------
    >>> frame = pd.DataFrame({"size": [1.0, None, 3.0, 2.0], "colour": ["red", "blue"] * 2, "y": [0, 1] * 2})
    >>> rows = table_rows(frame, Table("id"))
    >>> rows.names, rows.classes
    (('size', 'size is missing', 'colour=red'), ('0', '1'))
    >>> rows.columns.tolist()
    [[1.0, 0.0, 1.0], [2.0, 1.0, 0.0], [3.0, 0.0, 1.0], [2.0, 0.0, 0.0]]
    >>> table_rows(frame, Table("id", fills=(("size", "zero"),))).columns[:, 0].tolist()
    [1.0, 0.0, 3.0, 2.0]
    >>> table_rows(frame, Table("id", missing=("size=3",))).columns[:, 0].tolist()
    [1.0, 1.5, 1.5, 2.0]
    """
    label = choice.target or str(table.columns[-1])
    if label not in table.columns:
        raise DataError(f"The table has no column {label!r} to predict; choose another target.")
    missing = MissingValues.written(choice.missing)
    missing.check_columns(table.columns)
    emptied, met = empty_cells(table, missing.by_column(table.columns)) if missing else (table, {})
    has_target = ~coded_missing(emptied[label])
    known, as_read = (each[has_target].reset_index(drop=True) for each in (emptied, table))
    roles, kinds, fills = (dict(_pairs(pairs)) for pairs in (choice.roles, choice.kinds, choice.fills))
    levels = {name: chosen for name, *chosen in choice.levels}
    schema = infer_schema(as_read, label, missing_values=missing)
    columns = [_as_kind(each, known[each.label], kinds.get(each.label)) for each in schema.columns]
    used = [each.kind != "ignored" and roles.get(each.label, "input") == "input" for each in columns]
    is_whole = np.ones(len(known), bool)
    for column, is_used in zip(columns, used, strict=True):
        if is_used and fills.get(column.label) == "drop":
            is_whole &= ~coded_missing(known[column.label])
    frame = known[is_whole].reset_index(drop=True)
    if len(frame) < 4:
        raise DataError(f"At least 4 rows must be left that have a value of the target {label!r}; {len(frame)} are.")
    target = Target.of(frame[label], choice.task)
    y = read_numbers(frame[label])[0] if target.task == "regression" else target.encode(frame[label])
    train = np.arange(len(frame))
    if train_share < 1:
        train, _ = split_rows(len(frame), 1 - train_share, seed, y if target.labels else None)
    names: list[str] = []
    sources: list[str] = []
    inputs: list[Array] = []
    described = []
    for column, is_used in zip(columns, used, strict=True):
        made = _Column(column, frame[column.label], train, fills.get(column.label), levels.get(column.label))
        found = [(name, values) for name, values in made.inputs() if np.ptp(values[train]) > 0] if is_used else []
        names += [name[:TEXT] for name, _ in found]
        sources += [column.label] * len(found)
        inputs += [values for _, values in found]
        described.append(made.described("input" if found else "ignore", len(found)))
    if not inputs:
        notes = "; ".join(f"{each['name']}: {each['note'] or 'ignored'}" for each in described[:5])
        raise DataError(f"The table must have a column to learn from; it has none ({notes}).")
    distinct = len(target.labels) or len(np.unique(y))
    described.append(_of_target(label, target, distinct, int((~has_target).sum()), int((~is_whole).sum())))
    classes = tuple(str(each) for each in target.labels)
    never = never_met(missing, met)
    remarks = (f"No cell says {', '.join(never)}, which is to mean missing.",) if never else ()
    days = frozenset(measure_names(column)[0] for column in columns if column.kind == "date")
    return Rows(
        np.column_stack(inputs),
        tuple(names),
        y,
        classes,
        tuple(described),
        notes=remarks,
        days=days,
        sources=tuple(sources),
    )


def coded_missing(series: "pd.Series[Any]") -> Array:
    """Tell of each cell whether it is missing."""
    return np.asarray(coded(series).codes < 0)


def _pairs(pairs: tuple[tuple[str, ...], ...]) -> list[tuple[str, str]]:
    return [(pair[0], pair[1]) for pair in pairs]


def _as_kind(found: ColumnSchema, series: "pd.Series[Any]", kind: str | None) -> ColumnSchema:
    """Return the column as it is to be understood, if not as it was found."""
    if kind is None or kind == found.kind:
        return found
    if kind == "category":
        texts = tuple(sorted({str(text) for text in coded(series).texts}))
        return replace(found, kind="category", levels=texts, low=None, high=None, note="")
    return replace(found, kind="number", levels=(), note="")


class _Column:
    """A column on its way to inputs: what is learned of it is learned from the rows that train."""

    def __init__(
        self,
        column: ColumnSchema,
        series: "pd.Series[Any]",
        train: Array,
        fill: str | None,
        levels: list[str] | None,
    ) -> None:
        self.column, self.series, self.train, self.levels = column, series, train, levels
        self.fills = FILLS["category" if column.kind == "category" else "number"]
        self.fill = fill if fill in self.fills else self.fills[0]
        self.is_category = column.kind == "category"
        if self.is_category:
            cells = read_coded(column, series)
            self.codes, self.texts = cells.codes, [str(text) for text in cells.texts]
            known = self.codes[train]
            self.counts = np.bincount(known[known >= 0], minlength=len(self.texts))
            self.by_count = [int(code) for code in np.argsort(-self.counts, kind="stable") if self.counts[code]]

    def inputs(self) -> list[tuple[str, Array]]:
        """Return the inputs that the column becomes, and their names."""
        return self._of_levels() if self.is_category else self._of_numbers()

    def _of_levels(self) -> list[tuple[str, Array]]:
        label, codes = self.column.label, self.codes
        missing = codes < 0
        if self.fill == "frequent" and self.by_count:
            codes, missing = np.where(missing, self.by_count[0], codes), np.zeros(len(codes), bool)
        kept = self.kept()
        if self.levels is None and len(self.by_count) == len(kept) == 2 and not missing.any():
            kept = kept[1:]
        made = [(f"{label}={self.texts[code]}", (codes == code) * 1.0) for code in kept]
        if self.levels is not None:
            made.append((f"{label}={OTHER}", (~np.isin(codes, kept) & ~missing) * 1.0))
        return [*made, (f"{label} is missing", missing * 1.0)] if self.fill == "level" else made

    def kept(self) -> list[int]:
        """Return the codes of the levels that become inputs, in the order of their texts."""
        if self.levels is None:
            return sorted(self.by_count[:MOST_LEVELS], key=lambda code: self.texts[code])
        known = [code for code in self.by_count if self.texts[code] in self.levels]
        return sorted(known, key=lambda code: self.texts[code])

    def _of_numbers(self) -> list[tuple[str, Array]]:
        column = self.column
        if column.kind == "boolean":
            codes = read_coded(column, self.series).codes
            measures = [(column.label, np.where(codes < 0, np.nan, codes))]
        else:
            measures = list(zip(measure_names(column), read_measures(column, self.series), strict=True))
        missing = np.isnan(measures[0][1])
        filled = [(name, np.where(np.isnan(values), self._filling(values), values)) for name, values in measures]
        return [*filled, *([(f"{column.label} is missing", missing * 1.0)] if missing.any() else [])]

    def _filling(self, values: Array) -> float:
        known = values[self.train]
        known = known[~np.isnan(known)]
        if self.fill == "zero" or not len(known):
            return 0.0
        return float(np.mean(known) if self.fill == "mean" else np.median(known))

    def described(self, role: str, inputs: int) -> dict[str, Any]:
        """Return what a page is told of the column."""
        column = self.column
        told: dict[str, Any] = {
            "name": column.label,
            "kind": column.kind,
            "role": role,
            "missing": column.missing,
            "fill": self.fill,
            "fills": list(self.fills),
            "distinct": column.distinct,
            "levels": list(column.levels[:MOST_LEVELS]),
            "low": column.low,
            "high": column.high,
            "inputs": inputs,
            "note": column.note,
        }
        if self.is_category:
            told["levels"] = [self.texts[code] for code in self.by_count[:MOST_LISTED]]
            told["counts"] = [int(self.counts[code]) for code in self.by_count[:MOST_LISTED]]
            told["kept"] = [self.texts[code] for code in self.kept()]
        return told


def _of_target(label: str, target: Target, distinct: int, left_out: int, dropped: int) -> dict[str, Any]:
    notes = [f"{left_out} rows without a target are left out"] if left_out else []
    notes += [f"{dropped} rows with missing cells are left out"] if dropped else []
    kind = "number" if target.task == "regression" else "category"
    return {
        "name": label,
        "kind": kind,
        "role": "target",
        "missing": left_out,
        "distinct": distinct,
        "levels": [str(each) for each in target.labels],
        "low": target.low if kind == "number" else None,
        "high": target.high if kind == "number" else None,
        "inputs": 0,
        "note": "; ".join(notes),
    }
