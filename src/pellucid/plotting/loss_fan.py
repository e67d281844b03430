"""Loss per epoch of many settings, coloured by their score."""

from collections.abc import Sequence
from typing import Self

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError
from pellucid.plotting.loss_curve import count_epochs
from pellucid.plotting.style import SEQUENTIAL, axes_for, bar_options, literal, name_score, whitegrid

__all__ = ["LossFan"]

MOST_LINES = 400

TOP = 100
"""Times the least loss of a first epoch: greater losses leave the picture."""

MUCH = 20
"""Where the greatest loss shown is so many times the least, the axis is logarithmic."""

MARGIN = 0.05
"""Of the height, below the least loss and above the greatest."""


class LossFan:
    """One line for each setting; the best are drawn last.

    Parameters
    ----------
    curves : sequence of sequences of float
        Loss of each epoch.
    scores : array-like of shape (curves,)
        Higher is better; NaN is drawn grey.
    best : str
        What the best is called in the legend.
    score_name : str

    Attributes
    ----------
    ax_, figure_ : Axes, Figure

    Examples
    --------
    >>> from pellucid.plotting import LossFan
    >>> display = LossFan([[3.0, 1.0], [5.0, 2.0]], [0.9, 0.7]).plot()
    >>> len(display.ax_.lines)
    2
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        curves: Sequence[Sequence[float]],
        scores: ArrayLike,
        *,
        best: str = "best",
        score_name: str = "score",
    ) -> None:
        self.curves = [np.asarray(curve, dtype=float) for curve in curves]
        self.scores = np.asarray(scores, dtype=float)
        if len(self.curves) != len(self.scores) or not any(len(curve) for curve in self.curves):
            raise DataError(
                "LossFan needs one score for each curve, and at least one epoch; "
                f"got {len(self.curves)} curves and {len(self.scores)} scores."
            )
        self.best, self.score_name = best, score_name

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the lines.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        finite = self.scores[np.isfinite(self.scores)]
        low, high = (np.quantile(finite, 0.3), finite.max()) if len(finite) else (0.0, 1.0)
        norm, colors = Normalize(float(low), float(high)), mpl.colormaps[SEQUENTIAL]
        order = np.argsort(np.where(np.isfinite(self.scores), self.scores, -np.inf), kind="stable")[-MOST_LINES:]
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(7.2, 4.6))
            most = _readable([self.curves[index] for index in order])
            for index in order:
                curve = np.where(np.isfinite(self.curves[index]), self.curves[index], np.nan)
                if not len(curve):
                    continue
                is_best = index == order[-1]
                score = self.scores[index]
                color = "0.75" if np.isnan(score) else colors(norm(score))
                self.ax_.plot(
                    np.arange(1, len(curve) + 1),
                    np.minimum(curve, 10 * most),  # beyond the picture, but no number that axes cannot bear
                    color="tab:red" if is_best else color,
                    linewidth=2 if is_best else 1,
                    label=literal(self.best) if is_best else None,
                )
            self._limit([self.curves[index] for index in order], most)
            beyond = sum(bool((self.curves[index] > most).any()) for index in order)
            told = (
                f"\n{beyond} of {len(order)} lines leave{'s' * (beyond == 1)} the picture at its top" if beyond else ""
            )
            self.ax_.set(
                xlabel=f"epoch{told}", ylabel="training loss", title="Loss of each setting, median of its trainings"
            )
            count_epochs(self.ax_)
            bar = self.figure_.colorbar(
                ScalarMappable(norm, SEQUENTIAL), ax=self.ax_, extend="min", **bar_options(self.ax_)
            )
            name_score(bar.ax.yaxis, self.score_name)
            if ax is None:
                self.figure_.legend(loc="outside lower center", frameon=False)
            else:
                self.ax_.legend(loc="upper right")
        return self

    def _limit(self, curves: Sequence[NDArray[np.float64]], most: float) -> None:
        """Show all losses but those that are greater than the most."""
        values = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
        seen = values[values <= most]
        if not len(seen):
            return
        low, high = float(seen.min()), float(seen.max())
        if low == high < values.max():
            high = most
        if low > 0 and high > MUCH * low:
            self.ax_.set_yscale("log")
            self.ax_.set_ylim(low * (low / high) ** MARGIN, high * (high / low) ** MARGIN)
        elif high > low:
            self.ax_.set_ylim(low - MARGIN * (high - low), high + MARGIN * (high - low))


def _readable(curves: Sequence[NDArray[np.float64]]) -> float:
    """Return the greatest loss that is worth showing."""
    starts = [curve[np.isfinite(curve)][:1] for curve in curves]
    return TOP * float(np.abs(np.concatenate(starts)).min(initial=np.inf))
