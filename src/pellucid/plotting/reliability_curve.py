"""Whether probabilities are what they say: of all that is foretold with 70%, 70% should happen."""

from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import DataError, PellucidError
from pellucid.estimators.tabular.calibration import expected_calibration_error, reliability
from pellucid.plotting.fitted import name_of
from pellucid.plotting.style import LIGHT, axes_for, class_colors, fit_height, ink, legend_below, shortened, whitegrid

__all__ = ["ReliabilityCurve"]

LARGEST_DOT, SMALLEST_DOT = 300, 20


class ReliabilityCurve:
    """What was foretold against what happened, and the line where the two are the same.

    Parameters
    ----------
    foretold, happened : array-like of shape (points,)
        Shares, each between 0 and 1.
    counts : array-like of shape (points,) or None
        Rows behind each point: the size of its dot.
    rows : int or None
        Rows that every point is a share of. A band shows where shares of so many rows lie 9 times in 10, each point by
        itself, if what is foretold is true: between the quantiles of 5% and 95% of the binomial distribution.
    title, xlabel, ylabel : str
    label : str or None
        Name of the curve; None: "observed".

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    line_ : Line2D
    band_ : PolyCollection or None

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.plotting import ReliabilityCurve
    >>> random = np.random.default_rng(0)
    >>> probability = random.random(1000)
    >>> display = ReliabilityCurve.from_predictions(probability, random.random(1000) < probability)
    >>> float(np.abs(display.foretold - display.happened).max()) < 0.15
    True
    """

    ax_: Axes
    figure_: Figure
    line_: Line2D
    band_: PolyCollection | None

    def __init__(
        self,
        foretold: ArrayLike,
        happened: ArrayLike,
        counts: ArrayLike | None = None,
        *,
        rows: int | None = None,
        title: str = "Reliability",
        xlabel: str = "probability",
        ylabel: str = "how often it happened",
        label: str | None = None,
    ) -> None:
        self.foretold, self.happened = np.asarray(foretold, dtype=float), np.asarray(happened, dtype=float)
        self.counts = None if counts is None else np.asarray(counts, dtype=float)
        if self.foretold.ndim != 1 or self.foretold.shape != self.happened.shape or not self.foretold.size:
            raise DataError(
                f"'foretold' and 'happened' of ReliabilityCurve must be one column each, of the same length, not "
                f"empty; got shapes {self.foretold.shape} and {self.happened.shape}."
            )
        if rows is not None and rows < 1:
            raise DataError(f"'rows' of ReliabilityCurve must be at least 1, or None; got {rows}.")
        self.rows, self.label = rows, label or "observed"
        self.title, self.xlabel, self.ylabel = title, xlabel, ylabel

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: ArrayLike, *, bins: int = 15, ax: Axes | None = None) -> Self:
        """Draw how reliable the probabilities of a fitted classifier are.

        Of two classes the probability of the second is shown, of more that of the class that is predicted.

        Parameters
        ----------
        estimator : classifier with predict_proba
        X : table of shape (rows, inputs)
        y : array-like of shape (rows,)
        bins : int
        ax : Axes or None
            Where to draw; None: a new figure.

        Raises
        ------
        PellucidError
            If it is no such classifier.
        """
        if not is_classifier(estimator) or not hasattr(estimator, "predict_proba"):
            raise PellucidError(
                f"'estimator' of ReliabilityCurve must be a classifier with predict_proba; got {name_of(estimator)}."
            )
        check_is_fitted(estimator)
        probabilities, classes = estimator.predict_proba(X), np.asarray(estimator.classes_)
        if len(classes) == 2:
            given, came = probabilities[:, 1], np.asarray(y) == classes[1]
            what = f"class {shortened(classes)[1]}"
        else:
            given, came = probabilities.max(axis=1), classes[probabilities.argmax(axis=1)] == np.asarray(y)
            what = "the predicted class"
        return cls.from_predictions(
            given, came, bins=bins, xlabel=f"probability of {what}", ylabel=f"share of rows that are of {what}", ax=ax
        )

    @classmethod
    def from_predictions(
        cls,
        probability: ArrayLike,
        happened: ArrayLike,
        *,
        bins: int = 15,
        xlabel: str = "probability",
        ylabel: str = "how often it happened",
        ax: Axes | None = None,
    ) -> Self:
        """Draw probabilities against frequencies.

        Parameters
        ----------
        probability : array-like of shape (rows,)
        happened : array-like of bool of shape (rows,)
        bins : int
            Of equal width.
        xlabel, ylabel : str
        ax : Axes or None
            Where to draw; None: a new figure.

        Raises
        ------
        DataError
            If the two are not one column each, of one length.
        """
        given, came = np.asarray(probability, dtype=float), np.asarray(happened, dtype=bool)
        if given.ndim != 1 or given.shape != came.shape or not given.size:
            raise DataError(
                f"'probability' and 'happened' of ReliabilityCurve must be one column each, of the same length, not "
                f"empty; got shapes {given.shape} and {came.shape}."
            )
        error = expected_calibration_error(given, came, bins)
        title = f"Reliability: expected calibration error {error:.3f}"
        return cls(*reliability(given, came, bins), title=title, xlabel=xlabel, ylabel=ylabel).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the points and the line of perfect reliability.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        color = class_colors(1)[0]
        sizes = 40 if self.counts is None else np.maximum(LARGEST_DOT * self.counts / self.counts.max(), SMALLEST_DOT)
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(5.2, 6.5))
            self.ax_.plot([0, 1], [0, 1], color=ink(self.ax_), linestyle="--", linewidth=1.2, label="perfect")
            self.band_ = None if self.rows is None else self._draw_band(self.rows)
            (self.line_,) = self.ax_.plot(self.foretold, self.happened, color=color, linewidth=1.2)
            if self.counts is not None:
                error = _standard_errors(self.happened, self.counts)
                error = np.minimum(error, [self.happened, 1 - self.happened])  # a share is between 0 and 1
                self.ax_.errorbar(self.foretold, self.happened, error, color=color, linestyle="", elinewidth=1)
            label = self.label + ("" if self.counts is None else " (size: rows), standard error")
            self.ax_.scatter(self.foretold, self.happened, s=sizes, color=color, edgecolor=LIGHT, zorder=3)
            self.ax_.plot([], [], color=color, linewidth=1.2, marker="o", label=label)
            self.ax_.set(title=self.title, xlabel=self.xlabel, ylabel=self.ylabel, xlim=(-0.03, 1.03))
            self.ax_.set(ylim=(-0.03, 1.03), aspect="equal")
            legend_below(self.ax_, ncols=1)
            if ax is None:
                fit_height(self.figure_)
        return self

    def _draw_band(self, rows: int) -> PolyCollection:
        share = np.linspace(0, 1, 501)
        low, high = (binom.ppf(quantile, rows, share) / rows for quantile in (0.05, 0.95))
        label = f"90% by chance ({rows} rows)"
        return self.ax_.fill_between(share, low, high, color=ink(self.ax_), alpha=0.12, linewidth=0, label=label)


def _standard_errors(share: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each share may be off, by its rows: of few rows that all agree, not nothing."""
    middle = (share * counts + 1) / (counts + 2)
    errors: NDArray[np.float64] = np.sqrt(middle * (1 - middle) / counts)
    return errors
