"""What ``pellucid train`` does, step by step."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from pellucid.cli.console import print_table, printable
from pellucid.cli.evaluation import Evaluation, evaluate
from pellucid.cli.report import write_report
from pellucid.errors import DataError, TrainingWarning
from pellucid.estimators.table_model import TableModel
from pellucid.storage import save
from pellucid.tables import Schema, Target, infer_schema, read_table, split_rows
from pellucid.tables.decimals import has_decimal_commas
from pellucid.tables.frames import counted
from pellucid.tables.schema import require_columns
from pellucid.tables.writing import check_writable

__all__ = ["Places", "run_training"]

_LEAST_ROWS = 20


@dataclass(frozen=True)
class Places:
    """Where things are read from and written to.

    Parameters
    ----------
    table, model : Path
    report : Path or None
        Folder; None: no report.
    """

    table: Path
    model: Path
    report: Path | None

    def check(self) -> None:
        """Raise DataError if something cannot be written, before any work is done."""
        check_writable(self.model, (".safetensors",))
        if self.report is None:
            return
        if self.report.exists() and not self.report.is_dir():
            raise DataError(f"'{self.report}' must be a folder for the report; it is a file.")
        existing = next(folder for folder in (self.report, *self.report.absolute().parents) if folder.exists())
        if not os.access(existing, os.W_OK):
            raise DataError(f"'{self.report}' cannot be written: '{existing}' does not allow it.")


def run_training(
    model: TableModel, target: str, places: Places, *, test_share: float, seed: int, quiet: bool
) -> Evaluation:
    """Read, understand, split, train, score, save and report.

    Parameters
    ----------
    model : TableModel
        Not trained yet.
    target : str
        Name of the column to be predicted.
    places : Places
    test_share : float
        Share of the rows held out for the score.
    seed : int
    quiet : bool
        Print nothing.
    """
    places.check()
    frame = read_table(places.table)
    require_columns(frame, [target])
    if len(frame) < _LEAST_ROWS:
        raise DataError(f"'{places.table}' must have at least {_LEAST_ROWS} rows to learn from; it has {len(frame)}.")
    goal, schema = Target.of(frame[target], model.task), infer_schema(frame, target)
    if not quiet:
        _show_columns(places.table, schema)
        commas = "; written with decimal commas" if has_decimal_commas(frame[target]) else ""
        print(f"\nTarget {printable(repr(goal.label))}: {printable(goal.meaning())}{commas}")
    classes = goal.encode(frame[target]) if goal.task == "classification" else None
    rows, held_out = split_rows(len(frame), test_share, seed, classes)
    if not quiet:
        print(f"\n{counted(len(rows), 'row')} to learn from, {len(held_out)} held out for the score\n", flush=True)
    _fit(model, frame.iloc[rows], target, schema, goal.task)
    evaluation = evaluate(model, frame.iloc[rows], frame.iloc[held_out])
    save(model, places.model)
    if not quiet:
        _show_result(model, evaluation)
        print(f"Model: {printable(str(places.model))}")
    if places.report is not None:
        page = write_report(places.report, places.table.name, model, evaluation)
        if not quiet:
            print(f"Report: {printable(str(page))}")
    return evaluation


def _fit(model: TableModel, frame: pd.DataFrame, target: str, schema: Schema, task: str) -> None:
    model.set_params(task=task)  # found on all rows
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, TrainingWarning):
            warnings.simplefilter("ignore", kind)  # how training ended is said below
        model.fit(frame, target, schema=schema)


def _show_columns(table: Path, schema: Schema) -> None:
    size = f"{counted(schema.rows, 'row')}, {counted(len(schema.columns), 'column')}"
    print(f"{printable(table.name)}: {size} beside the target\n")
    print_table(("column", "missing", "understood as"), schema.describe())


def _show_result(model: TableModel, evaluation: Evaluation) -> None:
    print(f"\n{counted(model.estimator_.n_iter_, 'epoch')}. {model.estimator_.outcome_.value}\n")
    print_table(("held-out score", "network", "baseline"), evaluation.rows())
    print(f"\nBaseline: {printable(evaluation.baseline_name)}.\n")
