"""Decision boundaries of many networks side by side."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pellucid.errors import DataError
from pellucid.plotting.decision_boundary import DecisionBoundary, Points
from pellucid.plotting.decision_surface import surface_of, two_columns
from pellucid.plotting.style import literal, whitegrid

__all__ = ["BoundaryWall"]

TITLE_POINTS = 12
LETTER_INCHES = 0.6 * TITLE_POINTS / 72
"""Width of a letter of the title; a longer title has several lines."""


class BoundaryWall:
    """What networks with two inputs answer everywhere, one small picture each.

    Parameters
    ----------
    estimators : sequence of fitted estimators or None
        None: an empty place.
    X : array or data frame of shape (rows, 2)
    y : array-like of shape (rows,)
    titles : sequence of str
        One for each estimator.
    columns : int
        Pictures in a row.
    row_titles, column_titles : sequence of str
        What the rows and columns of the wall stand for, if anything.
    title : str
        Of the whole.

    Attributes
    ----------
    axes_, figure_ : list of Axes, Figure

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sklearn.neural_network import MLPClassifier
    >>> from pellucid.plotting import BoundaryWall
    >>> X, y = make_moons(noise=0.2, random_state=0)
    >>> models = [MLPClassifier((k,), solver="lbfgs", alpha=1, max_iter=500, random_state=0).fit(X, y) for k in (1, 8)]
    >>> display = BoundaryWall(models, X, y, ["1 neuron", "8 neurons"]).plot(grid_resolution=20)
    >>> [ax.get_title() for ax in display.axes_]
    ['1 neuron', '8 neurons']
    """

    axes_: list[Axes]
    figure_: Figure

    def __init__(
        self,
        estimators: Sequence[Any],
        X: Any,
        y: ArrayLike,
        titles: Sequence[str],
        *,
        columns: int = 4,
        row_titles: Sequence[str] = (),
        column_titles: Sequence[str] = (),
        title: str = "",
    ) -> None:
        if len(estimators) != len(titles) or not len(estimators):
            raise DataError(
                "BoundaryWall needs one title for each estimator, and at least one; "
                f"got {len(estimators)} estimators and {len(titles)} titles."
            )
        self.estimators, self.titles, self.columns = list(estimators), list(titles), columns
        self.points = Points(two_columns(X), np.asarray(y))
        self.row_titles, self.column_titles, self.title = list(row_titles), list(column_titles), title

    def plot(self, *, grid_resolution: int = 80) -> Self:
        """Draw into a new figure.

        Parameters
        ----------
        grid_resolution : int
            Points of each picture's grid along each axis.
        """
        import matplotlib.pyplot as plt  # noqa: PLC0415 - chooses a backend

        columns = min(self.columns, len(self.estimators))
        rows = -(-len(self.estimators) // columns)
        with whitegrid():
            self.figure_, grid = plt.subplots(
                rows, columns, figsize=(2.3 * columns + 0.6, 2.3 * rows + 0.6), squeeze=False, layout="constrained"
            )
        axes = list(grid.ravel())
        for ax, estimator, title in zip(axes, self.estimators, self.titles, strict=False):
            if estimator is not None:
                surface = surface_of(estimator, self.points.X, grid_resolution, None)
                DecisionBoundary(surface, points=self.points, title=literal(title)).plot(ax, bare=True)
            for collection in ax.collections[-1:]:
                collection.set_sizes([6])
                collection.set_linewidths(0.3)
            ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
            ax.set_title(literal(title) if estimator is not None else "", fontsize=10)
        for ax in axes[len(self.estimators) :]:
            ax.set_visible(False)
        for ax, name in zip(grid[:, 0], self.row_titles, strict=False):
            ax.set_ylabel(literal(name), fontsize=11)
        for ax, name in zip(grid[-1], self.column_titles, strict=False):
            ax.set_xlabel(literal(name), fontsize=11)
        if self.title:
            letters = int(self.figure_.get_figwidth() / LETTER_INCHES)
            self.figure_.suptitle(literal(fill(self.title, letters)), fontsize=TITLE_POINTS)
        self.axes_ = axes[: len(self.estimators)]
        return self
