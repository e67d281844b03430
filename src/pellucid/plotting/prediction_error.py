"""How far a regressor is off: predicted against actual values, or the residuals."""

from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike
from sklearn.base import is_regressor
from sklearn.metrics import PredictionErrorDisplay
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError, PellucidError, did_you_mean
from pellucid.plotting.fitted import name_of
from pellucid.plotting.style import HEIGHT, LIGHT, WIDTH, axes_for, class_colors, ink, legend_below, whitegrid

__all__ = ["PredictionError"]

KINDS = {"actual_vs_predicted": "Actual against predicted", "residual_vs_predicted": "Residuals"}
LABELS = {"actual_vs_predicted": "actual value", "residual_vs_predicted": "residual (actual − predicted)"}


class PredictionError(PredictionErrorDisplay):
    """Prediction error of a regressor.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (rows,)
        Actual and predicted values, in units of the target.
    title : str or None
        None: what the picture shows.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    scatter_ : PathCollection
    line_ : Line2D
        Where a perfect prediction would lie.

    Examples
    --------
    >>> from pellucid.plotting import PredictionError
    >>> display = PredictionError.from_predictions([1.0, 2.0, 4.0], [1.5, 2.0, 3.0], kind="residual_vs_predicted")
    >>> display.scatter_.get_offsets().data.tolist()
    [[1.5, -0.5], [2.0, 0.0], [3.0, 1.0]]
    """

    def __init__(self, *, y_true: ArrayLike, y_pred: ArrayLike, title: str | None = None) -> None:
        actual, predicted = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
        if actual.shape != predicted.shape or actual.ndim != 1:
            raise DataError(
                f"'y_true' and 'y_pred' of PredictionError must be one column each, of the same length; "
                f"got shapes {actual.shape} and {predicted.shape}. Show several targets one by one."
            )
        super().__init__(y_true=actual, y_pred=predicted)
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        kind: str = "residual_vs_predicted",
        subsample: float | None = 1000,
        random_state: Any = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Draw what a fitted regressor predicts for X against the actual y.

        Parameters
        ----------
        estimator : regressor
        X : array or data frame of shape (rows, inputs)
        y : array-like of shape (rows,)
        kind, subsample, random_state, ax, **options
            As of `from_predictions`.

        Raises
        ------
        PellucidError
            If the estimator is not a regressor.
        """
        if not is_regressor(estimator):
            raise PellucidError(
                f"'estimator' of PredictionError must be a regressor; got {name_of(estimator)}. "
                f"For a classifier use ConfusionMatrix."
            )
        check_is_fitted(estimator)
        chosen = {"kind": kind, "subsample": subsample, "random_state": random_state, "ax": ax}
        display: Self = cls.from_predictions(y, estimator.predict(X), **chosen, **options)
        display.title = f"{KINDS[kind]}: {name_of(estimator)}"
        display.ax_.set_title(display.title)
        return display

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        kind: str = "residual_vs_predicted",
        subsample: float | None = 1000,
        random_state: Any = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Draw predicted and actual values.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (rows,)
        kind : {'actual_vs_predicted', 'residual_vs_predicted'}
        subsample : int, float or None
            Rows to draw: so many, this share of them, or all.
        random_state : int, RandomState or None
            Which rows are drawn.
        ax : Axes or None
            Where to draw; None: a new figure.
        **options
            scatter_kwargs and line_kwargs, dicts of options for the points and the line.

        Raises
        ------
        PellucidError
            If `kind` is neither of the above.
        DataError
            If the two are not one column each, of one length.
        """
        if kind not in KINDS:
            raise PellucidError(
                f"'kind' of PredictionError must be one of its known names; got {kind!r}."
                f"{did_you_mean(str(kind), KINDS)}"
            )
        whole = cls(y_true=y_true, y_pred=y_pred)
        chosen = {"kind": kind, "subsample": subsample, "random_state": random_state, "ax": ax}
        display: Self = super().from_predictions(whole.y_true, whole.y_pred, **chosen, **options)
        return display

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "residual_vs_predicted",
        scatter_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the points and the line of perfect prediction.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        kind : {'actual_vs_predicted', 'residual_vs_predicted'}
        scatter_kwargs, line_kwargs : dict or None
            Options for the points and the line.
        """
        points = {"color": class_colors(1)[0], "edgecolor": LIGHT, "linewidth": 0.6, "s": 40, "label": "rows"}
        square = kind == "actual_vs_predicted"
        with whitegrid(ax):
            _, ax = axes_for(ax, size=(5.2, 5.2) if square else (WIDTH, HEIGHT))
            line = {"color": ink(ax), "label": "perfect prediction"}
            super().plot(
                ax=ax, kind=kind, scatter_kwargs=points | (scatter_kwargs or {}), line_kwargs=line | (line_kwargs or {})
            )
            ax.set(title=self.title or KINDS[kind], xlabel="predicted value", ylabel=LABELS[kind])
            if square:
                ax.xaxis.set_major_locator(MaxNLocator(6))
                ax.yaxis.set_major_locator(MaxNLocator(6))
            legend_below(ax, ncols=2)
        return self
