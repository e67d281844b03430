"""What ``pellucid train`` does, step by step."""

import os
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pellucid.cli.console import print_table, printable
from pellucid.cli.evaluation import Evaluation, TabularModel, evaluate, target_values
from pellucid.cli.failures import message_of
from pellucid.cli.members import MEMBER_TITLES, member_rows
from pellucid.cli.preparing import options_named, prepare
from pellucid.cli.remarks import remarks
from pellucid.cli.report import check_own_folder, write_report
from pellucid.errors import DataError, DataWarning
from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
from pellucid.spec import parameter_count
from pellucid.storage import save
from pellucid.tables import Schema, Target, fold_rows, split_rows
from pellucid.tables.cells import coded
from pellucid.tables.decimals import how_written, marks_of
from pellucid.tables.frames import counted
from pellucid.tables.inference import nearly_numbers_or_dates
from pellucid.tables.missing import MissingValues
from pellucid.tables.sentinels import note_of_sentinels
from pellucid.tables.splits import group_numbers
from pellucid.tables.writing import check_writable
from pellucid.training.stopping import Outcome

__all__ = [
    "Dealt",
    "Places",
    "column_of",
    "deal",
    "goal_of",
    "hold_out",
    "run_training",
    "untrained",
    "without_group",
]

_PARTS = 20
"""Groups, or times, are dealt into so many parts at least, of which some are held out."""

_MOST_PRODUCTS = 5e11
"""Multiplications that finding the importances may take, some tens of seconds; of wide tables, a hundred rows' more."""


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
        if self.report is not None:
            check_own_folder(self.report)


def run_training(
    parameters: Mapping[str, Any],
    target: str,
    places: Places,
    *,
    task: str,
    missing: MissingValues,
    exclude: tuple[str, ...],
    test_share: float,
    group_column: str | None,
    encoding: str,
    importances: bool,
    quiet: bool,
) -> Evaluation:
    """Read, understand, split, train, score, save and report.

    Parameters
    ----------
    parameters : mapping
        Of the estimator; its random_state draws the split, too.
    target : str
        Name of the column to be predicted.
    places : Places
    task : {'auto', 'classification', 'regression'}
    missing : MissingValues
        What cells say that means missing, in the target, too.
    exclude : tuple of str
        Columns to leave out.
    test_share : float
        Share of the rows held out for the score; with groups or times whole ones, the latest. 0: none.
    group_column : str or None
        Column of groups whose rows stay together; it is not learned from. A row with an empty cell is by itself.
    encoding : str
        Of a table that is text.
    importances : bool
        Find out how much each column counts.
    quiet : bool
        Print nothing.
    """
    places.check()
    needed = {"--groups": group_column, "--time-column": parameters["time_column"]}
    prepared = prepare(places.table, target, task, missing=missing, exclude=exclude, needed=needed, encoding=encoding)
    frame, target = prepared.frame, prepared.columns["--target"]
    group_column, time_column = (prepared.columns.get(option) for option in needed)
    grouping = None if group_column is None else frame.pop(group_column)
    goal = goal_of(frame[target], task, parameters["scoring"])
    dealt = deal(frame, goal, test_share, parameters["random_state"], grouping, time_column)
    schema = prepared.schema(target)
    if not quiet:
        _show_columns(places.table, schema, prepared.remarks)
        print(f"\nTarget {printable(repr(goal.label))}: {printable(goal.meaning())}{_remarks(goal, frame[target])}")
        print(f"\n{dealt.meaning()}{without_group(grouping)}\n", flush=True)
    learned, held_out = dealt.learned, dealt.held_out
    parameters = {**parameters, "time_column": time_column, "missing_values": prepared.parameter(schema)}
    model = _fit(parameters, learned, goal, schema, dealt.groups)
    _save(model, places.model)  # what ends the command from here on does not end the model
    evaluation = evaluate(model, goal, learned, held_out)
    if importances and model.outcome_ is not Outcome.INTERRUPTED:
        _compute_importances(model, learned, goal, quiet)
        _save(model, places.model)
    said = remarks(model, evaluation, has_groups=grouping is not None)
    if not quiet:
        _show_result(model, evaluation, said)
        print(f"Model: {printable(str(places.model))}")
    if places.report is not None:
        try:
            page = write_report(places.report, places.table.name, model, evaluation, said)
        except (DataError, OSError) as error:
            raise DataError(
                f"The report is not whole: {message_of(error)} The model is, in '{places.model}'."
            ) from error
        if not quiet:
            print(f"Report: {printable(str(page))}")
    return evaluation


def untrained(parameters: Mapping[str, Any], goal: Target) -> TabularModel:
    """Return the estimator for a target."""
    return TabularClassifier(**parameters) if goal.task == "classification" else TabularRegressor(**parameters)


def column_of(goal: Target, learned: pd.DataFrame) -> "pd.Series[Any]":
    """Return the target's column as the estimator learns it."""
    return pd.Series(target_values(goal, learned[goal.label]), name=goal.label)


def goal_of(column: "pd.Series[Any]", task: str, scoring: str | None) -> Target:
    """Return what is to be predicted, once it suits the scoring."""
    goal = Target.of(column, task)
    if scoring is None:
        return goal
    kind, what = (TabularClassifier, "classes") if goal.task == "classification" else (TabularRegressor, "numbers")
    if scoring not in kind.SCORINGS:
        raise DataError(
            f"'--scoring' must be one of {', '.join(kind.SCORINGS)} for a target of {what}, as {goal.label!r} is taken "
            f"to be; got {scoring!r}. Choose one of these, or another --task."
        )
    return goal


class Dealt(NamedTuple):
    """Rows to learn from and rows held out.

    Parameters
    ----------
    learned, held_out : pandas.DataFrame
    groups : array of int (learned rows,) or None
        The numbers of the groups of the rows to learn from.
    """

    learned: pd.DataFrame
    held_out: pd.DataFrame
    groups: Any

    def meaning(self) -> str:
        """Say how many rows are on each side."""
        kept = f"{len(self.held_out)} held out for the score" if len(self.held_out) else "none held out"
        return f"{counted(len(self.learned), 'row')} to learn from, {kept}"


def deal(
    frame: pd.DataFrame,
    goal: Target,
    share: float,
    seed: int,
    grouping: "pd.Series[Any] | None" = None,
    time_column: str | None = None,
) -> Dealt:
    """Deal rows: at random, by whole groups, or the latest to those held out."""
    groups = None if grouping is None else group_numbers(grouping)
    times = None if time_column is None else frame[time_column]
    rows, held_out = hold_out(frame, goal, share, seed, groups, times)
    learned, kept = (frame.iloc[each].reset_index(drop=True) for each in (rows, held_out))
    return Dealt(learned, kept, None if groups is None else groups[rows])


def hold_out(
    frame: pd.DataFrame, goal: Target, share: float, seed: int, groups: Any = None, times: Any = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the rows to learn from and those held out: whole groups, or the latest; of a share of 0 none."""
    rows = len(frame)
    classes = goal.encode(frame[goal.label]) if goal.task == "classification" else None
    everything = np.arange(rows), np.arange(0)
    if groups is None and times is None:
        return split_rows(rows, share, seed, classes) if share else everything
    stratify = None if groups is None else classes
    parts = max(_PARTS, ceil(2 / (share or 0.5)))
    with options_named():
        folds = list(fold_rows(rows, parts, seed, stratify=stratify, groups=groups, time=times))
    if not share:
        return everything
    left = 0 if times is None else len(folds[0][0])  # the earliest rows, which no fold holds out
    sizes = np.cumsum([len(valid) for _, valid in reversed(folds)])
    most = len(folds) - (times is None)  # some rows are to be learned from
    count = 1 + int(np.argmin(np.abs(sizes[:most] - share * (left + sizes[-1]))))
    held_out = np.sort(np.concatenate([valid for _, valid in folds[-count:]]))
    return np.setdiff1d(everything[0], held_out), held_out


def _fit(
    parameters: Mapping[str, Any], learned: pd.DataFrame, goal: Target, schema: Schema, groups: Any
) -> TabularModel:
    model, y = untrained(parameters, goal), column_of(goal, learned)
    with options_named(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # many classes for few rows: the score tells
        warnings.simplefilter("default", DataWarning)
        return model.fit(learned.drop(columns=goal.label), y, groups=groups, schema=schema)


def _save(model: TabularModel, path: Path) -> None:
    """Write the model; where that fails, to a new file of the system's temporary folder: no training is in vain."""
    try:
        save(model, path)
    except DataError as error:
        kept = _saved_elsewhere(model)
        if kept is None:
            raise
        raise DataError(f"{error} The model is kept in '{kept}': move it from there.") from error


def _saved_elsewhere(model: TabularModel) -> Path | None:
    """Return the temporary file that the model is written to; None if it cannot be written there, either."""
    try:
        descriptor, name = tempfile.mkstemp(".safetensors", "pellucid-")
    except OSError:
        return None
    os.close(descriptor)
    kept = Path(name)
    try:
        save(model, kept)
    except DataError:
        kept.unlink(missing_ok=True)
        return None
    return kept


def _compute_importances(model: TabularModel, learned: pd.DataFrame, goal: Target, quiet: bool) -> None:
    """Compute importances, with fewer repeats and rows where there are many columns; Ctrl-C leaves them out."""
    columns = len(model.schema_.used)
    repeats = 5 if columns <= 20 else 2 if columns <= 200 else 1
    networks = {each.member: parameter_count(each.network) for each in model.bag_.networks}
    rows = int(np.clip(_MOST_PRODUCTS / (columns * repeats * sum(networks.values())), 100, 10_000))
    y = column_of(goal, learned)
    try:
        model.compute_importances(
            learned.drop(columns=goal.label), y, repeats=repeats, max_rows=rows, progress=not quiet
        )
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: the model and the report are written without importances.\n")
    except DataError as error:
        if not quiet:
            sys.stderr.write(f"No importances: {error}\n")


def without_group(grouping: "pd.Series[Any] | None") -> str:
    """Say how many rows name no group, if some do."""
    if grouping is None or not (alone := int((coded(grouping).codes < 0).sum())):
        return ""
    return f"\n{counted(alone, 'row')} without {printable(repr(str(grouping.name)))}: each is a group of its own"


def _remarks(goal: Target, column: "pd.Series[Any]") -> str:
    """Say what else is worth knowing of the target's column."""
    if goal.task == "regression":
        remark = note_of_sentinels(target_values(goal, column), "leave these rows out (--missing)")
    else:
        remark = nearly_numbers_or_dates(coded(column))
    return "".join(f"; {each}" for each in (how_written(marks_of(column)), remark) if each)


def _show_columns(table: Path, schema: Schema, remarks: list[str]) -> None:
    size = f"{counted(schema.rows, 'row')}, {counted(len(schema.columns), 'column')}"
    print("\n".join([f"{printable(table.name)}: {size} beside the target", *remarks, ""]))
    print_table(("column", "missing", "understood as"), schema.describe())


def _show_result(model: TabularModel, evaluation: Evaluation, said: list[str]) -> None:
    ended = "" if model.outcome_ in (Outcome.ALL_EPOCHS, Outcome.CONVERGED) else f" {model.outcome_.value}"
    count = len(model.bag_.networks)
    print(f"\n{counted(count, 'network')}, {_epochs(model)}.{ended}\n")
    print_table(MEMBER_TITLES, member_rows(model))
    print()
    print_table(("score", *evaluation.titles()), evaluation.rows())
    print(f"\nBaseline: {printable(evaluation.baseline_name)}.")
    if not evaluation.is_held_out:
        print(evaluation.account())
    if evaluation.intervals():
        print(evaluation.intervals())
    print("".join(f"\n{printable(each)}\n" for each in said))


def _epochs(model: TabularModel) -> str:
    """Say how long the networks were trained, and what else was that was counted meanwhile."""
    each, others = [trained.epochs for trained in model.bag_.networks], model.bag_.other_epochs
    epochs = counted(max(each), "epoch") if min(each) == max(each) else f"{min(each)} to {max(each)} epochs"
    told = epochs if len(each) == 1 else f"{epochs} each, {sum(each)} together"
    if not others:
        return told
    why = "tell how good these are, or were tried and left" if model.bag_.judges else "were tried and left"
    return f"{told}; {counted(others, 'more epoch')} went into networks that {why}"
