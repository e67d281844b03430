"""Errors as a person wants them: one message, no traceback, a status that scripts can tell."""

import functools
from collections.abc import Callable
from typing import NoReturn

import typer

from pellucid.cli.console import printable
from pellucid.errors import PellucidError

__all__ = ["BAD_INPUT", "INTERRUPTED", "check", "reported"]

BAD_INPUT = 2
INTERRUPTED = 130


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that its foreseeable errors become a message and an exit status."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except (PellucidError, OSError, MemoryError) as error:
            _fail(error)
        except ValueError as error:
            if not _is_parameter_error(error):
                raise
            _fail(error)

    return run


def _is_parameter_error(error: ValueError) -> bool:
    """Tell whether scikit-learn refused a parameter; other ValueErrors are mistakes in the program."""
    from sklearn.utils._param_validation import InvalidParameterError

    return isinstance(error, InvalidParameterError)


def _fail(error: Exception) -> NoReturn:
    import click

    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().obj:
        raise error
    typer.echo(f"Error: {printable(_message(error))}", err=True)
    raise typer.Exit(BAD_INPUT) from None


def _message(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; take fewer rows or columns."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename!r}: {error.strerror}." if error.filename else f"{error.strerror}."
    return str(error)


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
