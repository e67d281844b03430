"""The one place for how pictures look: palette, seaborn's white grid, sizes.

Settings hold only while a picture is being made; matplotlib's own stay as the user left them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

__all__ = [
    "DARK",
    "DIVERGING",
    "HEIGHT",
    "LIGHT",
    "SEQUENTIAL",
    "SHARES",
    "WIDTH",
    "Color",
    "axes_for",
    "class_colors",
    "legend_below",
    "literal",
    "name_score",
    "whitegrid",
]

Color = tuple[float, float, float]

WIDTH, HEIGHT = 6.4, 4.8
"""Size of a picture with one pair of axes, in inches."""

DIVERGING = "coolwarm"
"""Colormap of what has a middle: probabilities around 0.5, weights around 0. Blue is low, red is high."""

SEQUENTIAL = "viridis"
"""Colormap of what has no middle: predicted values."""

SHARES = "Blues"
"""Colormap of what starts at nothing: counts and shares."""

BELOW = 0.55
"""From the axes to a legend below them, in inches: tick labels and the name of the axis are between."""

DARK, LIGHT = "0.15", "white"
"""Lines and edges."""


def name_score(ax: Axes, name: str) -> None:
    """Name a score along the upright axis; of a negative loss the loss is told, and falls upwards."""
    loss = name.removeprefix("negative ")
    ax.set_ylabel(literal(name if loss == name else f"{loss} (lower is better)"))
    if loss != name:
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{0 - value:g}"))


@contextmanager
def whitegrid() -> Iterator[None]:
    """Within this context, new axes have seaborn's white grid and readable text.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from pellucid.plotting.style import whitegrid
    >>> before = dict(plt.rcParams)
    >>> with whitegrid():
    ...     plt.rcParams["axes.grid"]
    True
    >>> dict(plt.rcParams) == before
    True
    """
    softer = {"axes.edgecolor": "0.6", "grid.color": "0.9"}
    with sns.plotting_context("notebook"), sns.axes_style("whitegrid", rc=softer):
        yield


def axes_for(ax: Axes | None, *, size: tuple[float, float] = (WIDTH, HEIGHT)) -> tuple[Figure, Axes]:
    """Return the given axes and the whole figure they are in, or new ones of this size in inches.

    Call it within `whitegrid`.

    Examples
    --------
    >>> from pellucid.plotting.style import axes_for, whitegrid
    >>> with whitegrid():
    ...     figure, ax = axes_for(None, size=(3, 2))
    >>> figure.get_size_inches().tolist()
    [3.0, 2.0]
    """
    if ax is None:
        return plt.subplots(figsize=size, layout="constrained")
    figure = ax.figure
    return (figure.figure if isinstance(figure, SubFigure) else figure), ax


def class_colors(count: int) -> list[Color]:
    """Return one colour per class: seaborn's colour-blind-safe palette for up to 10, evenly spaced hues for more.

    Examples
    --------
    >>> from pellucid.plotting.style import class_colors
    >>> len(class_colors(3)), len(set(class_colors(30)))
    (3, 30)
    """
    return list(sns.color_palette("colorblind" if count <= 10 else "husl", count))


def legend_below(ax: Axes, *, ncols: int, **options: Any) -> Legend:
    """Add a legend below the axes and what is written there: within them, it would cover what is drawn.

    Parameters
    ----------
    ax : Axes
        With the tick labels and the axis label of `whitegrid`.
    ncols : int
    **options : dict
        Of matplotlib's ``Axes.legend``.

    Examples
    --------
    >>> from pellucid.plotting.style import axes_for, legend_below, whitegrid
    >>> with whitegrid():
    ...     figure, ax = axes_for(None)
    ...     line = ax.plot([0, 1], label="data")
    ...     legend = legend_below(ax, ncols=1)
    >>> bool(legend.get_window_extent().y1 < ax.get_window_extent().y0)
    True
    """
    figure = ax.figure.figure if isinstance(ax.figure, SubFigure) else ax.figure
    below = ax.transAxes + ScaledTranslation(0, -BELOW, figure.dpi_scale_trans)
    return ax.legend(ncols=ncols, loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, **options)


def literal(text: object) -> str:
    r"""Return a text that matplotlib shows as it is: a dollar sign starts no formula.

    Examples
    --------
    >>> from pellucid.plotting.style import literal
    >>> print(literal("price ($), cost ($)"))
    price (\$), cost (\$)
    """
    return re.sub(r"(?<!\\)\$", r"\\$", str(text))
