"""``pellucid predict``: a model and a table in, a table out."""

import sys
from collections.abc import Iterable
from math import ceil, log10
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.console import discard_output, printable
from pellucid.cli.failures import check, check_spared
from pellucid.cli.options import ENCODING, piped

if TYPE_CHECKING:
    import pandas as pd

    from pellucid.cli.evaluation import TabularModel
    from pellucid.estimators.tabular import TabularRegressor
    from pellucid.tables.dialects import Dialect

__all__ = ["predict"]

DIGITS = 8
"""Significant ones of a number of 32 bits."""

_STANDARD_OUTPUT = ("-", "/dev/stdout")


def predict(
    model: Annotated[Path, typer.Argument(help="Model file that `pellucid train` wrote.", show_default=False)],
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV or Parquet, - for the standard input, with the columns learned from.",
            show_default=False,
            callback=piped,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Table to write: .csv, .tsv, .csv.gz, .tsv.gz or .parquet; - for the standard output, as CSV.",
            show_default=False,
        ),
    ],
    proba: Annotated[bool, typer.Option("--proba", help="Add the calibrated probability of each class.")] = False,
    interval: Annotated[
        float | None, typer.Option(help="Add an interval that holds this share of numbers, such as 0.9.")
    ] = None,
    encoding: Annotated[str, ENCODING] = "utf-8",
) -> None:
    """Predict the target for the rows of a table.

    Writes the table, cells and columns' names as they are written there, with a column 'prediction'; with --proba also
    'probability of CLASS' for each class, with --interval also 'prediction low' and 'prediction high'. Where the table
    has one of these already, it stays, and the new ones are called 'prediction (2)' and so on. Text keeps its separator
    and its decimal mark, and is written as UTF-8.
    """
    check("--interval", "greater than 0 and less than 1", interval, interval is None or 0 < interval < 1)

    from pellucid.cli.models import load_table_model, target_name
    from pellucid.cli.preparing import options_named
    from pellucid.tables import read_as_written, write_table
    from pellucid.tables.frames import counted
    from pellucid.tables.missing import MissingValues
    from pellucid.tables.writing import TABLE_ENDINGS, check_writable

    is_piped = str(out) in _STANDARD_OUTPUT
    if not is_piped:
        check_writable(out, TABLE_ENDINGS)
        check_spared("--out", out, {"table": table, "model": model})
    predictor = load_table_model(model)
    declared = MissingValues(of_column=predictor.schema_.missing_values)
    with options_named():
        frame, cells, dialect = read_as_written(table, missing_values=declared, encoding=encoding)
    added = _added(predictor, frame, proba, interval)
    _tell_of_target(predictor, frame)
    suffix = _suffix_beside(frame.columns, added)
    result = cells.assign(**{name + suffix: column for name, column in added.items()})
    if is_piped:
        _print_csv(result, dialect)
    else:
        write_table(result, out, dialect)
    beside = f"; their columns end in '{suffix}', as the table has such already" if suffix else ""
    told = f"{counted(len(frame), 'prediction')} of {printable(target_name(predictor))} written to {out}{beside}"
    typer.echo(told, err=is_piped)


def _added(model: "TabularModel", frame: "pd.DataFrame", proba: bool, interval: float | None) -> dict[str, Any]:
    """Return the columns to be added, by name."""
    from pellucid.cli.models import target_name
    from pellucid.errors import PellucidError
    from pellucid.estimators.tabular import TabularClassifier

    is_classifier = isinstance(model, TabularClassifier)
    if proba and not is_classifier:
        raise PellucidError(f"Probabilities exist for classes only; {target_name(model)} is a number. Use --interval.")
    if interval is not None and is_classifier:
        raise PellucidError(f"Intervals exist for numbers only; {target_name(model)} is a class. Use --proba.")
    predicted = model.predict(frame)
    added = _named("prediction", predicted if isinstance(model, TabularClassifier) else _rounded(model, predicted))
    if isinstance(model, TabularClassifier):
        if proba:
            probabilities = zip(model.classes_, model.predict_proba(frame).T, strict=True)
            added |= {f"probability of {label}": _significant(column) for label, column in probabilities}
    elif interval is not None:
        ends = _rounded(model, model.predict_interval(frame, interval))
        added |= _named("prediction low", ends[..., 0]) | _named("prediction high", ends[..., 1])
    return added


def _tell_of_target(model: "TabularModel", frame: "pd.DataFrame") -> None:
    """Say that the column that is predicted is there, and what it is good for."""
    name = model.target_name_
    if name is not None and name in frame.columns and name not in model._columns:
        told = f"The table has the column {name!r}, which is not used: `pellucid evaluate` scores the model by it."
        typer.echo(printable(told), err=True)


def _print_csv(frame: "pd.DataFrame", dialect: "Dialect") -> None:
    """Write a table to the standard output; where its reader has enough, as `head` has, that is no error."""
    from pellucid.tables.writing import write_csv

    sys.stdout.flush()
    try:
        write_csv(frame, sys.stdout.buffer, dialect)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


def _significant(values: Any) -> Any:
    """Return numbers with the digits that a network's numbers, of 32 bits, have."""
    import numpy as np

    return np.array([float(f"{value:.{DIGITS}g}") for value in values.tolist()])


def _rounded(model: "TabularRegressor", values: Any) -> Any:
    """Return predictions, of shape (rows, …), with such digits of the target's spread: networks tell them in it."""
    import numpy as np

    decimals = [DIGITS - ceil(log10(spread)) for spread in model._spread.tolist()]
    if len(decimals) == 1:
        return np.round(values, decimals[0])
    return np.stack([np.round(values[:, index], places) for index, places in enumerate(decimals)], axis=1)


def _suffix_beside(there: "pd.Index[Any]", added: Iterable[str]) -> str:
    """Return what the new columns' names end in, so that none is a column of the table: nothing, or a number."""
    number, suffix = 1, ""
    while not there.intersection([name + suffix for name in added]).empty:
        number += 1
        suffix = f" ({number})"
    return suffix


def _named(name: str, values: Any) -> dict[str, Any]:
    """Return one column, or, of several targets, numbered ones."""
    if values.ndim == 1:
        return {name: values}
    return {f"{name} {index}": column for index, column in enumerate(values.T, start=1)}
