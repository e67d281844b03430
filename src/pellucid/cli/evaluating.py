"""What ``pellucid evaluate`` does, step by step."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pellucid.cli.console import print_table, printable
from pellucid.cli.evaluation import (
    CALIBRATION,
    CLASS_MEASURES,
    COVERAGES,
    MARK_MEASURES,
    Evaluation,
    Score,
    TabularModel,
    Values,
    interval_shares,
    number_measures,
)
from pellucid.cli.members import SCORING_UNITS
from pellucid.cli.preparing import options_named
from pellucid.cli.remarks import remarks_on_new_rows
from pellucid.cli.report import check_own_folder, write_report, write_whole
from pellucid.errors import DataError, PellucidError
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
from pellucid.estimators.tabular.importances import SHARES
from pellucid.storage import load
from pellucid.tables import Target, read_table
from pellucid.tables.cells import cell_texts, coded, have_leading_zeros, number_of, read_numbers, shown_cell
from pellucid.tables.figures import in_full
from pellucid.tables.frames import counted, row_list
from pellucid.tables.missing import MissingValues
from pellucid.tables.schema import column_named, require_columns
from pellucid.tables.targets import missing_targets
from pellucid.tracing.tables import rows_of_network

__all__ = ["run_evaluation"]

Model = TabularModel | MLPClassifier | MLPRegressor


def run_evaluation(
    path: Path,
    table: Path,
    targets: tuple[str, ...],
    *,
    encoding: str,
    report: Path | None,
    figures: Path | None,
    quiet: bool,
) -> Evaluation:
    """Read a model and a table, score, and report.

    Parameters
    ----------
    path, table : Path
        Of the model and of the rows.
    targets : tuple of str
        Columns with the targets; none: the model's own.
    encoding : str
        Of a table that is text.
    report : Path or None
        Folder; None: no report.
    figures : Path or None
        JSON to write.
    quiet : bool
        Print nothing.
    """
    model = load(path)
    names = targets or _own_target(model, path)
    if report is not None:
        _check_report(report, model, path, names)
    missing = MissingValues(of_column=model.schema_.missing_values if _is_tabular(model) else {})
    with options_named():
        frame = read_table(table, missing_values=missing, encoding=encoding)
    names = tuple(column_named(frame, name) for name in names)
    require_columns(frame, names)
    frame, remarks = _with_targets(frame, names, model, table)
    evaluation, unknown = _evaluated(model, frame, names)
    said = remarks_on_new_rows(model, evaluation)
    if not quiet:
        print("\n".join([f"{printable(table.name)}: {counted(len(frame), 'row')} to score", *remarks, *unknown, ""]))
        _show(evaluation, said)
    if figures is not None:
        write_whole(figures, (json.dumps(_figures(evaluation), indent=2) + "\n").encode())
        if not quiet:
            print(f"Scores: {printable(str(figures))}")
    if report is not None:
        page = write_report(report, table.name, model, evaluation, [*remarks, *unknown, *said])
        if not quiet:
            print(f"Report: {printable(str(page))}")
    return evaluation


def _is_tabular(model: Model) -> bool:
    return isinstance(model, TabularClassifier | TabularRegressor)


def _is_classifier(model: Model) -> bool:
    return isinstance(model, TabularClassifier | MLPClassifier)


def _own_target(model: Model, path: Path) -> tuple[str, ...]:
    name = getattr(model, "target_name_", None)
    if name is None:
        raise PellucidError(f"'--target' must be given: the model of '{path}' does not know its target's name.")
    return (name,)


def _check_report(folder: Path, model: Model, path: Path, names: tuple[str, ...]) -> None:
    if not _is_tabular(model) or len(names) > 1:
        what = f"a model of {len(names)} targets" if len(names) > 1 else type(model).__name__
        raise PellucidError(
            f"'--report' exists for models of a table with one target; '{path}' holds {what}. Leave it out."
        )
    check_own_folder(folder)


def _with_targets(
    frame: pd.DataFrame, names: tuple[str, ...], model: Model, table: Path
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that have all targets, and say which have not."""
    task = "classification" if _is_classifier(model) else "regression"
    without = np.any([missing_targets(frame[name], task) for name in names], axis=0)
    told = " or ".join(map(repr, names))
    if without.all():
        raise DataError(
            f"Some rows of '{table}' must have a value of {told}, to be compared; none of {len(frame)} has."
        )
    if not without.any():
        return frame, []
    have = "has no {} and is" if without.sum() == 1 else "have no {} and are"
    remark = f"{counted(int(without.sum()), 'row')} {have.format(told)} left out: {row_list(without)}."
    return frame[~without], [printable(remark)]


# --- scores -----------------------------------------------------------------------------------------------------------


class _Told(NamedTuple):
    """What a model says of rows: classes, marks or numbers, and the probabilities of the first two."""

    predicted: Values
    probabilities: Values | None


def _told(model: Model, frame: pd.DataFrame) -> _Told:
    X = frame if _is_tabular(model) else rows_of_network(model, frame, None)[0]
    return _Told(model.predict(X), model.predict_proba(X) if _is_classifier(model) else None)


def _evaluated(model: Model, frame: pd.DataFrame, names: tuple[str, ...]) -> tuple[Evaluation, list[str]]:
    """Score the model on rows with their targets; say of how many it does not know the class."""
    inputs = {*getattr(model, "_columns", getattr(model, "feature_names_in_", ()))}
    rows = frame.drop(columns=[name for name in names if name not in inputs])
    told = _told(model, rows)
    outputs = 1 if told.predicted.ndim == 1 else told.predicted.shape[1]
    if len(names) != outputs:
        raise PellucidError(
            f"'--target' must name the {counted(outputs, 'column')} that the model predicts, in the order learned "
            f"from; got {', '.join(map(repr, names))}."
        )
    unknown: list[str] = []
    if told.probabilities is None:
        actual = np.column_stack([_numbers(frame[name]) for name in names]).reshape(told.predicted.shape)
        found = _number_scores(model, rows, told, actual)
    elif told.predicted.ndim == 2:
        actual = np.column_stack([_marks(frame[name]) for name in names])
        found = _mark_scores(told.probabilities, actual)
    else:
        actual, codes = _classes(frame[names[0]], model.classes_)
        unknown = _tell_unknown(actual[codes < 0], frame.index[codes < 0])
        found = _class_scores(model, told.probabilities, codes)
    own_name, own = _own_score(model)
    scores = [Score(each.name, own if each.name == own_name else None, *each[1:]) for each in found.scores]
    evaluation = Evaluation(
        _target(model, names, actual),
        frame[:0],
        frame,
        frame,
        actual,
        told.predicted,
        told.probabilities,
        tuple(scores),
        found.baseline,
        covered=found.covered,
        width=found.width,
        is_new=True,
    )
    return evaluation, unknown


class _Row(NamedTuple):
    name: str
    value: float | None
    baseline: float | None


class _Found(NamedTuple):
    scores: list[_Row]
    baseline: str
    covered: Values | None = None
    width: float | None = None


def _number_scores(model: Any, rows: pd.DataFrame, told: _Told, actual: Values) -> _Found:
    means = actual.mean(axis=0)
    trivial = np.broadcast_to(means, actual.shape)
    scores = [
        _Row(name, _measured(name, measure, actual, told.predicted), _measured(name, measure, actual, trivial))
        for name, measure in number_measures(model).items()
    ]
    baseline = "always the means of these rows"
    if actual.ndim == 1:
        baseline = f"always {in_full(float(means))}, the mean of these rows"
    if actual.ndim > 1 or not getattr(model, "_residuals", None):
        return _Found(scores, baseline)
    return _Found(scores, baseline, *interval_shares(model, rows, actual))


def _measured(name: str, measure: Callable[..., Any], actual: Values, predicted: Values) -> float:
    """Return a measure; NaN where it is a share of a variance, which one row has not."""
    return float("nan") if name == "R²" and len(actual) < 2 else float(measure(actual, predicted))


def _mark_scores(probabilities: Values, actual: Values) -> _Found:
    trivial = np.broadcast_to(actual.mean(axis=0), actual.shape)
    scores = [
        _Row(name, measure(actual, probabilities), None if name == CALIBRATION else measure(actual, trivial))
        for name, measure in MARK_MEASURES.items()
    ]
    return _Found(scores, "always the marks' shares of these rows as probabilities")


def _class_scores(model: Any, probabilities: Values, codes: Values) -> _Found:
    classes = model.classes_.tolist()
    counts = np.bincount(codes[codes >= 0], minlength=len(classes))
    trivial = np.tile(counts / counts.sum(), (len(codes), 1))
    scores = [
        _Row(name, measure(codes, probabilities), None if name == CALIBRATION else measure(codes, trivial))
        for name, measure in CLASS_MEASURES.items()
    ]
    frequent = classes[int(counts.argmax())]
    baseline = f"always {frequent!r}, the most frequent class of these rows, with their shares as probabilities"
    return _Found(scores, baseline)


def _own_score(model: Any) -> tuple[str, float | None]:
    """Return the name and the value of the score that a model of a table had out of fold."""
    if not _is_tabular(model) or not np.isfinite(model.oof_score_):
        return "", None
    scoring = model._scoring()
    return SCORING_UNITS[scoring].removesuffix(" (nats)"), model.oof_score_ * (1 if scoring in SHARES else -1)


def _target(model: Any, names: tuple[str, ...], actual: Values) -> Target:
    label = ", ".join(names)
    if _is_classifier(model):
        return Target(label, "classification", tuple(model.classes_.tolist()))
    return Target(label, "regression", mean=float(actual.mean()), scale=float(actual.std()))


# --- targets ----------------------------------------------------------------------------------------------------------


def _numbers(series: "pd.Series[Any]") -> Values:
    values, wrong = read_numbers(series)
    wrong |= ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"The target {series.name!r} must be a finite number; row {series.index[row] + 1} has "
            f"{shown_cell(series.iloc[row])}. Correct it, or remove the row."
        )
    return values


def _marks(series: "pd.Series[Any]") -> Values:
    values = _numbers(series)
    if not np.isin(values, (0, 1)).all():
        row = int(np.argmin(np.isin(values, (0, 1))))
        raise DataError(f"The target {series.name!r} must be 0 or 1; row {series.index[row] + 1} has {values[row]:g}.")
    return values.astype(np.int64)


def _classes(series: "pd.Series[Any]", classes: Values) -> tuple[Values, Values]:
    """Return each row's class, as the model has it or as it is written, and its number, -1 if the model has none."""
    codes, texts = coded(series)
    known = cell_texts(pd.Series(classes, dtype=object))
    number_of_text = pd.Index(_as_numbers(known, known)).get_indexer(pd.Index(_as_numbers(texts, known)))
    if (number_of_text < 0).all():
        raise DataError(
            f"The target {series.name!r} must have classes that the model knows, such as {str(known[0])!r}; it has "
            f"none of them, but {str(texts[0])!r}. Name another column."
        )
    values = np.array(
        [text if number < 0 else classes[number] for text, number in zip(texts, number_of_text, strict=True)],
        dtype=object,
    )
    return values[codes], number_of_text[codes]


def _as_numbers(texts: Values, known: Values) -> Values:
    """Return numbers as such where all known classes are: 1.0 is the class 1. Among codes such as 01, 1 is none."""
    numbers_known = {number_of(text) for text in known}
    if have_leading_zeros(known) or None in numbers_known or len(numbers_known) < len(known):
        return texts
    numbers = [number_of(text) for text in texts]
    return np.array([text if number is None else number for text, number in zip(texts, numbers, strict=True)], object)


def _tell_unknown(actual: Values, places: pd.Index) -> list[str]:
    if not len(actual):
        return []
    are = "1 row is" if len(actual) == 1 else f"{len(actual)} rows are"
    which = f"{are} of a class that the model does not know, such as {actual[0]!r}"
    return [printable(f"{which}: predictions count as wrong there ({row_list(np.bincount(places))}).")]


# --- what is said -----------------------------------------------------------------------------------------------------


def _show(evaluation: Evaluation, said: list[str]) -> None:
    print_table(("score", *evaluation.titles()), evaluation.rows())
    print(f"\nBaseline: {printable(evaluation.baseline_name)}.")
    if evaluation.intervals():
        print(evaluation.intervals())
    print("".join(f"\n{printable(each)}\n" for each in said), end="")


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    """Return the scores as JSON can hold them."""
    scores = {
        score.name: {
            "out_of_fold": _finite(score.out_of_fold),
            "these_rows": _finite(score.held_out),
            "baseline": _finite(score.baseline),
        }
        for score in evaluation.scores
    }
    intervals = None
    if evaluation.covered is not None:
        held = {f"{coverage:g}": float(share) for coverage, share in zip(COVERAGES, evaluation.covered, strict=True)}
        intervals = {"held": held, "median_width_of_0.9": _finite(evaluation.width)}
    target = evaluation.target.label
    return {"target": target, "rows": len(evaluation.held_out), "scores": scores, "intervals": intervals}


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else value
