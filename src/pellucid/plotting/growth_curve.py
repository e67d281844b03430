"""Training and validation score against what grows: rows, or width."""

from typing import Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import ArrayLike

from pellucid.errors import DataError
from pellucid.plotting.style import axes_for, class_colors, literal, name_score, whitegrid

__all__ = ["GrowthCurve"]


class GrowthCurve:
    """Two curves with their spread over folds and seeds.

    Parameters
    ----------
    sizes : array-like of shape (sizes,)
        Rising, greater than 0.
    train_scores, scores : array-like of shape (sizes, trainings)
    xlabel, title, score_name : str
    marked : float or None
        A size to be marked.
    mark : str
        What it is.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure

    Examples
    --------
    >>> from pellucid.plotting import GrowthCurve
    >>> display = GrowthCurve([10, 100], [[1.0, 0.9], [0.9, 0.9]], [[0.5, 0.6], [0.8, 0.8]], xlabel="rows").plot()
    >>> display.ax_.get_xscale(), len(display.ax_.lines)
    ('log', 2)
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        sizes: ArrayLike,
        train_scores: ArrayLike,
        scores: ArrayLike,
        *,
        xlabel: str = "size",
        title: str = "",
        score_name: str = "score",
        marked: float | None = None,
        mark: str = "",
    ) -> None:
        self.sizes = np.asarray(sizes, dtype=float)
        self.train_scores, self.scores = (np.asarray(each, dtype=float) for each in (train_scores, scores))
        if not len(self.sizes) or {len(self.train_scores), len(self.scores)} != {len(self.sizes)}:
            raise DataError("GrowthCurve needs scores of training and validation for each size, and at least one.")
        self.xlabel, self.title, self.score_name, self.marked, self.mark = xlabel, title, score_name, marked, mark

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(7.2, 4.6))
            for values, color, label in zip(
                (self.train_scores, self.scores), class_colors(2), ("training rows", "validation rows"), strict=True
            ):
                mean, spread = np.nanmean(values, axis=1), np.nanstd(values, axis=1)
                self.ax_.plot(self.sizes, mean, color=color, marker="o", markersize=5, label=label)
                self.ax_.fill_between(self.sizes, mean - spread, mean + spread, color=color, alpha=0.18, linewidth=0)
            if self.marked is not None:
                self.ax_.axvline(self.marked, color="0.4", linestyle=":", label=literal(self.mark))
            if len(self.sizes) > 1:
                self.ax_.set_xscale("log")
            self.ax_.xaxis.set_major_locator(FixedLocator(self._ticks()))
            self.ax_.xaxis.set_minor_locator(NullLocator())
            self.ax_.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            self.ax_.set(xlabel=literal(self.xlabel), title=literal(self.title))
            name_score(self.ax_.yaxis, self.score_name)
            self.ax_.legend()
        return self

    def _ticks(self) -> list[float]:
        """Return sizes that have room for their numbers."""
        ticks: list[float] = []
        least = (self.sizes[-1] / self.sizes[0]) ** (1 / 12) if len(self.sizes) > 1 else 1.0
        for size in self.sizes:
            if not ticks or size >= ticks[-1] * least:
                ticks.append(float(size))
        return ticks
