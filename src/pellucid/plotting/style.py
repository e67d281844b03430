"""The one place for how pictures look: palette, seaborn's white grid, sizes.

Settings hold only while a picture is being made; matplotlib's own stay as the user left them.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import inf, isnan
from typing import Any
from warnings import catch_warnings, simplefilter

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.legend import Legend
from matplotlib.ticker import FormatStrFormatter, FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from pellucid.errors import PellucidError
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
    "bar_options",
    "class_colors",
    "figure_of",
    "fit_height",
    "ink",
    "is_laid_out",
    "legend_below",
    "literal",
    "logarithmic",
    "make_room",
    "name_score",
    "score_label",
    "score_told",
    "short_figure",
    "shortened",
    "thin_ticks",
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

BAR = 0.85
"""Width of a colour bar, its numbers and its label, in inches."""

ROOM = 1.5
"""Widths of a number that it has beside an axis, itself included."""

CLEAR = 0.25
"""Below a legend for which axes make room, in inches: the title of the next picture may follow."""

EDGE = 0.05
"""Around all that is drawn in a figure, in inches."""

FEW_DECADES = 1e4
"""Greatest number over the least, up to which 1, 2 and 5 times each power of ten have room."""

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
"""Lines and edges on a ground of the picture's own; on that of given axes, `ink`."""


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
def whitegrid(ax: Axes | None = None) -> Iterator[None]:
    """Within this context, new axes have seaborn's white grid and readable text.

    Parameters
    ----------
    ax : Axes or None
        Axes that are drawn into: what is added to them has the colours of their title and ground, and the sizes of text
        that matplotlib is set to.

    Raises
    ------
    PellucidError
        If `ax` is something else.

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
    look: Any = sns.axes_style("whitegrid", rc={"axes.edgecolor": "0.6", "grid.color": "0.9"})
    look |= sns.plotting_context("notebook") if ax is None else _colors_around(ax)
    look["font.family"] = [*look["font.family"], *_wide_fonts()]
    with plt.rc_context(look):
        yield


def _colors_around(ax: Axes) -> dict[str, Any]:
    """Return settings with which what is added to the axes can be read on their ground, and on their figure's."""
    if not isinstance(ax, Axes):
        hint = "Give the axes of plt.subplots(); where they are an array, one of them, such as axes[0]."
        raise PellucidError(f"'ax' of a picture must be matplotlib axes or None; got {type(ax).__name__}. {hint}")
    text = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), ax.title.get_color())
    grid = {} if ink(ax) == DARK else {"grid.color": "0.3"}
    return text | grid | {"axes.facecolor": _ground(ax), "legend.labelcolor": ink(ax)}


def _ground(ax: Axes) -> tuple[float, float, float, float]:
    """Return the colour behind what is drawn into the axes: theirs, else their figure's."""
    colors = [to_rgba(each.get_facecolor()) for each in (ax, ax.figure, figure_of(ax))]
    return next((color for color in colors if color[3] > 0), to_rgba(LIGHT))


def ink(ax: Axes) -> str:
    """Return the colour of lines and text within the axes: dark, or light on a dark ground.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from pellucid.plotting.style import ink
    >>> ax = Figure().subplots()
    >>> ink(ax)
    '0.15'
    >>> ax.set_facecolor("navy")
    >>> ink(ax)
    '0.9'
    """
    red, green, blue = to_rgb(_ground(ax))
    return DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "0.9"


def is_laid_out(ax: Axes) -> bool:
    """Tell whether the axes' figure finds places for what stands beside axes by itself, when it is drawn."""
    engine = ax.figure.get_layout_engine()
    return engine is not None and not isinstance(engine, PlaceHolderLayoutEngine)


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
    return figure_of(ax), ax


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure that the axes are in."""
    return ax.figure.figure if isinstance(ax.figure, SubFigure) else ax.figure


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
    figure = figure_of(ax)
    below = ax.transAxes + ScaledTranslation(0, -BELOW, figure.dpi_scale_trans)
    options |= {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": below}
    grid = ax.get_subplotspec()
    room = MOST_OF * ax.figure.bbox.width / (1 if grid is None else grid.get_topmost_subplotspec().get_gridspec().ncols)
    legend = ax.legend(ncols=ncols, **options)
    while ncols > 1 and legend.get_window_extent().width > room:
        ncols -= 1
        legend = ax.legend(ncols=ncols, **options)
    height = legend.get_window_extent().height / figure.dpi
    if grows and height > TWO_LINES:
        figure.set_figheight(figure.get_figheight() + height - TWO_LINES)
    make_room(ax, below=height + CLEAR)
    return legend


def fit_height(figure: Figure) -> None:
    """Take from a figure's height what its layout leaves empty, where axes of equal aspect need the whole width.

    Examples
    --------
    >>> from pellucid.plotting.style import axes_for, fit_height, whitegrid
    >>> with whitegrid():
    ...     figure, ax = axes_for(None, size=(3, 6))
    >>> ax.set_aspect("equal")
    >>> fit_height(figure)
    >>> bool(2.5 < figure.get_figheight() < 3.5)
    True
    """
    for ax in figure.axes:
        ax.set_anchor("S")  # so that a legend below keeps its room
    with catch_warnings():
        simplefilter("ignore", UserWarning)  # letters that no font has: saving the figure tells of them
        figure.draw_without_rendering()
    figure.set_figheight(min(figure.get_tightbbox().height + 2 * EDGE, figure.get_figheight()))


def make_room(ax: Axes, *, right: float = 0.0, below: float = 0.0) -> None:
    """Let the axes, and those over them, be so many inches smaller for what stands beside them, if nothing else does.

    A figure with a layout does; two thirds of the width and half of the height are left at least.
    """
    if is_laid_out(ax):
        return
    dpi, box, place = figure_of(ax).dpi, ax.get_position(), ax.get_subplotspec()
    width, height = 1 - min(right * dpi / ax.bbox.width, 1 / 3), 1 - min(below * dpi / ax.bbox.height, 0.5)
    if place is None:
        ax.set_position((box.x0, box.y1 - height * box.height, width * box.width, height * box.height))
        return
    parts: dict[str, Any] = {"width_ratios": (width, 1 - width), "height_ratios": (height, 1 - height)}
    corner = place.subgridspec(2, 2, wspace=0, hspace=0, **parts)[0, 0]  # which a later tight_layout() keeps
    for each in ax.figure.axes:
        if each.get_subplotspec() == place:
            each.set_subplotspec(corner)


def bar_options(ax: Axes) -> dict[str, Any]:
    """Return options with which a colour bar at the right keeps its numbers and label in the place of given axes."""
    return {} if is_laid_out(ax) else {"fraction": min(BAR * figure_of(ax).dpi / ax.bbox.width, 0.3)}


def logarithmic(axis: Axis) -> None:
    """Write plain numbers along a logarithmic axis, at 1, 2 and 5 times each power of ten if they are few.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from pellucid.plotting.style import logarithmic
    >>> ax = Figure().subplots()
    >>> ax.set(xscale="log", xlim=(3, 60))
    [...]
    >>> logarithmic(ax.xaxis)
    >>> [label.get_text() for label in ax.get_xticklabels() if 3 <= label.get_position()[0] <= 60]
    ['5', '10', '20', '50']
    """
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < FEW_DECADES * low else (1.0,)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def thin_ticks(ax: Axes) -> None:
    """Let the horizontal axis have no more numbers than there is room for."""
    widest = max((label.get_window_extent().width for label in ax.get_xticklabels()), default=0.0)
    most = max(int(ax.bbox.width / (ROOM * max(widest, 1.0))), 2)
    if len(ax.get_xticks()) > most:
        ax.xaxis.set_major_locator(MaxNLocator(most))


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
