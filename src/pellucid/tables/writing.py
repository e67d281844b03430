"""Write a table to a file, whole or not at all."""

import gzip
import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TextIO

import pandas as pd

from pellucid.errors import DataError
from pellucid.tables.dialects import PLAIN, Dialect

__all__ = ["TABLE_ENDINGS", "check_writable", "replaced_whole", "unwritable", "write_csv", "write_table"]

TABLE_ENDINGS = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz")


def write_table(frame: pd.DataFrame, path: str | Path, dialect: Dialect = PLAIN) -> None:
    r"""Write a table; the ending of the path says how: .csv, .tsv, packed as .csv.gz or .tsv.gz, or .parquet.

    The file appears whole under its name, or, if writing fails, is left as it was.

    Parameters
    ----------
    frame : pandas.DataFrame
    path : str or Path
    dialect : Dialect
        How text is written; .tsv has tabs between its columns in any case, .csv never.

    Raises
    ------
    DataError
        If the ending is another, or the place cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"a": [1]}), Path(folder, "a.csv"))
    ...     Path(folder, "a.csv").read_text()
    'a\n1\n'
    """
    path = Path(path)
    check_writable(path, TABLE_ENDINGS)
    name = path.name.lower()
    separator = dialect.separator.replace("\t", PLAIN.separator)
    dialect = replace(dialect, separator="\t" if name.endswith((".tsv", ".tsv.gz")) else separator)
    with replaced_whole(path) as temporary:
        if name.endswith(".parquet"):
            frame.to_parquet(temporary, index=False)
        elif name.endswith(".gz"):
            with temporary.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                write_csv(frame, packed, dialect)
        else:
            with temporary.open("wb") as file:
                write_csv(frame, file, dialect)


def write_csv(frame: pd.DataFrame, file: BinaryIO | gzip.GzipFile, dialect: Dialect = PLAIN) -> None:
    r"""Write a table as text to a file that is open, and stays so.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> write_csv(pd.DataFrame({"a": [1]}), file)
    >>> file.getvalue()
    b'a\n1\n'
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        how = {"sep": dialect.separator, "decimal": dialect.decimal}
        frame.to_csv(_Lines(text), index=False, lineterminator="\r\n", **how)  # type: ignore[call-overload]
    finally:
        text.detach()


class _Lines:
    """Ends lines with a line feed alone, while the writer puts quotation marks around carriage returns, too."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line.removesuffix("\r\n") + "\n")


def check_writable(path: Path, endings: tuple[str, ...] = ()) -> None:
    """Raise DataError if a file of this name cannot be made, so that no work is done in vain."""
    if endings and not path.name.lower().endswith(endings):
        raise DataError(f"The name of an output file must end in {', '.join(endings)}; got '{path}'.")
    try:
        mode = _mode_of(path)
    except (OSError, ValueError) as error:  # a name that is too long, a link to itself, a NUL
        raise unwritable(f"'{path}'", error) from None
    if mode is not None and stat.S_ISDIR(mode):
        raise DataError(f"'{path}' is a folder; name a file.")
    if mode is not None and not stat.S_ISREG(mode):
        raise DataError(f"'{path}' is a device, a pipe or a socket, which no file may replace; name a file.")
    folder = _followed(path).parent
    if not folder.is_dir():
        raise DataError(f"'{path}' cannot be written: there is no folder '{folder}'. Make it first.")
    if not os.access(folder, os.W_OK):
        raise DataError(f"'{path}' cannot be written: the folder '{folder}' does not allow it.")


def unwritable(what: str, error: Exception) -> DataError:
    """Return the error that says what cannot be written, and why.

    Examples
    --------
    >>> unwritable("'a.csv'", OSError(28, "a library's own words"))
    DataError("'a.csv' cannot be written: No space left on device.")
    """
    number = getattr(error, "errno", None)
    return DataError(f"{what} cannot be written: {os.strerror(number) if number else error}.")


def _mode_of(path: Path) -> int | None:
    """Return the kind and the permissions of what a path leads to; None where there is nothing."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _followed(path: Path) -> Path:
    """Return the file that a link points to; another path as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def replaced_whole(path: Path) -> Iterator[Path]:
    """Lend a temporary file in the same folder; when the block ends well, it takes the path's place at once.

    Of a link, the file that it points to is replaced; the link stays. Who may read the file that is replaced may read
    the new one, and nobody else. A file that cannot be written is a DataError.
    """
    named, path = path, _followed(path)
    temporary = path.with_name(f".{path.name[:50]}.{secrets.token_hex(8)}.part")
    try:
        mode = _mode_of(path)
        if mode is not None:
            temporary.touch(0o600)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(path)
    except OSError as error:
        if error.filename in (None, str(temporary)):  # a full disk names no file
            raise unwritable(f"'{named}'", error) from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
