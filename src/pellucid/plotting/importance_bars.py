"""How much columns count: a bar for each, with how far repeats differ."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError, PellucidError
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.plotting.style import WIDTH, axes_for, class_colors, ink, shortened, whitegrid
from pellucid.tables.figures import in_full
from pellucid.tables.frames import counted

__all__ = ["ImportanceBars"]

LONGEST_NAME = 30
LETTER = 0.07
"""Width that a letter of the longest name adds, in inches."""

UNITS = {"roc_auc": "area under the ROC curve", "log_loss": "log loss (nats)", "rmse": "RMSE", "mae": "MAE"}


class ImportanceBars:
    """Importances of columns, the greatest first.

    Parameters
    ----------
    names : sequence of str
    importances : array-like of shape (columns,)
    deviations : array-like of shape (columns,) or None
        How far repeats differ.
    unit : str
        What the importances are measured in.
    most : int
        Most columns to be shown.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    bars_ : BarContainer
    labels_ : list of Annotation
        The values, one a bar.

    Examples
    --------
    >>> from pellucid.plotting import ImportanceBars
    >>> display = ImportanceBars(["noise", "size"], [0.0, 0.5]).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['size', 'noise']
    """

    ax_: Axes
    figure_: Figure
    bars_: BarContainer
    labels_: list[Annotation]

    def __init__(
        self,
        names: Sequence[str],
        importances: ArrayLike,
        deviations: ArrayLike | None = None,
        *,
        unit: str = "score",
        most: int = 20,
    ) -> None:
        self.importances = np.asarray(importances, dtype=float)
        self.deviations = None if deviations is None else np.asarray(deviations, dtype=float)
        if self.importances.shape != (len(names),) or not len(names):
            raise DataError(
                f"ImportanceBars needs one number for each column, of one or more; got {len(names)} names and numbers "
                f"of shape {self.importances.shape}."
            )
        self.names, self.unit, self.most = list(names), unit, most

    @classmethod
    def from_estimator(cls, estimator: Any, *, most: int = 20, ax: Axes | None = None) -> Self:
        """Draw the importances that an estimator has computed.

        Parameters
        ----------
        estimator : TabularClassifier or TabularRegressor
            After ``compute_importances``.
        most : int
            Most columns to be shown.
        ax : Axes or None
            Where to draw; None: a new figure.

        Raises
        ------
        PellucidError
            If it has computed none, or is of another kind.
        """
        kind = type(estimator).__name__
        if not isinstance(estimator, BaseTabular):
            raise PellucidError(
                f"'estimator' of ImportanceBars must be a TabularClassifier or TabularRegressor, which compute "
                f"importances of columns; got {kind}. Of other models scikit-learn computes them: found = "
                "sklearn.inspection.permutation_importance(model, X, y); ImportanceBars(names, found.importances_mean, "
                "found.importances_std).plot()."
            )
        if not hasattr(estimator, "feature_importances_"):
            raise PellucidError(f"{kind} has no importances yet. Call compute_importances(X, y) first.")
        names = [column.label for column in estimator.schema_.columns]
        deviations = getattr(estimator, "feature_importances_std_", None)
        scoring = estimator._scoring()
        unit = UNITS.get(scoring, scoring)
        return cls(names, estimator.feature_importances_, deviations, unit=unit, most=most).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        order = np.argsort(-self.importances, kind="stable")[: self.most]
        names = shortened([self.names[index] for index in order], LONGEST_NAME)
        deviations = None if self.deviations is None else self.deviations[order]
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(WIDTH + LETTER * max(map(len, names)), 1.4 + 0.32 * len(order)))
            self.bars_ = self.ax_.barh(
                np.arange(len(order)),
                self.importances[order],
                xerr=deviations,
                color=class_colors(1)[0],
                linewidth=0,  # an edge would break the grid beside bars of almost nothing
                error_kw={"ecolor": ink(self.ax_), "elinewidth": 1.2, "capsize": 2},
            )
            self._label(order, deviations)
            self.ax_.set_yticks(np.arange(len(order)), names)
            self.ax_.invert_yaxis()
            self.ax_.grid(visible=False, axis="y")
            left = len(self.names) - len(order)
            title = "How much each column counts" + (f" ({counted(left, 'lesser one')} not shown)" if left else "")
            self.ax_.set(title=title, xlabel=f"{self.unit}: worse by, when shuffled")
        return self

    def _label(self, order: NDArray[np.int64], deviations: NDArray[np.float64] | None) -> None:
        """Write each value beside its bar's end and error, and make room for it."""
        values = self.importances[order]
        errors = np.zeros(len(values)) if deviations is None else deviations
        ends = np.maximum(values + errors, 0.0)  # beside a bar to the left, at its foot
        self.labels_ = [
            self.ax_.annotate(
                in_full(float(value), 3).replace("-", "−"),
                (end, place),
                (5, 0),
                textcoords="offset points",
                ha="left",
                va="center",
                fontsize=9,
                color=ink(self.ax_),
            )
            for place, (value, end) in enumerate(zip(values, ends, strict=True))
        ]
        low, high = min(0.0, float((values - errors).min())), float(ends.max())
        span = (high - low) or 1.0
        self.ax_.set_xlim(low - (0.03 * span if low < 0 else 0), high + 0.2 * span)  # the longest label, −1.23e−08
