"""What a network with two inputs answers everywhere, and the data over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError, PellucidError
from pellucid.plotting.decision_surface import Surface, surface_of, two_columns
from pellucid.plotting.fitted import name_of, names_of_inputs
from pellucid.plotting.style import (
    DARK,
    DIVERGING,
    LIGHT,
    LONGEST_LABEL,
    SEQUENTIAL,
    axes_for,
    bar_options,
    class_colors,
    legend_below,
    shortened,
    thin_ticks,
    whitegrid,
)

__all__ = ["DecisionBoundary", "Points"]

COLUMNS = 4
"""Of the legend."""


@dataclass(frozen=True)
class Points:
    """Data drawn over a surface.

    Parameters
    ----------
    X : array of shape (rows, 2)
    y : array of shape (rows,) or None
        Actual classes or values; None: not known, drawn grey.
    """

    X: NDArray[np.float64]
    y: NDArray[Any] | None = None


class DecisionBoundary:
    """Predictions over the plane of two inputs.

    The background is the probability of the second class (two classes), the predicted class (more), or the predicted
    value (regression). Points have the colour of their actual class or value, so that mistakes stand out; of a
    regression, the fill of a point that is predicted well is that of its ground.

    Parameters
    ----------
    surface : Surface
    points, test_points : Points or None
        Round with a light edge, and diamonds with a dark edge.
    feature_names : pair of str
    title : str

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    surface_ : QuadMesh
        The background; its array is the probability, the index of the class, or the value.
    points_, test_points_ : PathCollection or None
    colorbar_ : Colorbar or None
        None with more than two classes.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sklearn.neural_network import MLPClassifier
    >>> from pellucid.plotting import DecisionBoundary
    >>> X, y = make_moons(noise=0.2, random_state=0)
    >>> model = MLPClassifier((10,), solver="lbfgs", alpha=0.1, max_iter=1000, random_state=0).fit(X, y)
    >>> display = DecisionBoundary.from_estimator(model, X, y, grid_resolution=50)
    >>> display.ax_.get_xlabel(), display.surface_.get_array().shape
    ('x1', (50, 50))
    """

    ax_: Axes
    figure_: Figure
    surface_: QuadMesh
    points_: PathCollection | None
    test_points_: PathCollection | None
    colorbar_: Colorbar | None

    def __init__(
        self,
        surface: Surface,
        *,
        points: Points | None = None,
        test_points: Points | None = None,
        feature_names: Sequence[str] = ("x1", "x2"),
        title: str = "Decision boundary",
    ) -> None:
        self.surface = surface
        self.points = points
        self.test_points = test_points
        self.feature_names = tuple(feature_names)
        self.title = title
        for name, each in (("y", points), ("y_test", test_points)):
            if each is not None and each.y is not None:
                _check_targets(name, each.y, surface)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        X_test: Any = None,
        y_test: ArrayLike | None = None,
        grid_resolution: int = 250,
        eps: float | None = None,
        feature_names: Sequence[object] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw what a fitted estimator predicts around X.

        Parameters
        ----------
        estimator : classifier, regressor or pipeline with exactly two inputs
        X : array or data frame of shape (rows, 2)
        y : array-like of shape (rows,) or None
            Actual classes or values.
        X_test, y_test : as X and y, or None
            Further points, drawn with another marker.
        grid_resolution : int
            Points of the grid along each axis, at least 2.
        eps : float or None
            How far the picture extends beyond the points, at least 0, in units of the inputs; None: 8 % of each
            input's range.
        feature_names : pair of str, or None
            None: the names seen in fit, else x1 and x2.
        ax : Axes or None
            Where to draw; None: a new figure.

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.
        DataError
            If the estimator has not exactly two inputs and one target, or X and y cannot be drawn.
        PellucidError
            If `grid_resolution` or `eps` is out of range.
        """
        _check_options(grid_resolution, eps)
        points = _points(X, y, "X", "y")
        test_points = None if X_test is None else _points(X_test, y_test, "X_test", "y_test")
        spanned = points.X if test_points is None else np.concatenate([points.X, test_points.X])
        surface = surface_of(estimator, spanned, grid_resolution, eps)
        what = "Prediction" if surface.kind == "regression" else "Decision boundary"
        return cls(
            surface,
            points=points,
            test_points=test_points,
            feature_names=names_of_inputs(estimator, 2, feature_names, cls.__name__),
            title=f"{what} of {name_of(estimator)}",
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None, *, bare: bool = False) -> Self:
        """Draw the surface and the points.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        bare : bool
            Leave the colour bar and the legend out, as for a picture among others.
        """
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax)
            self.ax_.set_facecolor(LIGHT)  # colours are translucent
            self.surface_ = self._draw_surface()
            self._draw_lines()
            self.points_ = self._draw_points(self.points, marker="o", edge=LIGHT)
            self.test_points_ = self._draw_points(self.test_points, marker="D", edge=DARK)
            xlabel, ylabel = shortened(self.feature_names, LONGEST_LABEL)
            self.ax_.set(title=self.title, xlabel=xlabel, ylabel=ylabel)
            self.ax_.set(xlim=self.surface.x1[[0, -1]], ylim=self.surface.x2[[0, -1]])
            self.ax_.grid(visible=False)
            thin_ticks(self.ax_)
            if not bare:
                self._add_legend(grows=ax is None)
            self.colorbar_ = None if bare else self._add_colorbar()
        return self

    def _draw_surface(self) -> QuadMesh:
        surface = self.surface
        values = surface.response.argmax(axis=-1) if surface.kind == "multiclass" else surface.response
        options: dict[str, Any] = {"cmap": SEQUENTIAL, "norm": self._value_norm(), "alpha": 1.0}
        if surface.kind == "binary":
            options = {"cmap": DIVERGING, "vmin": 0.0, "vmax": 1.0, "alpha": 0.7}
        elif surface.classes is not None:
            count = len(surface.classes)
            options = {"cmap": ListedColormap(class_colors(count)), "vmin": -0.5, "vmax": count - 0.5, "alpha": 0.4}
        return self.ax_.pcolormesh(surface.x1, surface.x2, values, shading="nearest", rasterized=True, **options)

    def _value_norm(self) -> Normalize:
        """One scale for predicted and actual values."""
        actual = [each.y for each in (self.points, self.test_points) if each is not None and each.y is not None]
        values = (
            np.concatenate([self.surface.response.ravel(), *actual]) if self.surface.kind == "regression" else [0, 1]
        )
        return Normalize(float(np.min(values)), float(np.max(values)))

    def _draw_lines(self) -> None:
        """Where the answer changes from one class to another."""
        surface = self.surface
        if surface.kind == "binary":
            _contour(self.ax_, surface, surface.response - 0.5)
        elif surface.kind == "multiclass":
            for index in range(surface.response.shape[-1]):
                others = np.delete(surface.response, index, axis=-1).max(axis=-1)
                _contour(self.ax_, surface, surface.response[..., index] - others)

    def _add_colorbar(self) -> Colorbar | None:
        if self.surface.kind == "multiclass":
            return None
        label = "predicted value"
        if self.surface.classes is not None:
            label = f"predicted probability of {shortened(self.surface.classes)[1]}"
        return self.figure_.colorbar(self.surface_, ax=self.ax_, label=label, **bar_options(self.ax_))

    def _draw_points(self, points: Points | None, *, marker: str, edge: str) -> PathCollection | None:
        if points is None:
            return None
        size = float(np.clip(9000 / len(points.X), 14, 50)) * (0.8 if marker == "D" else 1.0)
        style: dict[str, Any] = {"marker": marker, "edgecolors": edge, "linewidths": 0.9, "s": size, "zorder": 3}
        if self.surface.classes is None:  # the ground is as light as one edge and as dark as the other
            style["path_effects"] = [withStroke(linewidth=2.2, foreground=DARK if edge == LIGHT else LIGHT)]
        if points.y is None:
            style["color"] = "0.5"
        elif self.surface.classes is None:
            style |= {"c": points.y, "cmap": SEQUENTIAL, "norm": self.surface_.norm}
        else:
            colors = np.array(self._class_colors(len(self.surface.classes)))
            style["c"] = colors[np.searchsorted(self.surface.classes, points.y)]
        return self.ax_.scatter(points.X[:, 0], points.X[:, 1], **style)

    def _class_colors(self, count: int) -> list[tuple[float, ...]]:
        if self.surface.kind == "binary":
            return [tuple(mpl.colormaps[DIVERGING](end)) for end in (0.0, 1.0)]
        return [(*color, 1.0) for color in class_colors(count)]

    def _add_legend(self, *, grows: bool) -> None:
        drawn = [each for each in (self.points, self.test_points) if each is not None]
        colored = self.surface.kind == "multiclass" or any(each.y is not None for each in drawn)
        labels = [] if self.surface.classes is None or not colored else shortened(self.surface.classes)
        colors = self._class_colors(len(labels))[: len(labels)]
        handles = [_handle(label, "o", color, LIGHT) for label, color in zip(labels, colors, strict=True)]
        valued = self.surface.classes is None and any(each.y is not None for each in drawn)
        if valued and self.test_points is None:
            handles.append(_handle("filled with the actual value", "o", "0.5", DARK))
        if self.test_points is not None:
            handles += [_handle("training", "o", "0.5", LIGHT), _handle("test", "D", "0.5", DARK)]
        if handles:
            title = "class" if labels else "filled with the actual value" if valued and len(handles) > 1 else None
            legend_below(self.ax_, handles=handles, title=title, ncols=min(len(handles), COLUMNS), grows=grows)


def _contour(ax: Axes, surface: Surface, margin: NDArray[np.float64]) -> None:
    if margin.min() < 0 < margin.max():
        ax.contour(surface.x1, surface.x2, margin, levels=[0.0], colors=DARK, linewidths=1.2)


def _handle(label: str, marker: str, color: Any, edge: str) -> Line2D:
    return Line2D([], [], linestyle="", marker=marker, color=color, markeredgecolor=edge, markersize=8, label=label)


def _points(X: Any, y: ArrayLike | None, X_name: str, y_name: str) -> Points:
    columns = two_columns(X, X_name)
    targets = None if y is None else np.asarray(y)
    if targets is not None and targets.shape != (len(columns),):
        raise DataError(
            f"'{y_name}' of DecisionBoundary must have one value for each of the {len(columns)} rows of '{X_name}'; "
            f"got shape {targets.shape}."
        )
    return Points(columns, targets)


def _check_targets(name: str, targets: NDArray[Any], surface: Surface) -> None:
    """Classes must be known; values must be numbers."""
    if surface.classes is not None:
        unknown = targets[~np.isin(targets, surface.classes)]
        if unknown.size:
            raise DataError(
                f"'{name}' of DecisionBoundary must hold classes seen in fit, {surface.classes.tolist()}; "
                f"got {unknown[0]!r}."
            )
    elif targets.dtype.kind not in "biuf" or not np.isfinite(targets).all():
        raise DataError(f"'{name}' of DecisionBoundary must hold finite numbers only, for a regressor.")


def _check_options(grid_resolution: int, eps: float | None) -> None:
    if not isinstance(grid_resolution, Integral) or isinstance(grid_resolution, bool) or grid_resolution < 2:
        raise PellucidError(
            f"'grid_resolution' of DecisionBoundary must be an integer of at least 2; got {grid_resolution!r}."
        )
    if eps is not None and not eps >= 0:
        raise PellucidError(f"'eps' of DecisionBoundary must be at least 0 (or None); got {eps!r}.")
