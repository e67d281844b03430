"""What of a result should not go unsaid: that it is worth nothing, or less than it looks, and what to check then."""

from typing import Any

import numpy as np
import pandas as pd

from pellucid.cli.evaluation import COVERAGES, SMALLEST, Evaluation, Score, TabularModel, Values
from pellucid.tables.figures import in_full
from pellucid.tables.frames import counted

__all__ = ["line_in_words", "remarks", "remarks_on_new_rows"]

FEWEST_ROWS = 20
"""Fewer rows held out tell nothing for certain."""

LEAST_COVERED = 0.8
"""Of intervals of 90%: those that hold a smaller share cannot be relied on."""

FAR_WORSE = 1.5
"""Times the loss out of fold; of squared errors its square."""

MANY_COPIES = 0.05
"""Share of the rows."""

ELSEWHERE = -0.1
"""R² of the mean of the rows learned from: below, the mean of the rows held out is another one."""

BY_CHANCE = 0.01
"""Copies of a row that columns of so few values have anyway, on average; where there are more, copies tell nothing."""


def remarks(model: TabularModel, evaluation: Evaluation, *, has_groups: bool) -> list[str]:
    """Return what to know of a result before it is believed, a sentence or two each.

    Parameters
    ----------
    model : TabularModel
        Trained.
    evaluation : Evaluation
        Of the model.
    has_groups : bool
        Whether rows were kept together by groups.
    """
    scores = {score.name: score for score in evaluation.scores}
    unlike = [_elsewhere(scores), _too_narrow(evaluation), _far_worse(model, scores, evaluation)]
    told = [
        _worthless(scores, evaluation),
        *unlike,
        _how_dealt(model, has_groups=has_groups) if any(unlike) else "",
        _copies(evaluation, [column.label for column in model.schema_.used]),
        line_in_words(model),
    ]
    return [each for each in told if each]


def remarks_on_new_rows(model: Any, evaluation: Evaluation) -> list[str]:
    """Return what to know of a model by rows that its training did not have, a sentence or two each.

    Parameters
    ----------
    model : TabularClassifier, TabularRegressor, MLPClassifier or MLPRegressor
    evaluation : Evaluation
        Of the model on these rows.
    """
    if evaluation.actual.ndim > 1:
        return []
    scores = {score.name: score for score in evaluation.scores}
    told = [_worthless(scores, evaluation), _too_narrow(evaluation), _far_worse(model, scores, evaluation)]
    return [each for each in told if each]


def line_in_words(model: TabularModel) -> str:
    """Say how predictions go on beyond the rows learned from; empty where they stay in their range."""
    line = getattr(model, "line_", None)
    if line is None:
        return ""
    if not line.is_trend:
        through = f"its columns of numbers ({len(line.columns)})" if len(line.columns) > 1 else repr(line.columns[0])
        return (
            f"The target is nearly a straight line through {through}: the line is kept, and networks predict what "
            "differs from it."
        )
    is_date = next(column.kind == "date" for column in model.schema_.used if column.label == line.columns[0])
    unit = f"a day of {line.columns[0]!r}" if is_date else f"for each 1 of {line.columns[0]!r}"
    gains = [float(gain) for gain in line.gains[0] if gain]
    told = " and ".join(f"{'grows' if gain > 0 else 'falls'} by {abs(gain):.3g}" for gain in gains)
    return (
        f"The target {told} {unit}, and predictions go on so beyond the rows learned from, as far again as these "
        "reach. The further they are from these, the less is known of it."
    )


def _how_dealt(model: TabularModel, *, has_groups: bool) -> str:
    """Say what to check of rows that are not like those learned from, as they were dealt."""
    if model.time_column is not None:
        return (
            "The latest rows may follow other rules than those before: look at what changed, and learn from newer ones."
        )
    if has_groups:
        return "Groups differ from each other: bring more of them, or columns that tell why."
    return (
        "Rows in an order of time, or of one customer or patient, must not be dealt at random: name the column by "
        "--time-column or --groups."
    )


def _worthless(scores: dict[str, Score], evaluation: Evaluation) -> str:
    """Say that the model is no better than one that looks at no column."""
    check = "Check that the target is the right column, and that columns are there which can tell it."
    if (score := scores.get("R²")) is not None:
        value = _judged(score, evaluation)
        if value is None or not value <= 0 or _is_elsewhere(score):
            return ""
        return (
            f"The model is worth nothing so far: its R² of {value:.3g} on the {evaluation.judged_name} is no better "
            f"than the 0 of always predicting their mean. {check}"
        )
    score = scores["log loss"]
    value = _judged(score, evaluation)
    if value is None or score.baseline is None or not value >= score.baseline:
        return ""
    return (
        f"The model's probabilities are worth nothing so far: on the {evaluation.judged_name} their log loss of "
        f"{value:.4g} is not below the {score.baseline:.4g} of always predicting the classes' shares. {check}"
    )


def _is_elsewhere(score: Score) -> bool:
    """Tell whether the mean of the rows held out is far from that of those learned from, and the model nearer to it."""
    if score.held_out is None or score.baseline is None:
        return False
    return score.baseline < ELSEWHERE and score.baseline < score.held_out <= 0


def _elsewhere(scores: dict[str, Score]) -> str:
    """Say that the model finds where rows held out lie, but not how they differ among themselves."""
    score = scores.get("R²")
    if score is None or not _is_elsewhere(score):
        return ""
    return (
        f"The rows held out differ from those learned from: with an R² of {score.held_out:.3g} the model does better "
        f"than the mean of the rows learned from ({score.baseline:.3g}), but worse than their own mean, 0, would."
    )


def _judged(score: Score, evaluation: Evaluation) -> float | None:
    return score.held_out if evaluation.is_held_out else score.out_of_fold


def _too_narrow(evaluation: Evaluation) -> str:
    """Say that intervals hold far less than they are to."""
    if evaluation.covered is None or len(evaluation.held_out) < FEWEST_ROWS:
        return ""
    share = float(evaluation.covered[COVERAGES.index(0.9)])
    if share >= LEAST_COVERED:
        return ""
    return f"Do not rely on the intervals: those of 90% hold {share:.0%} of the {evaluation.judged_name}."


def _far_worse(model: Any, scores: dict[str, Score], evaluation: Evaluation) -> str:
    """Say that rows held out are predicted far worse than rows out of fold, and not by a few rows or by chance."""
    name, power = ("log loss", 1) if evaluation.probabilities is not None else ("root mean squared error", 2)
    score = scores[name]
    if score.held_out is None or score.out_of_fold is None or len(evaluation.held_out) < FEWEST_ROWS:
        return ""
    losses, usual = _losses(model, evaluation), score.out_of_fold**power
    error = float(losses.std(ddof=1) / np.sqrt(len(losses)))
    if not (score.held_out > FAR_WORSE * score.out_of_fold and losses.mean() - 2 * error > usual):
        return ""
    return (
        f"The {evaluation.judged_name} are predicted far worse than those out of fold: their {name} is "
        f"{in_full(score.held_out, 4)} instead of {in_full(score.out_of_fold, 4)}."
    )


def _losses(model: Any, evaluation: Evaluation) -> Values:
    """Return each judged row's log loss or squared error."""
    if evaluation.probabilities is None:
        return np.square(evaluation.actual - evaluation.predicted)
    place = {label: index for index, label in enumerate(model.classes_.tolist())}
    codes = np.array([place.get(label, -1) for label in evaluation.actual.tolist()])
    chosen = np.where(codes >= 0, evaluation.probabilities[np.arange(len(codes)), codes], 0.0)
    return -np.log(np.maximum(chosen, SMALLEST))


def _copies(evaluation: Evaluation, columns: list[str]) -> str:
    """Say that many of the rows judged by are copies of rows learned from, if not because all columns are coarse."""
    names = [*columns, evaluation.target.label]
    learned, judged = evaluation.learned[names], evaluation.judged[names]
    prints = pd.util.hash_pandas_object(learned.astype(str), index=False).to_numpy()
    if evaluation.is_held_out:
        copied = np.isin(pd.util.hash_pandas_object(judged.astype(str), index=False).to_numpy(), prints)
    else:
        copied = pd.Series(prints).duplicated(keep=False).to_numpy()
    if not copied.mean() >= MANY_COPIES or _copies_by_chance(learned) > BY_CHANCE:
        return ""
    of = "rows held out" if evaluation.is_held_out else "rows"
    return (
        f"{counted(int(copied.sum()), 'row')} of the {len(copied)} {of} ({copied.mean():.0%}) are copies of rows "
        "learned from, cell by cell, so that scores look better than they are. Remove the copies, or keep those of one "
        "customer or patient together by --groups."
    )


def _copies_by_chance(frame: pd.DataFrame) -> float:
    """Return how many copies a row would have, on average, if columns had nothing to do with each other."""
    different = frame.astype(str).drop_duplicates()
    counts = [different[name].value_counts().to_numpy(float) for name in different.columns]
    pairs = max(len(different) * (len(different) - 1), 1)
    return (len(frame) - 1) * float(np.prod([(count * (count - 1)).sum() / pairs for count in counts]))
