"""What an estimator with two inputs answers on a grid of points. No drawing here."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError
from pellucid.plotting.fitted import name_of

__all__ = ["Surface", "surface_of", "two_columns"]

Kind = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Surface:
    """Answers on a grid.

    Parameters
    ----------
    x1, x2 : array of shape (grid_resolution,)
        Grid values of the two inputs, in their units.
    kind : {'binary', 'multiclass', 'regression'}
    response : array of shape (grid_resolution, grid_resolution) or (grid_resolution, grid_resolution, classes)
        Rows go with x2, columns with x1. Binary: probability of the second class, in [0, 1]. Multiclass: probability
        of each class. Regression: predicted value.
    classes : array of shape (classes,) or None
        None in regression.
    """

    x1: NDArray[np.float64]
    x2: NDArray[np.float64]
    kind: Kind
    response: NDArray[np.float64]
    classes: NDArray[Any] | None = None


def two_columns(X: Any, name: str = "X") -> NDArray[np.float64]:
    """Return X as an array of shape (rows, 2).

    Raises
    ------
    DataError
        If X is not a table of two columns of finite numbers with at least one row.
    """
    if issparse(X):
        raise DataError(f"'{name}' of DecisionBoundary must be a dense table; got a sparse one. Give {name}.toarray().")
    try:
        points = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"'{name}' of DecisionBoundary must hold numbers only: {error}.") from error
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise DataError(
            f"'{name}' of DecisionBoundary must be a table of exactly 2 columns with at least one row; "
            f"got shape {points.shape}."
        )
    if not np.isfinite(points).all():
        raise DataError(f"'{name}' of DecisionBoundary must hold finite numbers only; drop or fill the others.")
    return points


def surface_of(estimator: Any, points: NDArray[np.float64], grid_resolution: int, eps: float | None) -> Surface:
    """Ask a fitted estimator for its answers on a grid that spans the points.

    Parameters
    ----------
    estimator : classifier or regressor with two inputs and one target
    points : array of shape (rows, 2)
    grid_resolution : int
        Grid values of each input, at least 2.
    eps : float or None
        How far the grid extends beyond the points, in units of the inputs; None: 8 % of each input's range.

    Raises
    ------
    NotFittedError
        If the estimator has not been fitted.
    DataError
        If it has not exactly two inputs, or not exactly one target.
    """
    check_is_fitted(estimator)
    _check_inputs(estimator)
    x1, x2 = (_axis(points[:, index], grid_resolution, eps) for index in range(2))
    grid = np.column_stack([each.ravel() for each in np.meshgrid(x1, x2)])  # (grid_resolution², 2)
    kind, response, classes = _answers(estimator, _as_fitted(estimator, grid))
    return Surface(x1, x2, kind, response.reshape(grid_resolution, grid_resolution, *response.shape[1:]), classes)


def _check_inputs(estimator: Any) -> None:
    inputs = getattr(estimator, "n_features_in_", 2)
    if inputs != 2:
        raise DataError(
            f"DecisionBoundary needs an estimator with exactly 2 inputs; {name_of(estimator)} has {inputs}. "
            f"Fit one on two columns, such as X[:, :2]."
        )


def _axis(values: NDArray[np.float64], grid_resolution: int, eps: float | None) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) if eps is None else eps
    if low - margin == high + margin:
        margin = 0.5  # a constant input still gets a width
    return np.linspace(low - margin, high + margin, grid_resolution)


def _as_fitted(estimator: Any, grid: NDArray[np.float64]) -> Any:
    """Give an estimator that was fitted on named columns its names."""
    names = getattr(estimator, "feature_names_in_", None)
    return grid if names is None else pd.DataFrame(grid, columns=list(names))


def _answers(estimator: Any, grid: Any) -> tuple[Kind, NDArray[np.float64], NDArray[Any] | None]:
    predicted = np.asarray(estimator.predict(grid))
    if predicted.ndim != 1:
        raise DataError(
            f"DecisionBoundary shows one target; {name_of(estimator)} predicts {predicted.shape[1]}. Fit one for each."
        )
    if is_regressor(estimator):
        return "regression", predicted.astype(np.float64), None
    classes = np.asarray(estimator.classes_)
    if hasattr(estimator, "predict_proba"):
        shares = np.asarray(estimator.predict_proba(grid), dtype=np.float64)
    else:
        shares = (predicted[:, None] == classes).astype(np.float64)
    if len(classes) == 2:
        return "binary", shares[:, 1], classes
    return "multiclass", shares, classes
