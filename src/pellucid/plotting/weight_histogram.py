"""How the weights and biases of each layer are distributed."""

from collections.abc import Sequence
from typing import Any, Self

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, GridSpecBase
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError
from pellucid.plotting.fitted import layers_of, name_of
from pellucid.plotting.network_layout import layer_names
from pellucid.plotting.style import (
    LIGHT,
    Color,
    axes_for,
    class_colors,
    figure_of,
    ink,
    is_laid_out,
    thin_ticks,
    whitegrid,
)

__all__ = ["WeightHistogram"]

MOST_COLUMNS = 4

COLUMN = 1.8
"""Width of a histogram with what is written above it, in inches."""

LINES = 7.0
"""Lines of text between two rows: numbers, the name of the axis, three lines of the next row."""


class WeightHistogram:
    r"""One small histogram per layer: how many weights (or biases) have which value.

    Parameters
    ----------
    weights : sequence of arrays of shape (inputs, outputs)
        One per layer, first hidden layer first, output layer last.
    biases : sequence of arrays of shape (outputs,), or None
        None: only weights are shown.
    title : str

    Attributes
    ----------
    axes_ : list of Axes
        One per histogram: the weights of every layer, then the biases of every layer.
    ax_ : Axes
        The empty axes that hold them all.
    figure_ : Figure

    Examples
    --------
    >>> from pellucid.plotting import WeightHistogram
    >>> display = WeightHistogram([[[1.0, -1.0]], [[0.5], [0.5]]]).plot()
    >>> display.axes_[0].get_title()
    'hidden layer\n2 weights\nmean 0, std 1'
    """

    ax_: Axes
    axes_: list[Axes]
    figure_: Figure

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        *,
        title: str = "Weights by layer",
    ) -> None:
        self.weights = [np.asarray(each, dtype=float) for each in weights]
        self.biases = None if biases is None else [np.asarray(each, dtype=float) for each in biases]
        self.title = title
        if not self.weights or not all(each.size for each in self.weights):
            raise DataError("'weights' of WeightHistogram must have at least one layer, and each layer a weight.")

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        biases: bool = False,
        bins: int = 30,
        shared_x: bool = True,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the weights of a fitted multi-layer perceptron.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor or a pipeline that ends with one
        biases : bool
            Draw the biases too, in rows of their own.
        bins, shared_x, ax
            As of `plot`.

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.
        PellucidError
            If it is not a multi-layer perceptron.
        """
        weights, all_biases = layers_of(estimator, cls.__name__)
        title = f"Weights{' and biases' if biases else ''} of {name_of(estimator)}"
        return cls(weights, all_biases if biases else None, title=title).plot(bins=bins, shared_x=shared_x, ax=ax)

    def plot(self, ax: Axes | None = None, *, bins: int = 30, shared_x: bool = True) -> Self:
        """Draw the histograms.

        Parameters
        ----------
        ax : Axes or None
            Where to draw: its place is divided among the histograms. None: a new figure.
        bins : int
            Number of bars, at least 1: over the range of all values where x is shared, else of each histogram.
        shared_x : bool
            One value axis for all, so that widths can be compared between layers.
        """
        panels = self._panels()
        layers = len(self.weights)
        columns = min(layers, MOST_COLUMNS)
        rows_per_kind = -(-layers // columns)
        rows = rows_per_kind * (1 if self.biases is None else 2)
        everything = np.concatenate([values for *_, values in panels]) if shared_x else None
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(max(3.6, 3.2 * columns), 0.6 + 2.9 * rows))
            self.ax_.set_axis_off()
            mpl.rcParams.update(_sizes(self.ax_, columns))  # ended by the context around
            grid = _divide(self.ax_, rows, columns)
            heading = self.ax_.figure.add_subplot(grid[0, :])
            heading.set_axis_off()
            heading.set_title(self.title)
            self.axes_ = []
            for index, (name, kind, values) in enumerate(panels):
                row, column = divmod(index % layers, columns)
                row += 1 + (rows_per_kind if index >= layers else 0)  # the heading is row 0
                shared = self.axes_[0] if shared_x and self.axes_ else None
                panel = self.ax_.figure.add_subplot(grid[row, column], sharex=shared)
                edges = np.histogram_bin_edges(values if everything is None else everything, bins=bins)
                _draw(panel, name, kind, values, edges)
                self.axes_.append(panel)
                if column == 0:
                    panel.set_ylabel(f"{kind} per bar")
        return self

    def _panels(self) -> list[tuple[str, str, NDArray[np.float64]]]:
        names = layer_names(len(self.weights))[1:]
        shown = [(name, "weights", each.ravel()) for name, each in zip(names, self.weights, strict=True)]
        if self.biases is not None:
            shown += [(name, "biases", each.ravel()) for name, each in zip(names, self.biases, strict=True)]
        return shown


def _divide(ax: Axes, rows: int, columns: int) -> GridSpecBase:
    """Divide the place of the axes, wherever it comes from: a heading of no height, then the rows."""
    options: dict[str, Any] = {"height_ratios": [0.01] + [1.0] * rows}
    if not is_laid_out(ax):
        options |= {"wspace": 0.3, "hspace": _space_between(ax, rows)}
    place = ax.get_subplotspec()
    if place is not None:
        return place.subgridspec(rows + 1, columns, **options)
    box = ax.get_position()
    return GridSpec(rows + 1, columns, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1, **options)


def _sizes(ax: Axes, columns: int) -> Any:
    """Return sizes of text that fit into columns of given axes."""
    if is_laid_out(ax):
        return {}
    inches = ax.bbox.width / figure_of(ax).dpi / columns
    factor = float(np.clip(inches / COLUMN, 0.5, 1.0))
    sizes = {key: mpl.rcParams[key] for key in ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")}
    return {key: factor * size for key, size in sizes.items() if not isinstance(size, str)}  # words follow font.size


def _space_between(ax: Axes, rows: int) -> float:
    """Return the height between rows for what is written there, in mean heights of a row."""
    points = ax.bbox.height / figure_of(ax).dpi * 72
    share = min(LINES * mpl.rcParams["font.size"] / points, 0.6 / rows)  # the histograms have two fifths at least
    return share * (rows + 1) / (1 - rows * share)


def _draw(ax: Axes, name: str, kind: str, values: NDArray[np.float64], edges: NDArray[np.float64]) -> None:
    colors: list[Color] = class_colors(2)
    ax.hist(values, bins=edges.tolist(), color=colors[0 if kind == "weights" else 1], edgecolor=LIGHT, linewidth=0.4)
    ax.axvline(0, color=ink(ax), linewidth=1, linestyle="--")
    one = "weight" if kind == "weights" else "bias"
    summary = f"mean {values.mean():.2g}, std {values.std():.2g}".replace("-", "−")
    ax.set_title(
        f"{name}\n{values.size} {kind if values.size > 1 else one}\n{summary}",
        fontsize=0.92 * mpl.rcParams["font.size"],
    )
    ax.set_xlabel(f"value of a {one}")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    if not is_laid_out(ax):
        thin_ticks(ax)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(visible=False, axis="x")
