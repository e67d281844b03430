"""How good a model is on rows it has not seen, beside a trivial baseline."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    mean_absolute_error,
    mean_poisson_deviance,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)

from pellucid.errors import DataWarning
from pellucid.estimators.tabular import TabularClassifier, TabularRegressor
from pellucid.estimators.tabular.bag import Bag
from pellucid.estimators.tabular.calibration import expected_calibration_error
from pellucid.tables import Target
from pellucid.tables.cells import read_numbers
from pellucid.tables.figures import in_full
from pellucid.tables.frames import counted

__all__ = [
    "CALIBRATION",
    "CLASS_MEASURES",
    "COVERAGES",
    "MARK_MEASURES",
    "Evaluation",
    "OutOfFold",
    "Score",
    "TabularModel",
    "evaluate",
    "foretold",
    "interval_shares",
    "number_measures",
    "target_values",
]

TabularModel = TabularClassifier | TabularRegressor

COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Of the intervals that are tried on the rows held out."""

SMALLEST = 1e-12

FIELDS = {"out of fold": "out_of_fold", "held out": "held_out", "these rows": "held_out", "baseline": "baseline"}
"""Where the values of a title are in a score."""

Values = NDArray[Any]


@dataclass(frozen=True)
class Score:
    """One measure.

    Parameters
    ----------
    name : str
    out_of_fold, held_out, baseline : float or None
        None: there is none.
    """

    name: str
    out_of_fold: float | None
    held_out: float | None
    baseline: float | None


@dataclass(frozen=True)
class OutOfFold:
    """The rows that networks which did not see them predicted.

    Parameters
    ----------
    rows : int
    set_aside : bool
        Whether none of the networks that predict learned from them.
    chose_epochs : bool
        Whether the best epochs of those that predicted them were chosen by them.
    """

    rows: int = 0
    set_aside: bool = False
    chose_epochs: bool = True

    @classmethod
    def of(cls, bag: Bag, rows: int) -> "OutOfFold":
        """Return what a bag says of so many rows that it predicted out of fold."""
        validated = all(each.is_validated for each in bag.networks)
        alone = len({each.fold for each in bag.networks}) == 1
        return cls(rows, set_aside=validated and alone, chose_epochs=not (bag.judges and validated))

    def account(self, learned: int) -> str:
        """Say which of the rows to learn from they are, and who predicted them."""
        if not self.rows:
            return "No row was predicted out of fold."
        which = f"{self.rows} of the {counted(learned, 'row')}, set aside: none was learned from"
        if not self.set_aside:
            which = f"{counted(self.rows, 'row')}, each predicted by networks that did not learn from it"
        chosen = "The epochs of the networks that predicted them were chosen by other rows."
        if self.chose_epochs:
            chosen = "The best epochs were chosen by these rows, so new ones may score a little worse."
        return f"Out of fold: {which}. {chosen}"


@dataclass(frozen=True)
class Evaluation:
    """What a model and a baseline score on rows held out, or, where there are none, out of fold.

    Parameters
    ----------
    target : Target
    learned, held_out : pandas.DataFrame
        The rows learned from, and the others, if there are any.
    judged : pandas.DataFrame
        The rows held out; where there are none, those learned from that networks which did not see them predicted.
    actual, predicted : array (judged rows,)
    probabilities : array (judged rows, classes) or None
        Of a classification.
    scores : tuple of Score
    baseline_name : str
    covered : array (coverages,) or None
        Of a regression with rows held out: the share of them within the interval of each of `COVERAGES`.
    width : float or None
        Median width of the intervals of 90%.
    out_of_fold : OutOfFold
        What the scores out of fold rest on.
    is_new : bool
        Whether the model came from a file, and the rows held out are others than its training held out; then only its
        own score is known out of fold, and no row that it learned from.
    """

    target: Target
    learned: pd.DataFrame
    held_out: pd.DataFrame
    judged: pd.DataFrame
    actual: Values
    predicted: Values
    probabilities: Values | None
    scores: tuple[Score, ...]
    baseline_name: str
    covered: Values | None = None
    width: float | None = None
    out_of_fold: OutOfFold = OutOfFold()
    is_new: bool = False

    @property
    def is_held_out(self) -> bool:
        """Whether rows were held out."""
        return len(self.held_out) > 0

    @property
    def judged_name(self) -> str:
        """Name of the rows judged by."""
        if self.is_new:
            return "rows"
        return "rows held out" if self.is_held_out else "rows out of fold"

    def titles(self) -> tuple[str, ...]:
        """Return the titles of the values in `rows`."""
        if self.is_new:
            is_known = any(score.out_of_fold is not None for score in self.scores)
            return ("out of fold", "these rows", "baseline") if is_known else ("these rows", "baseline")
        return ("out of fold", "held out", "baseline") if self.is_held_out else ("out of fold", "baseline")

    def rows(self) -> list[tuple[str, ...]]:
        """Return name, out-of-fold, held-out (if rows were held out) and baseline value of each score as text."""
        return [
            (score.name, *(_shown(getattr(score, FIELDS[title])) for title in self.titles())) for score in self.scores
        ]

    def account(self) -> str:
        """Say which rows the scores are of, and who predicted them."""
        if self.is_new:
            return f"These rows: {len(self.held_out)}. Out of fold: the model's own score, of the rows it learned from."
        told = self.out_of_fold.account(len(self.learned))
        if not self.is_held_out:
            return f"No rows were held out. {told}"
        return f"{told} Held out: {counted(len(self.held_out), 'row')} that no network saw."

    def intervals(self) -> str | None:
        """Say how good the intervals of 90% are, if there are any."""
        if self.covered is None:
            return None
        share, width = self.covered[COVERAGES.index(0.9)], "–" if self.width is None else in_full(self.width, 4)
        return f"Intervals of 90% hold {share:.1%} of the {self.judged_name}; half of them are narrower than {width}."


def _shown(value: float | None) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    if abs(value) < 0.01:
        return f"{value:.2g}"
    return f"{value:.4f}" if abs(value) < 100 else in_full(value)


def target_values(target: Target, series: "pd.Series[Any]") -> Values:
    """Return the target's values as a model learns them: classes as they stand in the table, or numbers."""
    if target.task == "regression":
        return read_numbers(series)[0]
    values = target.decode(target.encode(series))
    if values.dtype.kind == "f" and (values % 1).any():
        return np.array([str(value) for value in values.tolist()], dtype=object)  # fractions that stand for classes
    return values


def evaluate(model: TabularModel, target: Target, learned: pd.DataFrame, held_out: pd.DataFrame) -> Evaluation:
    """Score a trained model on rows held out, both frames with the target column; where there are none, out of fold.

    The baseline always says how frequent each class is, or the mean, of the rows learned from.
    """
    known, actual = (target_values(target, frame[target.label]) for frame in (learned, held_out))
    rows = held_out.drop(columns=target.label)
    if isinstance(model, TabularClassifier):
        return _evaluate_classes(model, target, (learned, held_out), rows, known, actual)
    outside = ~np.isnan(model.oof_prediction_)
    is_held_out = len(held_out) > 0
    predicted = model.predict(rows) if is_held_out else model.oof_prediction_[outside]
    actual = actual if is_held_out else known[outside]
    measures = number_measures(model)
    trivial = np.full(len(actual), known.mean())
    scores = [
        Score(
            name,
            _measured(measure, known[outside], model.oof_prediction_[outside]),
            float(measure(actual, predicted)) if is_held_out else None,
            float(measure(actual, trivial)) if len(actual) else None,
        )
        for name, measure in measures.items()
    ]
    covered, width = interval_shares(model, rows, actual) if is_held_out and outside.any() else (None, None)
    name = f"always {in_full(known.mean())}, the mean"
    judged = held_out if is_held_out else learned.iloc[np.flatnonzero(outside)]
    told = OutOfFold.of(model.bag_, int(outside.sum()))
    return Evaluation(
        target,
        learned,
        held_out,
        judged,
        actual,
        predicted,
        None,
        tuple(scores),
        name,
        covered=covered,
        width=width,
        out_of_fold=told,
    )


def _measured(measure: Callable[..., Any], *arguments: Values) -> float | None:
    return float(measure(*arguments)) if len(arguments[0]) > 1 else None


def number_measures(model: Any) -> dict[str, Callable[..., Any]]:
    """Return what a regression is measured by, functions of the true and the predicted numbers, by name."""
    measures = {
        "root mean squared error": lambda actual, predicted: np.sqrt(mean_squared_error(actual, predicted)),
        "mean absolute error": mean_absolute_error,
        "R²": r2_score,
    }
    if getattr(model, "scoring", None) == "poisson":
        measures["Poisson deviance"] = _poisson_deviance
    return measures


def _poisson_deviance(actual: Values, predicted: Values) -> float:
    if (actual < 0).any():
        return float("nan")
    return float(mean_poisson_deviance(actual.ravel(), np.maximum(predicted.ravel(), SMALLEST)))


def interval_shares(model: TabularRegressor, rows: pd.DataFrame, actual: Values) -> tuple[Values, float]:
    """Return the share within the interval of each coverage, and the median width of that of 90%."""
    tails = [(1 - coverage) / 2 for coverage in COVERAGES]
    levels = sorted({round(level, 6) for tail in tails for level in (tail, 1 - tail)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of coverages that few rows cannot tell, what is found is shown
        quantiles = dict(zip(levels, model.predict_quantiles(rows, levels).T, strict=True))
    ends = [(quantiles[round(tail, 6)], quantiles[round(1 - tail, 6)]) for tail in tails]
    covered = np.array([np.mean((low <= actual) & (actual <= high)) for low, high in ends])
    low, high = ends[COVERAGES.index(0.9)]
    return covered, float(np.median(high - low))


def _evaluate_classes(
    model: TabularClassifier,
    target: Target,
    frames: tuple[pd.DataFrame, pd.DataFrame],
    rows: pd.DataFrame,
    known: Values,
    actual: Values,
) -> Evaluation:
    labels = model.classes_.tolist()
    place = {label: index for index, label in enumerate(labels)}
    known_codes, codes = (
        np.array([place.get(label, -1) for label in each.tolist()], dtype=np.int64) for each in (known, actual)
    )
    outside = ~np.isnan(model.oof_proba_[:, 0])
    is_held_out = len(rows) > 0
    if is_held_out:
        judged, probabilities = frames[1], model.predict_proba(rows)
    else:
        judged, probabilities = frames[0].iloc[np.flatnonzero(outside)], model.oof_proba_[outside]
        actual, codes = known[outside], known_codes[outside]
    counts = np.bincount(known_codes, minlength=len(labels))
    trivial = np.tile(counts / counts.sum(), (len(codes), 1))
    scores = [
        Score(
            name,
            _measured(measure, known_codes[outside], model.oof_proba_[outside]),
            float(measure(codes, probabilities)) if is_held_out else None,
            None if name == CALIBRATION or not len(codes) else float(measure(codes, trivial)),
        )
        for name, measure in CLASS_MEASURES.items()
    ]
    frequent = labels[int(counts.argmax())]
    predicted = model.classes_[probabilities.argmax(axis=1)]
    name = f"always {frequent!r}, the most frequent class, with the classes' shares as probabilities"
    told = OutOfFold.of(model.bag_, int(outside.sum()))
    return Evaluation(target, *frames, judged, actual, predicted, probabilities, tuple(scores), name, out_of_fold=told)


def _accuracy(codes: Values, probabilities: Values) -> float:
    return float(accuracy_score(codes, probabilities.argmax(axis=1)))


def _balanced_accuracy(codes: Values, probabilities: Values) -> float:
    right = codes == probabilities.argmax(axis=1)
    return float(np.mean([right[codes == code].mean() for code in np.unique(codes)]))


def _log_loss(codes: Values, probabilities: Values) -> float:
    chosen = np.where(codes >= 0, probabilities[np.arange(len(codes)), codes], 0.0)
    return float(-np.log(np.maximum(chosen, SMALLEST)).mean())


def _auc(codes: Values, probabilities: Values) -> float:
    """Mean over the classes that some rows have and some have not; NaN if there is none."""
    counts = np.bincount(codes[codes >= 0], minlength=probabilities.shape[1])
    areas = [
        roc_auc_score(codes == index, probabilities[:, index])
        for index in np.flatnonzero((counts > 0) & (counts < len(codes)))
    ]
    return float(np.mean(areas)) if areas else float("nan")


def foretold(codes: Values, probabilities: Values) -> tuple[Values, Values]:
    """Return each row's probability of the second of two classes, or of the predicted of more, and if it came true."""
    if probabilities.shape[1] == 2:
        return probabilities[:, 1], codes == 1
    return probabilities.max(axis=1), codes == probabilities.argmax(axis=1)


CALIBRATION = "expected calibration error"
CLASS_MEASURES: dict[str, Callable[[Values, Values], float]] = {
    "accuracy": _accuracy,
    "balanced accuracy": _balanced_accuracy,
    "log loss": _log_loss,
    "area under the ROC curve": _auc,
    CALIBRATION: lambda codes, probabilities: expected_calibration_error(*foretold(codes, probabilities)),
}


def _marks_right(marks: Values, probabilities: Values) -> float:
    return float(((probabilities > 0.5) == marks).all(axis=1).mean())


def _marks_log_loss(marks: Values, probabilities: Values) -> float:
    """Mean over the rows of the sum over their marks."""
    likely = np.where(marks == 1, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(likely, SMALLEST)).sum(axis=1).mean())


def _marks_auc(marks: Values, probabilities: Values) -> float:
    """Mean over the marks that some rows have and some have not; NaN if there is none."""
    varied = np.flatnonzero(marks.any(axis=0) & ~marks.all(axis=0))
    return float(np.mean([roc_auc_score(marks[:, mark], probabilities[:, mark]) for mark in varied] or [np.nan]))


MARK_MEASURES: dict[str, Callable[[Values, Values], float]] = {
    "accuracy": _marks_right,
    "log loss": _marks_log_loss,
    "area under the ROC curve": _marks_auc,
    CALIBRATION: lambda marks, probabilities: expected_calibration_error(probabilities.ravel(), marks.ravel() == 1),
}
"""Of targets of which a row may have any: that all its marks are right, and so on."""
