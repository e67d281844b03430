"""Scores of two settings against each other."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any, Self

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError
from pellucid.plotting.style import (
    SEQUENTIAL,
    axes_for,
    literal,
    name_score,
    score_label,
    score_told,
    short_figure,
    whitegrid,
)

__all__ = ["SettingHeatMap"]

LETTER_INCHES = 0.1
"""Width of a letter."""

SPAN = 4
"""Times that colours span what lies between the best and the best quarter."""


class SettingHeatMap:
    """A score for each pair of values.

    Parameters
    ----------
    rows, columns : sequence of str
        Values of the two settings, in order.
    scores : array-like of shape (rows, columns)
        NaN: none.
        Higher is better; of a negative loss the loss is written.
    row_name, column_name, score_name : str
    note : str
        What else is to be known of the scores.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure

    Examples
    --------
    >>> from pellucid.plotting import SettingHeatMap
    >>> display = SettingHeatMap(["8", "32"], ["0.01", "0.1"], [[0.8, 0.9], [0.7, 0.95]], "width", "rate").plot()
    >>> [text.get_text() for text in display.ax_.texts]
    ['0.800', '0.900', '0.700', '0.950']
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        rows: Sequence[str],
        columns: Sequence[str],
        scores: ArrayLike,
        row_name: str = "",
        column_name: str = "",
        *,
        score_name: str = "score",
        note: str = "",
    ) -> None:
        self.rows, self.columns = [str(row) for row in rows], [str(column) for column in columns]
        self.scores = np.asarray(scores, dtype=float)
        if self.scores.shape != (len(self.rows), len(self.columns)) or not self.scores.size:
            raise DataError(
                f"'scores' of SettingHeatMap must have the shape ({len(self.rows)}, {len(self.columns)}), at least one "
                f"number; got {self.scores.shape}."
            )
        self.row_name, self.column_name, self.score_name, self.note = row_name, column_name, score_name, note

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the map; the best pair has a frame.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        sign = score_told(self.score_name)[1]
        written = np.array([[short_figure(sign * score) for score in row] for row in self.scores])
        longest = max(map(len, written.ravel()))
        width = max(0.95, LETTER_INCHES * (longest + 2))
        size = (max(4.8, 2.0 + width * len(self.columns)), max(3.0, 1.4 + 0.6 * len(self.rows)))
        finite = self.scores[np.isfinite(self.scores)]
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=size)
            low, high = _limits(finite)
            sns.heatmap(
                self.scores,
                ax=self.ax_,
                cmap=SEQUENTIAL,
                vmin=low,
                vmax=high,
                annot=written,
                fmt="",
                linewidths=1,
                cbar_kws={"extend": "min" if (finite < low).any() else "neither"},
                xticklabels=[literal(each) for each in self.columns],
                yticklabels=[literal(each) for each in self.rows],
            )
            bar = self.ax_.collections[0].colorbar
            if bar is not None:
                name_score(bar.ax.yaxis, self.score_name)
                label = score_label(self.score_name) + (f", {self.note}" if self.note else "")
                bar.ax.set_ylabel(fill(label, int(0.7 * self.figure_.get_figheight() / LETTER_INCHES)))
            self.ax_.set(xlabel=literal(self.column_name), ylabel=literal(self.row_name))
            self.ax_.tick_params(axis="y", rotation=0)
            frame: dict[str, Any] = {"fill": False, "edgecolor": "tab:red", "linewidth": 2.5, "zorder": 4}
            for row, column in np.argwhere(self.scores == finite.max()) if len(finite) else ():
                self.ax_.add_patch(Rectangle((float(column), float(row)), 1, 1, clip_on=False, **frame))
        return self


def _limits(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Return the scores between which colours differ: the good ones are told apart, whatever the bad ones are."""
    if not len(scores):
        return 0.0, 1.0
    low, good, high = (float(each) for each in np.quantile(scores, [0.1, 0.75, 1]))
    return (max(low, high - SPAN * (high - good)) if good < high else low), high
