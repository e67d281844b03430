"""A table made ready to be learned from: columns left out, cells that mean missing, rows without a target."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pellucid.cli.console import printable
from pellucid.errors import DataError, PellucidError, did_you_mean, near
from pellucid.tables import Schema, infer_schema, read_table
from pellucid.tables.frames import counted, row_list
from pellucid.tables.missing import MissingValues, empty_cells, warn_if_never_met
from pellucid.tables.schema import column_named, require_columns
from pellucid.tables.targets import missing_targets

__all__ = ["LEAST_ROWS", "Prepared", "options_named", "prepare"]

LEAST_ROWS = 20


class Prepared(NamedTuple):
    """Rows to learn from.

    Parameters
    ----------
    frame : pandas.DataFrame
        Every row has a target; cells that were declared missing are empty.
    as_read : pandas.DataFrame
        The same rows with the declared cells as they are.
    missing : MissingValues
    remarks : list of str
        What was left out, a sentence each.
    columns : dict of str to str
        The columns that options name, by the options.
    """

    frame: pd.DataFrame
    as_read: pd.DataFrame
    missing: MissingValues
    remarks: list[str]
    columns: dict[str, str]

    def schema(self, target: str) -> Schema:
        """Find out what the columns of the frame mean."""
        return infer_schema(self.as_read[list(self.frame.columns)], target, missing_values=self.missing)

    def parameter(self, schema: Schema) -> Any:
        """Return the parameter missing_values of an estimator that learns by the schema."""
        if self.missing.of_column:
            return {label: list(texts) for label, texts in schema.missing_values.items()}
        return list(self.missing.everywhere) or None


def prepare(
    table: Path,
    target: str,
    task: str,
    *,
    missing: MissingValues,
    exclude: tuple[str, ...],
    needed: Mapping[str, str | None] | None = None,
    encoding: str = "utf-8",
) -> Prepared:
    """Read a table and leave out what is not learned from.

    Parameters
    ----------
    table : Path
    target : str
    task : {'auto', 'classification', 'regression'}
    missing : MissingValues
        In all columns, the target among them.
    exclude : tuple of str
        Columns to leave out.
    needed : mapping of str to str or None
        Columns that must be there besides the target, by the options that name them.
    encoding : str
        Of a table that is text.

    Raises
    ------
    DataError
        If there is no such column, or there are too few rows with a target.
    """
    options = {"--target": target} | {option: name for option, name in (needed or {}).items() if name is not None}
    with options_named():
        as_read = read_table(table, missing_values=missing, encoding=encoding)
        options = {option: column_named(as_read, name) for option, name in options.items()}
        target = options["--target"]
        require_columns(as_read, options.values())
        missing.check_columns(as_read.columns)
    _check_excluded(exclude, list(as_read.columns), options)
    remarks = [f"Left out: {', '.join(map(repr, exclude))} (--exclude)."] if exclude else []
    as_read = as_read.drop(columns=list(exclude))
    frame, met = empty_cells(as_read, missing.by_column(as_read.columns))
    if missing:
        warn_if_never_met(missing, met, as_read, name="--missing")
    without = missing_targets(frame[target], task)
    if without.all():
        raise DataError(
            f"The target {target!r} must have a value in some rows; it has none in all {len(frame)} of '{table}'. "
            "Complete it, or choose another target."
        )
    if without.any():
        have = "has no {} and is" if without.sum() == 1 else "have no {} and are"
        remarks.append(
            f"{counted(int(without.sum()), 'row')} {have.format(repr(target))} left out: {row_list(without)}."
        )
        frame, as_read = frame[~without].reset_index(drop=True), as_read[~without].reset_index(drop=True)
    _require_rows(frame, table, target, int(without.sum()))
    return Prepared(frame, as_read, missing, [printable(remark) for remark in remarks], options)


def _check_excluded(exclude: tuple[str, ...], known: list[str], options: Mapping[str, str]) -> None:
    for name in exclude:
        if name not in known:
            hint = near(name, known) or did_you_mean(name, known[:50])
            raise DataError(f"'--exclude' must name columns of the table; {name!r} is none.{hint}")
        for option, needed in options.items():
            if name == needed:
                raise DataError(f"'--exclude' must name other columns than '{option}'; got {name!r}.")


def _require_rows(frame: pd.DataFrame, table: Path, target: str, without: int) -> None:
    if len(frame) < LEAST_ROWS:
        among = f", of {len(frame) + without} those that have a value of {target!r}" if without else ""
        raise DataError(f"'{table}' must have at least {LEAST_ROWS} rows to learn from; it has {len(frame)}{among}.")


@contextmanager
def options_named() -> Iterator[None]:
    """Name in errors the options of the command line, where the floors below name their parameters."""
    try:
        yield
    except PellucidError as error:
        told = str(error)
        for name, option in NAMES.items():
            told = told.replace(name, f"'--{option}'")
        raise type(error)(told) from error


NAMES = {
    "'groups'": "groups",
    "'time'": "time-column",
    "'missing_values'": "missing",
    "'encoding'": "encoding",
    "'space' of search": "sweep",
}
"""Parameters of the floors below, and the options that give them."""
