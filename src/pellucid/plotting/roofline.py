"""Roofline: how near computations come to what the machine can do at most.

Computing can be no faster than the processor multiplies and adds, nor than memory brings the numbers:

    speed ≤ min(peak, bandwidth · intensity),   intensity: operations for each byte that comes from memory

S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore architectures",
Communications of the ACM 52(4), 2009.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import ScaledTranslation

from pellucid.errors import PellucidError
from pellucid.plotting.style import LIGHT, axes_for, class_colors, ink, legend_below, literal, logarithmic, whitegrid

__all__ = ["Roofline", "RooflinePoint"]

MARKERS = "os^DvP*X<>"
"""Shapes by engine, beside the colours."""

POINTS_ASIDE = 5.0
"""Distance of the engines' points from each other, in typographic points, so that equal speeds stay visible."""

DECADES_OF_A_LABEL = 0.24
"""Height that the name of a network takes above the roof."""


@dataclass(frozen=True)
class RooflinePoint:
    """One measured computation.

    Parameters
    ----------
    name : str
        What was computed. Points of one name have one intensity.
    engine : str
        What computed it.
    intensity : float
        Operations for each byte, greater than 0.
    gflops : float
        10⁹ operations a second, greater than 0.
    """

    name: str
    engine: str
    intensity: float
    gflops: float


class Roofline:
    """The machine's roof, and measured points under it; both axes are logarithmic.

    Points around one vertical line did the same work: they stand side by side, and mean the line. What stays in the
    caches between computations may rise above the slope, which is main memory's.

    Parameters
    ----------
    points : sequence of RooflinePoint
        At least one.
    peak : float
        GFLOP/s of the processor at most, greater than 0.
    bandwidth : float
        GB/s of memory, greater than 0.
    title : str

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    roof_ : Line2D
    points_ : dict of str to Line2D
        By engine.
    names_ : dict of str to Annotation
        By the name of what was computed.

    Raises
    ------
    PellucidError
        If there is no point.

    Examples
    --------
    >>> from pellucid.plotting import Roofline
    >>> from pellucid.plotting.roofline import RooflinePoint
    >>> display = Roofline([RooflinePoint("64-100-10", "native", 26.0, 60.0)], peak=100.0, bandwidth=20.0).plot()
    >>> display.roof_.get_ydata().max()
    np.float64(100.0)
    """

    ax_: Axes
    figure_: Figure
    roof_: Line2D
    points_: dict[str, Line2D]
    names_: dict[str, Annotation]

    def __init__(
        self, points: Sequence[RooflinePoint], *, peak: float, bandwidth: float, title: str = "Roofline"
    ) -> None:
        if not points:
            raise PellucidError("Roofline needs at least one point; got none.")
        self.points, self.peak, self.bandwidth, self.title = list(points), peak, bandwidth, title

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw roof and points.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(10, 6.2))
            self._draw_roof()
            self._draw_points()
            self._name_points()
            self.ax_.set(
                title=literal(self.title),
                xlabel="arithmetic intensity (operations for each byte of memory)",
                ylabel="speed (GFLOP/s)",
            )
            for axis in (self.ax_.xaxis, self.ax_.yaxis):
                logarithmic(axis)
            names = [literal(engine) for engine in self.points_]
            legend_below(self.ax_, ncols=5, handles=list(self.points_.values()), labels=names, frameon=False)
        return self

    def _draw_roof(self) -> None:
        """Draw the slope of memory and the level of the multipliers, each with its figure."""
        ridge = self.peak / self.bandwidth
        intensities = [point.intensity for point in self.points]
        left, last = min(*intensities, ridge) / 2.5, max(*intensities, ridge)
        right = last * (last / left) ** 0.36  # room for the last name
        low = min(*(point.gflops for point in self.points), self.bandwidth * left) / 2
        high = self.peak * 10 ** (DECADES_OF_A_LABEL * (len(self._intensities()) + 1.9))
        self.ax_.set(xscale="log", yscale="log", xlim=(left, right), ylim=(low, high))
        corners = [left, ridge, right]
        roof = [self.bandwidth * left, self.peak, self.peak]
        (self.roof_,) = self.ax_.plot(corners, roof, color=ink(self.ax_), linewidth=2.5, zorder=2)
        self.ax_.fill_between(corners, roof, low, color=ink(self.ax_), alpha=0.05, linewidth=0, zorder=0)
        near: dict[str, Any] = {"textcoords": "offset points", "color": ink(self.ax_)}
        self.ax_.annotate(f"peak {self.peak:.3g} GFLOP/s", (right, self.peak), (-6, 7), ha="right", va="bottom", **near)
        self.ax_.annotate(
            f"memory\n{self.bandwidth:.3g} GB/s", (left, self.bandwidth * left), (8, 36), ha="left", va="bottom", **near
        )

    def _draw_points(self) -> None:
        engines = list(dict.fromkeys(point.engine for point in self.points))
        self.points_ = {}
        for index, (engine, color) in enumerate(zip(engines, class_colors(len(engines)), strict=True)):
            own = [point for point in self.points if point.engine == engine]
            aside = POINTS_ASIDE * (index - (len(engines) - 1) / 2)
            (self.points_[engine],) = self.ax_.plot(
                [point.intensity for point in own],
                [point.gflops for point in own],
                linestyle="",
                marker=MARKERS[index % len(MARKERS)],
                markersize=10,
                color=color,
                markeredgecolor=LIGHT,
                transform=self.ax_.transData + ScaledTranslation(aside / 72, 0, self.figure_.dpi_scale_trans),
                zorder=4,
            )

    def _name_points(self) -> None:
        """Names in steps above the roof, the leftmost the highest, each with a line down to its points."""
        self.names_ = {}
        intensities = self._intensities()
        for index, (name, intensity) in enumerate(intensities.items()):
            height = self.peak * 10 ** (DECADES_OF_A_LABEL * (len(intensities) - index + 1.0))
            lowest = min(point.gflops for point in self.points if point.name == name)
            self.ax_.plot([intensity] * 2, [lowest, height], color="0.6", linewidth=1, zorder=1)
            self.names_[name] = self.ax_.annotate(
                literal(name),
                (intensity, height),
                (4, -2),
                textcoords="offset points",
                color=ink(self.ax_),
                va="center",
            )

    def _intensities(self) -> dict[str, float]:
        """Intensity of each name, the lowest first."""
        return dict(sorted({point.name: point.intensity for point in self.points}.items(), key=lambda item: item[1]))
