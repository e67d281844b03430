"""Own tables: a file that was dropped or text that was pasted, as rows that a network can learn from.

Numbers stay as they are, dates become days, yes and no 1 and 0, a category one input a level. A missing cell is the
column's median, and a mark beside it says so. Rows without a target are left out.
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
from pellucid.tables import ColumnSchema, Target, infer_schema, read_table
from pellucid.tables.cells import coded, read_numbers
from pellucid.tables.columns import measure_names, read_coded, read_measures
from pellucid.textbook.arrays import Array
from pellucid.workbench.limits import MOST_COLUMNS, MOST_ROWS, TEXT, UPLOAD_BYTES
from pellucid.workbench.settings import Table
from pellucid.workbench.sources import Rows

__all__ = ["Tables", "Upload", "coded_missing", "read_upload", "table_rows"]

MOST_LEVELS = 20
"""Levels of a category that become inputs: the most frequent."""
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


def _safe(name: str) -> str:
    """Return the last part of a file's name, for messages only; no path is ever made of it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:80] or "table"


def read_upload(name: str, data: bytes) -> pd.DataFrame:
    r"""Read a table from bytes: text with separators, or Parquet.

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
            frame = read_table(path)
        except PellucidError as error:
            raise DataError(str(error).replace(str(path), name)) from None
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


def table_rows(table: pd.DataFrame, choice: Table) -> Rows:
    """Return a table's rows as numbers.

    Parameters
    ----------
    table : pandas.DataFrame
    choice : Table
        Which column is predicted, and what the others are where that was not found rightly.

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
    """
    label = choice.target or str(table.columns[-1])
    if label not in table.columns:
        raise DataError(f"The table has no column {label!r} to predict; choose another target.")
    has_target = ~coded_missing(table[label])
    frame = table[has_target].reset_index(drop=True)
    if len(frame) < 4:
        raise DataError(f"At least 4 rows must have a value of the target {label!r}; {len(frame)} have.")
    target = Target.of(frame[label], choice.task)
    roles, kinds = dict(_pairs(choice.roles)), dict(_pairs(choice.kinds))
    names: list[str] = []
    columns: list[Array] = []
    described = []
    for found in infer_schema(frame, label).columns:
        column = _as_kind(found, frame[found.label], kinds.get(found.label))
        is_used = column.kind != "ignored" and roles.get(column.label, "input") == "input"
        made = _inputs_of(column, frame[column.label]) if is_used else []
        made = [(name, values) for name, values in made if values.min() != values.max()]
        names += [name[:TEXT] for name, _ in made]
        columns += [values for _, values in made]
        described.append(_described(column, "input" if made else "ignore", len(made)))
    if not columns:
        notes = "; ".join(f"{each['name']}: {each['note'] or 'ignored'}" for each in described[:5])
        raise DataError(f"The table must have a column to learn from; it has none ({notes}).")
    left_out = int((~has_target).sum())
    described.append(_of_target(label, target, left_out))
    y = read_numbers(frame[label])[0] if target.task == "regression" else target.encode(frame[label])
    classes = tuple(str(each) for each in target.labels)
    return Rows(np.column_stack(columns), tuple(names), y, classes, tuple(described))


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


def _inputs_of(column: ColumnSchema, series: "pd.Series[Any]") -> list[tuple[str, Array]]:
    """Return the inputs that a column becomes, and their names."""
    if column.kind == "category":
        cells = read_coded(column, series)
        counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.texts))
        frequent = sorted(np.argsort(-counts, kind="stable")[:MOST_LEVELS], key=lambda code: str(cells.texts[code]))
        chosen = frequent[1:] if len(frequent) == 2 and (cells.codes >= 0).all() else frequent
        return [(f"{column.label}={cells.texts[code]}", (cells.codes == code) * 1.0) for code in chosen]
    if column.kind == "boolean":
        codes = read_coded(column, series).codes
        measures = [(column.label, np.where(codes < 0, np.nan, codes))]
    else:
        measures = list(zip(measure_names(column), read_measures(column, series), strict=True))
    missing = np.isnan(measures[0][1])
    filled = [(name, np.where(np.isnan(values), _median(values), values)) for name, values in measures]
    return [*filled, *([(f"{column.label} is missing", missing * 1.0)] if missing.any() else [])]


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def _described(column: ColumnSchema, role: str, inputs: int) -> dict[str, Any]:
    return {
        "name": column.label,
        "kind": column.kind,
        "role": role,
        "missing": column.missing,
        "distinct": column.distinct,
        "levels": list(column.levels[:MOST_LEVELS]),
        "low": column.low,
        "high": column.high,
        "inputs": inputs,
        "note": column.note,
    }


def _of_target(label: str, target: Target, left_out: int) -> dict[str, Any]:
    note = f"{left_out} rows without a target are left out" if left_out else ""
    kind = "number" if target.task == "regression" else "category"
    return {
        "name": label,
        "kind": kind,
        "role": "target",
        "missing": left_out,
        "distinct": len(target.labels),
        "levels": [str(each) for each in target.labels],
        "low": target.low if kind == "number" else None,
        "high": target.high if kind == "number" else None,
        "inputs": 0,
        "note": note,
    }
