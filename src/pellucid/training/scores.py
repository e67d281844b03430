"""Scores that engines compute themselves after each epoch: accuracy and R²."""

from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["SCORES", "accuracy", "r2"]


def accuracy(output: str, prediction: Array, targets: Array, sample_weight: Array | None = None) -> float:
    """Share of rows whose classes are all right.

    Parameters
    ----------
    output : {'logistic', 'softmax', ...}
        With softmax the most probable class is compared; otherwise each output with ½.
    prediction, targets : arrays of shape (rows, outputs)
        Probabilities, and zeros and ones.
    sample_weight : array of shape (rows,) or None

    Examples
    --------
    >>> import numpy as np
    >>> accuracy("logistic", np.array([[0.9], [0.2]]), np.array([[1.0], [1.0]]))
    0.5
    """
    if not np.isfinite(prediction).all():
        return float("nan")
    if output == "softmax":
        right = prediction.argmax(axis=1) == targets.argmax(axis=1)
    else:
        right = ((prediction > 0.5) == (targets > 0.5)).all(axis=1)
    return float(np.average(right, weights=sample_weight))


def r2(output: str, prediction: Array, targets: Array, sample_weight: Array | None = None) -> float:
    """R², the mean over the outputs; 1 (or 0) for a constant target that is met (or not).

    Parameters
    ----------
    output : str
        Not used.
    prediction, targets : arrays of shape (rows, outputs)
    sample_weight : array of shape (rows,) or None

    Examples
    --------
    >>> import numpy as np
    >>> r2("identity", np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]))
    0.5
    """
    if not np.isfinite(prediction).all():
        return float("nan")
    weight: Any = 1.0 if sample_weight is None else sample_weight[:, np.newaxis]
    residual = (weight * (targets - prediction) ** 2).sum(axis=0, dtype=np.float64)
    centre = np.average(targets, axis=0, weights=sample_weight)
    total = (weight * (targets - centre) ** 2).sum(axis=0, dtype=np.float64)
    varies = total > 0
    scores = np.where(residual == 0, 1.0, 0.0)
    scores[varies] = 1 - residual[varies] / total[varies]
    return float(scores.mean())


SCORES = {"accuracy": accuracy, "r2": r2}
