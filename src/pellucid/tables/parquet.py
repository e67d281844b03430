"""Tables that do not fit in memory: Parquet files, read a part at a time.

One pass learns the encoder: from a sample of the rows, drawn evenly, and from exact counts of levels and missing cells.
A second one encodes, part by part, into a file that is mapped into memory.
"""

import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from pellucid.errors import DataError
from pellucid.tables.blocks import number_blocks, plain_numbers
from pellucid.tables.cells import LARGEST_NUMBER, BoolArray, Coded, coded, read_booleans
from pellucid.tables.clocks import read_measured
from pellucid.tables.dates import read_dates
from pellucid.tables.decimals import in_plain
from pellucid.tables.frames import check_columns, readable, to_pandas
from pellucid.tables.index_columns import column_names, with_index_columns
from pellucid.tables.inference import infer_schema, text_column, unless_useless
from pellucid.tables.missing import MissingValues, empty_cells, warn_if_never_met
from pellucid.tables.schema import MOST_LEVELS, ColumnSchema, Schema, require_columns
from pellucid.tables.tabular import TabularEncoder, Tally
from pellucid.tables.writing import check_writable, replaced_whole

__all__ = ["ParquetTable", "encode_to_file", "encoded_parts", "fit_encoder", "numbered_parts"]

_CELLS = 2**22  # of a part
_SAMPLE = 100_000


class ParquetTable:
    """A table in a Parquet file, or in several, read a part at a time.

    Parameters
    ----------
    path : str or Path, or list of such
        A file, or a folder whose files ending in .parquet are taken in the order of their names; of a list one after
        the other.
    batch_rows : int >= 1, optional
        Most rows of a part; by default as many as have about 4 million cells.

    Attributes
    ----------
    columns : tuple of str
        An index that pandas kept is among them, unless it only numbers the rows.
    rows : int

    Raises
    ------
    DataError
        If there is no such file, it is damaged, or the files have different columns.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"a": range(5)}).to_parquet(Path(folder, "t.parquet"))
    ...     [part["a"].tolist() for part in ParquetTable(folder, batch_rows=2).batches()]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, path: str | Path | Sequence[str | Path], batch_rows: int | None = None) -> None:
        self._files = _files_of(path)
        if not self._files:
            raise DataError("'path' must name at least one file; got an empty list.")
        self.rows = 0
        self.columns: tuple[str, ...] = ()
        self._fields: dict[Path, dict[str, str]] = {}  # names of the fields of each file, by those of the columns
        for place in self._files:
            with _opened(place) as file:
                schema = file.schema_arrow
                self.rows += file.metadata.num_rows
            check_columns(schema.names, f"'{place}'")
            fields = self._fields[place] = {label: name for name, label in column_names(schema).items()}
            if place == self._files[0]:
                self.columns = tuple(fields)
                self._texts = [label for label, name in fields.items() if _is_text(schema.field(name).type)]
            elif set(fields) != set(self.columns):
                raise DataError(
                    f"All Parquet files of a table must have the same columns; those of '{place}' differ from those "
                    f"of '{self._files[0]}'. Take files of another kind as another table."
                )
        if not self.rows or not self.columns:
            raise DataError(
                f"'{path}' must have at least one row and one column; it has ({self.rows}, {len(self.columns)})."
            )
        self.batch_rows = max(1, _CELLS // len(self.columns)) if batch_rows is None else batch_rows
        if self.batch_rows < 1:
            raise DataError(f"'batch_rows' must be at least 1; got {batch_rows}.")

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the columns of text."""
        return tuple(self._texts)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield the rows in their order, some at a time; text as categories.

        Parameters
        ----------
        columns : sequence of str, optional
            Those to read; all by default.
        """
        wanted = list(self.columns if columns is None else columns)
        require_columns(pd.DataFrame(columns=list(self.columns)), wanted)
        for place in self._files:
            fields = {self._fields[place][label]: label for label in wanted}
            with _opened(place, [name for name, label in fields.items() if label in self._texts]) as file:
                parts = file.iter_batches(min(self.batch_rows, 2**31 - 1), columns=list(fields), use_threads=False)
                for part in _checked(parts, place):
                    table = with_index_columns(pa.Table.from_batches([part]), fields)
                    frame = readable(table).to_pandas(date_as_object=False)
                    frame.attrs = {}
                    yield frame

    def column(self, label: str) -> "pd.Series[Any]":
        """Return one column, whole; meant for the target."""
        whole = pd.concat(
            [part[label].astype(_plain(part[label])) for part in self.batches([label])], ignore_index=True
        )
        return whole.rename(label)


def _files_of(path: Any) -> list[Path]:
    """Return the files of a path, a folder, or a list of them."""
    if isinstance(path, list | tuple):
        return [place for each in path for place in _files_of(each)]
    if not isinstance(path, str | PathLike):
        raise DataError(
            f"'path' must be the path of a file or a folder, or a list of paths; got {type(path).__name__}."
        )
    place = Path(path)
    if not place.is_dir():
        return [place]
    files = sorted(place.glob("*.parquet"))
    if not files:
        raise DataError(f"The folder '{path}' must hold a file ending in .parquet; it holds none.")
    return files


def _plain(series: "pd.Series[Any]") -> Any:
    """Return the type of the cells; of categories, that of the levels, as parts may have different ones."""
    return series.cat.categories.dtype if isinstance(series.dtype, pd.CategoricalDtype) else series.dtype


def _is_text(kind: Any) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _opened(place: Path, as_levels: Sequence[str] = ()) -> Any:
    try:
        return pyarrow.parquet.ParquetFile(place, read_dictionary=list(as_levels), memory_map=False, pre_buffer=False)
    except FileNotFoundError:
        raise DataError(f"'{place}' cannot be found.") from None
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"'{place}' must be a Parquet file that is whole: {str(error).splitlines()[0]}") from None


def _checked(parts: Iterator[Any], place: Path) -> Iterator[Any]:
    try:
        yield from parts
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"'{place}' is a damaged Parquet file: {str(error).splitlines()[0]}") from None


def fit_encoder(
    table: ParquetTable,
    target: str | None = None,
    *,
    leave_out: Sequence[str] = (),
    sample_rows: int = _SAMPLE,
    seed: int = 0,
    missing_values: Any = None,
    revise: Callable[[Schema, pd.DataFrame, NDArray[np.int64]], Schema] | None = None,
    **options: Any,
) -> TabularEncoder:
    """Learn an encoder in one pass.

    Kinds and ranges of text columns, all levels and how often they and missing cells occur are exact. Medians and
    scales are those of a sample, and so is what is said of numbers and dates: which vary, and which are alike.

    Parameters
    ----------
    table : ParquetTable
    target : str, optional
        Name of the column to be predicted; it is left out.
    leave_out : sequence of str
        Other columns to leave out.
    sample_rows : int >= 1
        Rows of the sample, drawn without replacement, each as likely as any other.
    seed : int
        Draws the sample.
    missing_values : text, number, list of such, mapping of columns to such, or MissingValues, optional
        As in `infer_schema`.
    revise : callable or None
        From what the columns mean, the sample, and which rows of the table it has, to what the columns mean.
    **options
        Of `TabularEncoder`.

    Raises
    ------
    DataError
        If there is no such column, or none can be learned from.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "t.parquet")
    ...     pd.DataFrame({"a": range(6), "b": ["x", "y"] * 3}).to_parquet(path)
    ...     fit_encoder(ParquetTable(path), target="b").inputs.names
    ('a',)
    """
    if sample_rows < 1:
        raise DataError(f"'sample_rows' must be at least 1; got {sample_rows}.")
    require_columns(pd.DataFrame(columns=list(table.columns)), [*([] if target is None else [target]), *leave_out])
    labels = [label for label in table.columns if label != target and label not in leave_out]
    missing = MissingValues.of(missing_values)
    missing.check_columns(labels)
    declared, met = missing.by_column(labels) if missing else {}, dict[str, dict[str, int]]()
    sample, counter = _Sample(sample_rows, seed), _Counter(table, labels)
    for as_written in table.batches(labels) if labels else ():
        part, found = empty_cells(as_written, declared)
        for label, texts in found.items():
            met.setdefault(label, {}).update(texts)
        sample.add(part)
        counter.add(part)
    if not labels:
        raise DataError("The table must have a column to learn from besides the target; it has none.")
    warn_if_never_met(missing, met)
    frame = sample.frame()
    schema = replace(infer_schema(frame, missing_values=missing), rows=table.rows, target=target)
    columns = [counter.exact(column, len(frame)) for column in schema.columns]
    schema = replace(schema, columns=tuple(columns))
    if revise is not None:
        schema = revise(schema, frame, sample.places)
    return TabularEncoder(schema, **options).fit(frame, tally=counter.tally())


class _Sample:
    """Rows drawn evenly from a stream: each gets a random key, those with the smallest keys stay."""

    def __init__(self, rows: int, seed: int) -> None:
        self._rows, self._random = rows, np.random.default_rng(seed)
        self._parts: list[pd.DataFrame] = []
        self._keys = np.empty(0)
        self.places, self._seen = np.empty(0, np.int64), 0
        self._limit = np.inf

    def add(self, part: pd.DataFrame) -> None:
        keys = self._random.random(len(part))
        chosen = np.flatnonzero(keys < self._limit)
        self._parts.append(part.iloc[chosen])
        self._keys = np.concatenate([self._keys, keys[chosen]])
        self.places = np.concatenate([self.places, self._seen + chosen])
        self._seen += len(part)
        if len(self._keys) > 2 * self._rows:
            self._shrink()

    def _shrink(self) -> None:
        frame = _joined(self._parts)
        if len(self._keys) > self._rows:
            kept = np.sort(np.argpartition(self._keys, self._rows - 1)[: self._rows])
            frame, self._keys, self.places = frame.iloc[kept], self._keys[kept], self.places[kept]
            self._limit = float(self._keys.max())
        self._parts = [frame]

    def frame(self) -> pd.DataFrame:
        """Return the rows drawn, in their order."""
        self._shrink()
        return self._parts[0].reset_index(drop=True)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the parts below one another; categories of different levels stay categories."""
    if len(parts) == 1:
        return parts[0]
    columns = {}
    for label in parts[0].columns:
        each = [part[label] for part in parts]
        if isinstance(each[0].dtype, pd.CategoricalDtype):
            columns[label] = pd.Series(pd.api.types.union_categoricals(each, ignore_order=True))
        else:
            columns[label] = pd.concat(each, ignore_index=True)
    return pd.DataFrame(columns)


class _Counter:
    """Exact counts of missing cells, levels and ranges over a stream of parts."""

    def __init__(self, table: ParquetTable, labels: Sequence[str]) -> None:
        self._rows = 0
        self._missing = dict.fromkeys(labels, 0)
        self._texts = {label for label in labels if label in table.texts}
        self._levels: dict[str, dict[str, int] | None] = {}
        self._ranges: dict[str, tuple[float, float]] = {}

    def add(self, part: pd.DataFrame) -> None:
        self._rows += len(part)
        plain = plain_numbers(part)
        places = np.flatnonzero(plain)
        for which, block, _ in number_blocks(part, places):
            missing = np.isnan(block).sum(axis=1)
            low = np.fmin.reduce(block, axis=1, initial=np.inf)
            high = np.fmax.reduce(block, axis=1, initial=-np.inf)
            for label, *facts in zip(
                part.columns[places[which]], missing.tolist(), low.tolist(), high.tolist(), strict=True
            ):
                self._add_number(label, *facts)
        for label in part.columns[~plain]:
            if label in self._texts or isinstance(part[label].dtype, pd.CategoricalDtype):
                self._add_texts(label, coded(part[label]))
            else:
                self._missing[label] += int(part[label].isna().sum())

    def _add_number(self, label: str, missing: int, low: float, high: float) -> None:
        self._missing[label] += missing
        before = self._ranges.get(label, (np.inf, -np.inf))
        self._ranges[label] = (min(low, before[0]), max(high, before[1]))

    def _add_texts(self, label: str, cells: Coded) -> None:
        present = cells.codes[cells.codes >= 0]
        self._missing[label] += len(cells.codes) - len(present)
        levels = self._levels.setdefault(label, {})
        if levels is None:
            return
        for text, count in zip(cells.texts, np.bincount(present, minlength=len(cells.texts)).tolist(), strict=True):
            levels[text] = levels.get(text, 0) + count
        if len(levels) > 2 * MOST_LEVELS:  # too many to be a category; the sample says what else it is
            self._levels[label] = None

    def exact(self, column: ColumnSchema, sampled: int) -> ColumnSchema:
        """Return the description of a column of a sample, with what is known of all rows."""
        label, missing = column.label, self._missing[column.label]
        levels = self._levels.get(label)
        if levels and label in self._texts and not column.note.startswith("the same as"):
            cells = Coded(np.arange(len(levels)), np.array(list(levels), dtype=object))
            found = text_column(label, cells)
            self._missing[label] += int(_unread(found, cells) @ np.array(list(levels.values())))
            found = replace(found, missing=self._missing[label], missing_values=column.missing_values)
            return unless_useless(found, self._rows)
        if levels and column.kind == "category":
            return replace(column, missing=missing, distinct=len(levels), levels=tuple(sorted(levels)))
        low, high = self._ranges.get(label, (np.inf, -np.inf))
        is_of_sample = column.note and (column.kind == "ignored" or (label in self._ranges and sampled < self._rows))
        column = replace(column, missing=missing, note=column.note + f" (of {sampled} sampled)" * bool(is_of_sample))
        return replace(column, low=low, high=high) if column.kind == "number" and low <= high else column

    def tally(self) -> Tally:
        levels: Mapping[str, Mapping[str, int]] = {label: found for label, found in self._levels.items() if found}
        return Tally(self._rows, self._missing, levels)


def _unread(column: ColumnSchema, cells: Coded) -> BoolArray:
    """Tell which of these texts count as missing in a column of numbers, dates or yes and no."""
    if column.kind == "boolean":
        return np.isnan(read_booleans(cells)[0])
    if column.kind == "date":
        return np.isnan(read_dates(cells, column.date_format)[0])
    if column.kind == "number":
        return ~(np.abs(read_measured(in_plain(cells, column.marks), column.unit)[0]) <= LARGEST_NUMBER)
    return np.zeros(len(cells.texts), dtype=bool)


def encode_to_file(encoder: TabularEncoder, table: ParquetTable, path: str | Path) -> NDArray[np.float32]:
    """Encode a table into a .npy file, a part at a time, and return that file mapped into memory.

    The file appears whole under its name, or not at all.

    Parameters
    ----------
    encoder : TabularEncoder
    table : ParquetTable
    path : str or Path
        Must end in .npy.

    Returns
    -------
    X : memory-mapped array (rows, inputs) of float32, C-contiguous, read only

    Raises
    ------
    DataError
        If the place cannot be written to, or a cell breaks the schema: the message names column, row and value.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"a": range(5)}).to_parquet(Path(folder, "t.parquet"))
    ...     table = ParquetTable(Path(folder, "t.parquet"), batch_rows=2)
    ...     encode_to_file(fit_encoder(table), table, Path(folder, "X.npy")).shape
    (5, 1)
    """
    path = Path(path)
    check_writable(path, (".npy",))
    header = {"descr": "<f4", "fortran_order": False, "shape": (table.rows, encoder.inputs.width)}
    with replaced_whole(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for X in encoded_parts(encoder, table):
            file.write(np.ascontiguousarray(X, dtype="<f4").data)
    return _mapped(path)


def _mapped(path: Path) -> NDArray[np.float32]:
    """Map a .npy file into memory.

    Training visits the rows in any order: where memory is short, reading ahead would read the file many times over.
    """
    mapped: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    if isinstance(mapped.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
        mapped.base.madvise(mmap.MADV_RANDOM)
    return mapped


def encoded_parts(encoder: TabularEncoder, table: ParquetTable) -> Iterator[NDArray[np.float32]]:
    """Yield the inputs of a table, a part of the rows at a time.

    Raises
    ------
    DataError
        If a cell breaks the schema; rows are counted through the whole table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"a": range(5)}).to_parquet(Path(folder, "t.parquet"))
    ...     table = ParquetTable(Path(folder, "t.parquet"), batch_rows=2)
    ...     [len(X) for X in encoded_parts(fit_encoder(table), table)]
    [2, 2, 1]
    """
    for part, first_row in numbered_parts(encoder, table):
        yield encoder.read(part, first_row=first_row)[0]


def numbered_parts(encoder: TabularEncoder, table: ParquetTable) -> Iterator[tuple[pd.DataFrame, int]]:
    """Yield the columns that are learned from, a part of the rows at a time, each with how many rows come before it."""
    first_row = 0
    for part in table.batches([column.label for column in encoder.schema.used]):
        yield to_pandas(part), first_row
        first_row += len(part)
