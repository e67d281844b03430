"""The one place for how pictures look: palette, seaborn's white grid, sizes.

Settings hold only while a picture is being made; matplotlib's own stay as the user left them.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import inf, isnan
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import fontManager
from matplotlib.legend import Legend
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

from pellucid.tables.figures import to_places

__all__ = [
    "DARK",
    "DIVERGING",
    "HEIGHT",
    "LIGHT",
    "LONGEST_LABEL",
    "LONGEST_NAME",
    "SEQUENTIAL",
    "SHARES",
    "WIDTH",
    "Color",
    "as_number",
    "axes_for",
    "class_colors",
    "legend_below",
    "literal",
    "name_score",
    "score_label",
    "score_told",
    "short_figure",
    "shortened",
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

LONGEST_NAME = 22
"""Letters of a name in a legend or beside a tick."""

LONGEST_LABEL = 40
"""Letters of a name that an axis has to itself."""

MOST_OF = 0.9
"""The part of a figure's width that a legend may have: axes stand a little to the right."""

TWO_LINES = 0.75
"""Height of a legend of two lines, in inches."""

LARGE = 1000
"""Scores from here on have no room for three decimal places."""

INDIGO: Color = (0.2, 0.133, 0.533)

WIDE_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "SimHei",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "IPAexGothic",
    "NanumGothic",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
"""Fonts of Chinese, Japanese and Korean letters."""

DARK, LIGHT = "0.15", "white"
"""Lines and edges."""


def score_told(score_name: str) -> tuple[str, int]:
    """Return what a score is called, and the factor with which it is told: a loss as such, not its negative.

    Examples
    --------
    >>> score_told("accuracy"), score_told("negative log loss")
    (('accuracy', 1), ('log loss', -1))
    """
    name = score_name.removeprefix("negative ")
    return name, 1 if name == score_name else -1


def score_label(score_name: str) -> str:
    """Return the title of scores as they are told.

    Examples
    --------
    >>> score_label("negative log loss")
    'log loss (lower is better)'
    """
    name, sign = score_told(score_name)
    return literal(name if sign > 0 else f"{name} (lower is better)")


def name_score(axis: Axis, score_name: str) -> None:
    """Name a score along an axis; of a negative loss the loss is told, and falls along it."""
    axis.set_label_text(score_label(score_name))
    if score_told(score_name)[1] < 0:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{0 - value:g}"))


def short_figure(score: float) -> str:
    """Return a score that has little room.

    Examples
    --------
    >>> short_figure(0.98765), short_figure(-2243535.56)
    ('0.988', '-2.24e+06')
    """
    return to_places(score, 3, LARGE)


def as_number(text: str) -> float:
    """Return what texts are sorted by: numbers by their size, before other texts.

    Examples
    --------
    >>> sorted(["tanh", "0.1", "1e-05", "relu"], key=as_number)
    ['1e-05', '0.1', 'tanh', 'relu']
    """
    try:
        number = float(text)
    except ValueError:
        return inf
    return inf if isnan(number) else number


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
        plt.rcParams["font.family"] = [*plt.rcParams["font.family"], *_wide_fonts()]  # ended by the contexts around
        yield


def _wide_fonts() -> list[str]:
    """Return those of `WIDE_FONTS` that this machine has: for letters that the font before them lacks."""
    installed = {font.name for font in fontManager.ttflist}
    return [name for name in WIDE_FONTS if name in installed]


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

    The tenth is Tol's indigo: seaborn's is a second blue.

    Examples
    --------
    >>> from pellucid.plotting.style import class_colors
    >>> len(class_colors(3)), len(set(class_colors(30)))
    (3, 30)
    """
    if count > 10:
        return list(sns.color_palette("husl", count))
    return [*sns.color_palette("colorblind", min(count, 9)), *([INDIGO] if count == 10 else [])]


def legend_below(ax: Axes, *, ncols: int, grows: bool = False, **options: Any) -> Legend:
    """Add a legend below the axes and what is written there: within them, it would cover what is drawn.

    Parameters
    ----------
    ax : Axes
        With the tick labels and the axis label of `whitegrid`.
    ncols : int
        At most; fewer where so many are wider than the axes' part of the figure.
    grows : bool
        Whether the figure is the picture's own, and gets taller for a legend of more than two lines.
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
    options |= {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": below}
    grid = ax.get_subplotspec()
    room = MOST_OF * ax.figure.bbox.width / (1 if grid is None else grid.get_gridspec().ncols)
    legend = ax.legend(ncols=ncols, **options)
    while ncols > 1 and legend.get_window_extent().width > room:
        ncols -= 1
        legend = ax.legend(ncols=ncols, **options)
    height = legend.get_window_extent().height / figure.dpi
    if grows and height > TWO_LINES:
        figure.set_figheight(figure.get_figheight() + height - TWO_LINES)
    return legend


def shortened(names: Iterable[object], most: int = LONGEST_NAME) -> list[str]:
    r"""Return names as pictures show them: literally, of at most so many letters, different ones different.

    Long ones lose their ends, or, where others begin alike, their middles; what cannot be printed is a blank.

    Examples
    --------
    >>> from pellucid.plotting.style import shortened
    >>> shortened(["a name", "price ($)", "one that is long"], 11)
    ['a name', 'price (\\$)', 'one that i…']
    >>> shortened(["class of the first", "class of the second"], 11)
    ['class…first', 'class…econd']
    """
    whole = ["".join(letter if letter.isprintable() else " " for letter in str(name)) for name in names]
    without_end = [name if len(name) <= most else f"{name[: most - 1]}…" for name in whole]
    half = (most - 1) // 2
    without_middle = [name if len(name) <= most else f"{name[:half]}…{name[-half:]}" for name in whole]
    is_told = len(set(without_end)) == len(set(whole))
    return [literal(name) for name in (without_end if is_told else without_middle)]


def literal(text: object) -> str:
    r"""Return a text that matplotlib shows as it is: a dollar sign starts no formula.

    Examples
    --------
    >>> from pellucid.plotting.style import literal
    >>> print(literal("price ($), cost ($)"))
    price (\$), cost (\$)
    """
    return re.sub(r"(?<!\\)\$", r"\\$", str(text))
