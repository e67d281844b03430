"""Errors as a person wants them: one message, no traceback, a status that scripts can tell."""

import errno
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer

from pellucid.cli.console import discard_output, printable
from pellucid.errors import DataWarning, PellucidError, TrainingWarning

__all__ = [
    "BAD_INPUT",
    "check",
    "check_spared",
    "message_of",
    "named_output",
    "told_warnings",
]

BAD_INPUT = 2
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OWN_WARNINGS = (DataWarning, TrainingWarning)


@contextmanager
def named_output() -> Iterator[None]:
    """Raise DataError if the standard output takes nothing more, as a full disk; that nobody reads it is no error."""
    try:
        try:
            yield
        finally:
            _flush_output()
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:  # files that are written are always named
            raise
        from pellucid.tables.writing import unwritable

        discard_output()
        raise unwritable("The standard output", error) from error


def _flush_output() -> None:
    try:
        if sys.stdout is not None:  # as it is where it was closed
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


@contextmanager
def told_warnings() -> Iterator[None]:
    """Tell Pellucid's own warnings in a line, without the place in the program; others as ever."""
    as_ever = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, OWN_WARNINGS):
            typer.echo(f"Warning: {printable(str(message))}", err=True)
        else:
            as_ever(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        for category in OWN_WARNINGS:
            warnings.simplefilter("default", category)
        warnings.showwarning = show
        yield


def message_of(error: Exception) -> str | None:
    """Return what to tell the user of an error that input or circumstances caused; None for a mistake in the program.

    Examples
    --------
    >>> message_of(FileNotFoundError(2, "No such file or directory", "a.csv"))
    "'a.csv': No such file or directory."
    >>> message_of(KeyError("a")) is None
    True
    """
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; take fewer rows or columns."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename!r}: {error.strerror}." if error.filename else f"{error.strerror}."
    if isinstance(error, PellucidError | OSError) or _is_parameter_error(error):
        return str(error)
    return None


def _is_parameter_error(error: Exception) -> bool:
    """Tell whether scikit-learn refused a parameter."""
    from sklearn.utils._param_validation import InvalidParameterError

    return isinstance(error, InvalidParameterError)


def check(option: str, rule: str, value: object, holds: bool) -> None:
    """Raise PellucidError unless an option's value obeys its rule.

    Examples
    --------
    >>> check("--epochs", "at least 1", 0, holds=False)
    Traceback (most recent call last):
    pellucid.errors.PellucidError: '--epochs' must be at least 1; got 0.
    """
    if not holds:
        raise PellucidError(f"'{option}' must be {rule}; got {value}.")


def check_spared(option: str, written: Path, read: Mapping[str, Path | None]) -> None:
    """Raise PellucidError if what is to be written would replace a file that is read, under whatever name.

    Parameters
    ----------
    option : str
        What names the file to be written.
    written : Path
    read : mapping of str to Path or None
        Files that are read, by what they are.
    """
    for what, path in read.items():
        if path is not None and written.exists() and path.exists() and written.samefile(path):
            raise PellucidError(
                f"'{option}' must be another file than the {what} '{path}', which it would replace; got '{written}'. "
                "Name a new file."
            )
