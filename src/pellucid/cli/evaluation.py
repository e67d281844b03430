"""How good a model is on rows it has not seen, beside a trivial baseline."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from pellucid.estimators.table_model import TableModel

__all__ = ["Evaluation", "Score", "evaluate"]


@dataclass(frozen=True)
class Score:
    """One measure.

    Parameters
    ----------
    name : str
    network, baseline : float
    """

    name: str
    network: float
    baseline: float


@dataclass(frozen=True)
class Evaluation:
    """What a model and a baseline score on rows held out.

    Parameters
    ----------
    learned, held_out : pandas.DataFrame
        The rows learned from, and the others.
    actual, predicted : array (held-out rows,)
    scores : tuple of Score
    baseline_name : str
    """

    learned: pd.DataFrame
    held_out: pd.DataFrame
    actual: NDArray[Any]
    predicted: NDArray[Any]
    scores: tuple[Score, ...]
    baseline_name: str

    def rows(self) -> list[tuple[str, str, str]]:
        """Return name, network and baseline of each score as text."""
        return [(score.name, _shown(score.network), _shown(score.baseline)) for score in self.scores]


def _shown(value: float) -> str:
    return f"{value:.4f}" if 0.01 <= abs(value) < 100 else f"{value:.6g}"


def evaluate(model: TableModel, learned: pd.DataFrame, held_out: pd.DataFrame) -> Evaluation:
    """Score a trained model on rows held out, both frames with the target column.

    The baseline always says the most frequent class, or the mean, of the rows learned from.
    """
    target = model.target_
    known = target.decode(target.encode(learned[target.label]))
    actual = target.decode(target.encode(held_out[target.label]))
    predicted = model.predict(held_out)
    if target.task == "classification":
        frequent = max(target.labels, key=lambda label: int((known == label).sum()))
        trivial, name = np.full_like(actual, frequent), f"always {frequent!r}, the most frequent class"
    else:
        trivial, name = np.full_like(actual, known.mean()), f"always {known.mean():.6g}, the mean"
    scores = _scores(target.task, actual, predicted, trivial)
    return Evaluation(learned, held_out, actual, predicted, scores, name)


def _scores(task: str, actual: Any, predicted: Any, trivial: Any) -> tuple[Score, ...]:
    measures: dict[str, Any]
    if task == "classification":
        # scikit-learn knows text of NumPy's own type
        actual, predicted, trivial = (np.array([str(label) for label in each]) for each in (actual, predicted, trivial))
        measures = {"accuracy": accuracy_score, "balanced accuracy": balanced_accuracy_score}
    else:
        measures = {
            "root mean squared error": root_mean_squared_error,
            "mean absolute error": mean_absolute_error,
            "R²": r2_score,
        }
    return tuple(
        Score(name, float(measure(actual, predicted)), float(measure(actual, trivial)))
        for name, measure in measures.items()
    )
