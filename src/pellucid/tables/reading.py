"""Read a table from a file: CSV with any usual separator, TSV, Parquet; CSV and TSV also gzipped.

Cells of CSV and TSV stay text, without surrounding blanks; what they mean is found by `pellucid.tables.inference`.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from pellucid.errors import DataError, near_names
from pellucid.tables.decimals import has_decimal_commas, keep_marks, marks_of, without_marks
from pellucid.tables.dialects import PLAIN, Dialect
from pellucid.tables.frames import check_columns, counted
from pellucid.tables.index_columns import with_index_columns
from pellucid.tables.missing import MissingValues

__all__ = ["LARGEST_FILE", "OR_ENCODING", "is_encoding", "read_as_written", "read_table"]

LARGEST_FILE = 4 * 2**30  # bytes, unpacked
OR_ENCODING = ", or give its 'encoding'"
"""What may be done besides, where a file is no UTF-8."""

_SEPARATORS = (",", ";", "\t", "|")
_KNOWN_BINARIES = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"ARROW1": "an Arrow file",
    b"%PDF": "a PDF file",
    b"SQLite": "a database",
    b"\xfd7zXZ": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
} | {b"BZh%d1AY&SY" % level: "packed by bzip2" for level in range(1, 10)}
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?(?=[\r\n])', re.IGNORECASE)
_JSON = re.compile(r'\s*[\[{]\s*["\[{\]}]')
_FEWEST_LETTERS = 3  # tell of UTF-16
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\r\f\v"))


def read_table(path: str | Path, *, missing_values: Any = None, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read a table.

    Parameters
    ----------
    path : str or Path
        Parquet and gzip are known by their content; an index that pandas kept in Parquet is columns, unless it only
        numbers the rows. Everything else is text with the columns' names in its first line, and commas,
        semicolons, tabs or bars between the columns, or what a line such as ``sep=;``, which Excel writes, says before.
        Numbers with decimal commas (1.234,5) or thousands commas (1,234.5) become text without them (1234.5), if that
        is beyond doubt; in a file with decimal commas dots before three digits are thousands marks (1.234 is 1234).
    missing_values : text, number, list of such, mapping of columns to such, or MissingValues, optional
        What is no number and yet leaves no doubt, as it means missing. These cells stay as they are; `infer_schema`,
        told of them, takes them for missing.
    encoding : str, default="utf-8"
        Of text, as Python names it: "cp1252" (Windows, Western Europe), "latin-1", "utf-16".

    Raises
    ------
    DataError
        If the file cannot be read or is no table; the message says why and what to do.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "small.csv")
    ...     _ = path.write_text("a;b\n1;x\n2;y\n")
    ...     read_table(path).shape
    (2, 2)
    """
    missing = MissingValues.of(missing_values)
    return _read(Path(path), encoding).understood(missing)


def read_as_written(
    path: str | Path, *, missing_values: Any = None, encoding: str = "utf-8"
) -> tuple[pd.DataFrame, pd.DataFrame, Dialect]:
    r"""Return what `read_table` does, the same table as it is written, blanks and all, and how it is written.

    Of text that is every cell and every column's name; a column without a name has the same in both. Decimal marks are
    commas if a column has such.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "small.csv")
    ...     _ = path.write_text("a; b\n1,76; x \n2,5;y\n")
    ...     table, cells, dialect = read_as_written(path)
    >>> table.to_dict("list"), cells.to_dict("list")
    ({'a': ['1.76', '2.5'], 'b': ['x', 'y']}, {'a': ['1,76', '2,5'], ' b': [' x ', 'y']})
    >>> dialect
    Dialect(separator=';', decimal=',')
    """
    missing = MissingValues.of(missing_values)
    source = _read(Path(path), encoding)
    table = source.understood(missing)
    has_commas = any(has_decimal_commas(marks_of(table[name])) for name in table.columns)
    return table, source.as_written(), Dialect(source.separator, "," if has_commas else ".")


@dataclass(frozen=True)
class _Typed:
    """A table whose file says of what type its cells are: there is nothing to be understood."""

    cells: pd.DataFrame
    separator: str = PLAIN.separator

    def understood(self, missing: MissingValues) -> pd.DataFrame:
        return self.cells

    def as_written(self) -> pd.DataFrame:
        return self.cells


@dataclass(frozen=True)
class _Text:
    """A table of text: what its header says, and its cells, of shape (rows, columns), as they are written."""

    header: list[str]
    cells: pa.Table
    separator: str

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [name.strip() for name in self.header]

    def understood(self, missing: MissingValues) -> pd.DataFrame:
        """Return the cells without blanks around them, and numbers without commas, if that is beyond doubt."""
        cells = pa.table([pc.utf8_trim_whitespace(each) for each in self.cells.columns], self.cells.column_names)
        declared = dict(enumerate(missing.by_column(self.names).values()))
        plain, marks = without_marks(cells, alone=self.separator == ",", missing=declared)
        frame: pd.DataFrame = plain.rename_columns(self.names).to_pandas()
        keep_marks(frame, {self.names[i]: how for i, how in marks.items()})
        return frame

    def as_written(self) -> pd.DataFrame:
        frame: pd.DataFrame = self.cells.rename_columns(self.header).to_pandas()
        return frame


def _read(path: Path, encoding: str) -> _Typed | _Text:
    if not is_encoding(encoding):
        raise DataError(
            f"'encoding' must be the name of an encoding, such as utf-8, cp1252 or utf-16; got {encoding!r}."
        )
    data = _read_bytes(path)
    is_parquet = data.startswith(b"PAR1")
    table = _Typed(_read_parquet(path, data)) if is_parquet else _read_text(path, data, encoding)
    if 0 in table.cells.shape:
        raise DataError(f"'{path}' must have at least one row below its column names; it has none.")
    return table


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            is_packed = file.peek(2).startswith(b"\x1f\x8b")  # a pipe cannot be read twice
            source = gzip.GzipFile(fileobj=file) if is_packed else file
            data = source.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise DataError(f"'{path}' cannot be found.{_near_files(path)}") from None
    except IsADirectoryError:
        raise DataError(f"'{path}' is a folder; name a file in it.") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise DataError(f"'{path}' cannot be read: {reason}.") from None
    if len(data) > LARGEST_FILE:
        raise DataError(f"'{path}' must have at most {LARGEST_FILE / 2**30:g} GiB; it has more. Take a part of it.")
    if not data.strip():
        raise DataError(f"'{path}' is empty; a table needs a line of column names and at least one row.")
    return data


def _near_files(path: Path) -> str:
    try:
        there = sorted(path.parent.iterdir())
    except OSError:
        return ""
    stems = near_names(path.stem, dict.fromkeys(each.stem for each in there))  # endings are alike anyway
    near = [each.name for stem in stems for each in there if each.stem == stem][:3]
    return f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""


def _read_parquet(path: Path, data: bytes) -> pd.DataFrame:
    try:
        # without threads: one that drops the bytes while Python ends would abort it
        table = pyarrow.parquet.ParquetFile(io.BytesIO(data), pre_buffer=False).read(use_threads=False)
        check_columns(table.schema.names, f"'{path}'")
        frame: pd.DataFrame = with_index_columns(table).to_pandas(use_threads=False)
    except DataError:
        raise
    except Exception as error:  # a damaged file meets many of Arrow's and pandas' errors
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"'{path}' is a damaged Parquet file, or one that pandas cannot read: {reason}") from None
    frame.attrs = {}
    return frame


def is_encoding(name: str) -> bool:
    """Tell whether Python knows an encoding of text by this name.

    Examples
    --------
    >>> is_encoding("cp1252"), is_encoding("utf-16"), is_encoding("ansi text"), is_encoding("hex")
    (True, True, False, False)
    """
    try:
        b"a".decode(name)
    except UnicodeError:  # no text, but an encoding
        return True
    except (LookupError, ValueError, TypeError):
        return False
    return True


def _read_text(path: Path, data: bytes, encoding: str) -> _Text:
    text, separator = _without_separator_line(_decode(path, data, encoding))
    if not text.strip():
        raise DataError(f"'{path}' must have a line of column names and at least one row; it has none.")
    if not separator.isascii():
        raise DataError(
            f"'{path}' says in its first line that {separator!r} stands between columns; this must be an ASCII "
            "character, such as ';'. Write the table with another."
        )
    separator = separator or _find_separator(path, text)
    header = _header(path, text, separator)
    try:
        return _Text(header, _parse(path, text, separator, len(header)), separator)
    except pa.ArrowInvalid as error:
        raise DataError(f"'{path}' cannot be read as a table: {error}") from None


def _decode(path: Path, data: bytes, encoding: str) -> str:
    for start, kind in _KNOWN_BINARIES.items():
        if data.startswith(start):
            raise DataError(f"'{path}' is {kind}; save the table as CSV or Parquet.")
    is_utf_8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    text = _decode_utf_8(path, data) if is_utf_8 else _decode_other(path, data, encoding)
    if _JSON.match(text):
        raise DataError(
            f"'{path}' must be a table in CSV, TSV or Parquet; it is JSON. Save it as one of these, as "
            "pandas.read_json('a.json').to_csv('a.csv', index=False) does."
        )
    return text


def _decode_utf_8(path: Path, data: bytes) -> str:
    start = data[:65536]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or _has_half_nulls(start):
        raise DataError(f"'{path}' must be UTF-8 text; it is UTF-16. Save it as 'CSV UTF-8'{OR_ENCODING}.")
    controls = len(start) - len(start.translate(None, _CONTROL_BYTES))
    if b"\0" in start or controls > 0.05 * len(start):
        raise DataError(f"'{path}' must be a table in CSV, TSV or Parquet; it is a binary file of another kind.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"'{path}' must be UTF-8 text; line {line} has the byte 0x{data[error.start]:02x}, which is not "
            f"(Latin-1 or Windows-1252, perhaps). Save it as 'CSV UTF-8'{OR_ENCODING}."
        ) from None


def _decode_other(path: Path, data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        raise DataError(f"'{path}' must be text in the 'encoding' {encoding!r}; it is not: {error}.") from None
    if "\0" in text:
        raise DataError(f"'{path}' must be text in the 'encoding' {encoding!r}; it holds NUL. Give another.")
    return text


def _has_half_nulls(start: bytes) -> bool:
    """Tell whether nearly every second byte is 0 and no other, as in text in UTF-16 without a mark at its beginning."""
    for nulls, others in ((start[::2], start[1::2]), (start[1::2], start[::2])):
        if len(nulls) >= _FEWEST_LETTERS and nulls.count(0) > 0.9 * len(nulls) and 0 not in others:
            return True
    return False


def _without_separator_line(text: str) -> tuple[str, str]:
    """Return the text without the line sep=; that Excel understands, left empty, and what this line says."""
    line = _SEPARATOR_LINE.match(text)
    return (text[line.end() :], line[1]) if line else (text, "")


def _find_separator(path: Path, text: str) -> str:
    """Find the separator that gives most of the first 100 lines the header's number of columns, more than one."""
    if path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab")):
        return "\t"
    lines = text[:1_000_000].splitlines(keepends=True)[:100]
    return max(_SEPARATORS, key=lambda separator: _fit_of(lines, separator))


def _fit_of(lines: list[str], separator: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] == 1:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _header(path: Path, text: str, separator: str) -> list[str]:
    try:
        cells = next(row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row)
    except (csv.Error, StopIteration) as error:
        raise DataError(f"The line of column names of '{path}' cannot be read: {error}.") from None
    header = [cell if cell.strip() else f"unnamed {i}" for i, cell in enumerate(cells, start=1)]
    check_columns([name.strip() for name in header], f"'{path}'")
    return header


def _parse(path: Path, text: str, separator: str, width: int) -> pa.Table:
    """Parse the rows below the header into columns of text; a row of another width is an error.

    Blank lines are left out, but in a table of one column each is a row whose cell is missing.
    """
    wrong: list[pa.csv.InvalidRow] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        wrong.append(row)
        return "error"

    data = text.lstrip("\r\n").encode()
    try:
        table = pa.csv.read_csv(
            io.BytesIO(data),
            pa.csv.ReadOptions(
                use_threads=False, block_size=min(len(data) + 1, 64 * 2**20), autogenerate_column_names=True
            ),
            pa.csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                ignore_empty_lines=width > 1,
                invalid_row_handler=keep,
            ),
            pa.csv.ConvertOptions(column_types={f"f{i}": pa.string() for i in range(width)}, strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        if wrong:
            raise _wrong_width(path, text, separator, width) or _open_quote(path, wrong[0]) from None
        raise
    if table.num_columns != width:
        raise DataError(f"'{path}' cannot be read as a table: its column names take more than one line.")
    return table.slice(1)


def _wrong_width(path: Path, text: str, separator: str, width: int) -> DataError | None:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            if row and len(row) != width:
                return DataError(
                    f"Every line of '{path}' must have the header's {counted(width, 'column')}; "
                    f"line {reader.line_num} has {len(row)}. "
                    f"Complete the line, or put quotation marks around text that holds {separator!r}."
                )
    except csv.Error:
        pass
    return None


def _open_quote(path: Path, row: "pa.csv.InvalidRow") -> DataError:
    return DataError(
        f"'{path}' cannot be read as a table: row {row.number} has {row.actual_columns} columns instead of "
        f"{row.expected_columns}. Look for a quotation mark that is never closed: {row.text[:60]!r}"
    )
