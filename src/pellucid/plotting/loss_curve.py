"""Loss per epoch: whether training converged, and whether it overfits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import PellucidError
from pellucid.plotting.fitted import name_of, network_of
from pellucid.plotting.style import (
    LIGHT,
    Color,
    axes_for,
    class_colors,
    ink,
    legend_below,
    logarithmic,
    make_room,
    shortened,
    whitegrid,
)

__all__ = ["EpochCurves", "LossCurve", "count_epochs", "scale_losses", "spans"]

LOSSES = {
    "log_loss": "log loss (nats)",
    "squared_error": "half squared error (units of the target²)",
    "absolute_error": "absolute error (units of the target)",
    "poisson": "Poisson loss",
}

LOSS_KEYS = ("loss", "validation_loss")

MUCH = 100.0
"""Greatest loss over the least, from which on a linear axis shows the least as nothing."""

SECOND_AXIS = 0.6
"""Width of the numbers and the name at the right, in inches."""

DOT: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 9, "markeredgecolor": LIGHT, "zorder": 5}


@dataclass(frozen=True)
class EpochCurves:
    """What one training reported, epoch by epoch.

    Parameters
    ----------
    loss : sequence of float
        Training loss of each epoch, as the estimator reports it: with its penalties.
    validation_loss, validation_score : sequence of float, or None
        Of the validation rows, as long as `loss`; None: not measured.
    loss_name : str
        What the loss is, with its unit.
    score_name : str
        What the validation score is: accuracy, or R².
    has_penalty : bool
        Whether `loss` contains a penalty (L2 or L1), which the validation loss never does.
    """

    loss: Sequence[float]
    validation_loss: Sequence[float] | None = None
    validation_score: Sequence[float] | None = None
    loss_name: str = "loss"
    score_name: str = "score"
    has_penalty: bool = False

    @property
    def best_epoch(self) -> int:
        """The first epoch, from 1, with the best validation score; else with the least validation or training loss.

        Examples
        --------
        >>> from pellucid.plotting.loss_curve import EpochCurves
        >>> EpochCurves([0.9, 0.5, 0.4], validation_loss=[0.9, 0.6, 0.7]).best_epoch
        2
        """
        if self.validation_score is not None:
            return int(np.nan_to_num(self.validation_score, nan=-np.inf).argmax()) + 1
        losses = self.loss if self.validation_loss is None else self.validation_loss
        return int(np.nan_to_num(losses, nan=np.inf).argmin()) + 1


class LossCurve:
    """Training loss, validation loss and validation score per epoch, the best epoch marked.

    A network's training loss contains its penalties (`alpha`, `l1`), its validation loss does not: where there are
    both, the legend says so. With a strong penalty the one may stay above the other while a network overfits.

    Parameters
    ----------
    curves : mapping of str to EpochCurves
        By the name of the training. One: each quantity has a colour. Several: each training has one.
    title : str

    Attributes
    ----------
    ax_ : Axes
        The axis of the losses.
    score_ax_ : Axes or None
        The axis of the validation scores, at the right; None where there are none.
    figure_ : Figure
    lines_ : dict of (str, str) to Line2D
        By the name of the training and 'loss', 'validation_loss' or 'validation_score'.
    best_ : dict of str to Line2D
        The dot at each training's best epoch, on the curve that decides which is best.

    Examples
    --------
    >>> from pellucid.plotting import LossCurve
    >>> from pellucid.plotting.loss_curve import EpochCurves
    >>> display = LossCurve({"run": EpochCurves([0.7, 0.5, 0.4])}).plot(log_scale=True)
    >>> display.lines_["run", "loss"].get_xdata().tolist()
    [1, 2, 3]
    """

    ax_: Axes
    score_ax_: Axes | None
    figure_: Figure
    lines_: dict[tuple[str, str], Line2D]
    best_: dict[str, Line2D]

    def __init__(self, curves: Mapping[str, EpochCurves], *, title: str = "Loss per epoch") -> None:
        if not curves:
            raise PellucidError("LossCurve needs at least one training; got none.")
        self.curves = dict(curves)
        empty = [name for name, each in self.curves.items() if not len(each.loss)]
        if empty:
            raise PellucidError(f"LossCurve needs at least one epoch of each training; {empty[0]!r} has none.")
        self.title = title

    @classmethod
    def from_estimator(cls, estimator: Any, *, log_scale: bool | None = None, ax: Axes | None = None) -> Self:
        """Draw the training of one fitted multi-layer perceptron.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor or a pipeline that ends with one
        log_scale, ax
            As of `plot`.

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.
        PellucidError
            If it kept no loss per epoch, as with ``solver='lbfgs'``.
        """
        name = name_of(estimator)
        return cls({name: _curves_of(estimator)}, title=f"Training of {name}").plot(log_scale=log_scale, ax=ax)

    @classmethod
    def from_estimators(
        cls, estimators: Mapping[str, Any], *, log_scale: bool | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw several trainings over each other.

        Parameters
        ----------
        estimators : mapping of str to fitted multi-layer perceptrons
        log_scale, ax
            As of `plot`.

        Raises
        ------
        NotFittedError, PellucidError
            As `from_estimator`.
        """
        if not isinstance(estimators, Mapping):
            raise PellucidError(
                f"'estimators' of LossCurve must be a dict of fitted estimators by name, such as "
                f"{{'first': model}}; got {type(estimators).__name__}. For one use LossCurve.from_estimator."
            )
        curves = {str(name): _curves_of(estimator) for name, estimator in estimators.items()}
        return cls(curves).plot(log_scale=log_scale, ax=ax)

    def plot(self, ax: Axes | None = None, *, log_scale: bool | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        log_scale : bool or None
            Logarithmic axis for the losses; None: where all are positive and differ a hundredfold or more.
        """
        scored = any(each.validation_score is not None for each in self.curves.values())
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(7.2, 4.6))
            self.score_ax_ = self._second_axis() if scored else None
            self.lines_, self.best_ = {}, {}
            for (name, curves), color in zip(self.curves.items(), class_colors(len(self.curves)), strict=True):
                self._draw(name, curves, color)
            self.ax_.set(title=self.title, xlabel="epoch", ylabel=self._common("loss_name", "loss"))
            losses = np.concatenate([line.get_ydata() for (_, key), line in self.lines_.items() if key in LOSS_KEYS])
            scale_losses(self.ax_, is_log=spans(losses, MUCH) if log_scale is None else log_scale)
            count_epochs(self.ax_)
            self._add_legend(grows=ax is None)
        return self

    @property
    def _alone(self) -> bool:
        return len(self.curves) == 1

    def _second_axis(self) -> Axes:
        make_room(self.ax_, right=SECOND_AXIS)
        axis = self.ax_.twinx()
        axis.grid(visible=False)
        axis.set_ylabel(f"validation {self._common('score_name', 'score')}")
        return axis

    def _common(self, field: str, otherwise: str) -> str:
        """Return what all trainings call it, else a word that is true of all."""
        names = {getattr(curves, field) for curves in self.curves.values()}
        return str(names.pop()) if len(names) == 1 else otherwise

    def _draw(self, name: str, curves: EpochCurves, color: Color) -> None:
        quantities = (
            ("loss", curves.loss, self.ax_, "-"),
            ("validation_loss", curves.validation_loss, self.ax_, "--"),
            ("validation_score", curves.validation_score, self.score_ax_, ":"),
        )
        for (quantity, values, axis, dashes), own_color in zip(quantities, class_colors(3), strict=True):
            if values is None or axis is None:
                continue
            shown = own_color if self._alone else color
            marker = "." if len(values) == 1 else ""
            epochs = np.arange(1, len(values) + 1)
            (line,) = axis.plot(epochs, values, dashes, color=shown, linewidth=2, marker=marker)
            self.lines_[name, quantity] = line
            deciding = (axis, values[curves.best_epoch - 1], shown)  # the last one drawn
        axis, best_value, shown = deciding
        (self.best_[name],) = axis.plot(curves.best_epoch, best_value, color=shown, **DOT)

    def _add_legend(self, *, grows: bool) -> None:
        """Below the axes, where no curve runs."""
        styles = {quantity: line.get_linestyle() for (_, quantity), line in self.lines_.items()}
        best = {name: curves.best_epoch for name, curves in self.curves.items()}
        if self._alone:
            handles = [(line, self._label(quantity)) for (_, quantity), line in self.lines_.items()]
            handles += [(dot, f"best epoch: {best[name]}") for name, dot in self.best_.items()]
        else:
            colors = {name: self.lines_[name, "loss"].get_color() for name in self.curves}
            shown = zip(self.curves, shortened(self.curves), strict=True)
            handles = [(_line(color=colors[name]), f"{short}, best epoch: {best[name]}") for name, short in shown]
            handles += [
                (_line(color=ink(self.ax_), linestyle=style), self._label(key)) for key, style in styles.items()
            ]
            handles += [(Line2D([], [], color=ink(self.ax_), **DOT), "best epoch")]
        lines, labels = zip(*handles, strict=True)
        columns = len(labels) if self._alone and len(labels) < 4 else 2
        legend_below(self.ax_, handles=lines, labels=labels, ncols=columns, grows=grows)

    def _label(self, quantity: str) -> str:
        if quantity == "validation_score":
            return f"validation {self._common('score_name', 'score')} (right)"
        if quantity == "validation_loss":
            return "validation loss"
        compared = any(each.has_penalty and each.validation_loss is not None for each in self.curves.values())
        return f"training loss{', with penalty' * compared}"


def spans(losses: NDArray[np.float64], much: float) -> bool:
    """Tell whether losses are all positive and the greatest is so many times the least or more."""
    known = losses[np.isfinite(losses)]
    return bool(known.size and known.min() > 0 and known.max() >= much * known.min())


def scale_losses(ax: Axes, *, is_log: bool) -> None:
    """Write losses at the vertical axis in full; on a logarithmic one at 1, 2 and 5 times each power of ten, if few."""
    if not is_log:
        ax.ticklabel_format(axis="y", useOffset=False)
        return
    ax.set_yscale("log")
    logarithmic(ax.yaxis)


def count_epochs(ax: Axes) -> None:
    """Let the horizontal axis tell whole epochs, also where there is one only."""
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    low, high = ax.dataLim.intervalx
    if low == high:
        ax.set_xlim(low - 1, high + 1)


def _line(**style: Any) -> Line2D:
    return Line2D([], [], linewidth=2, **style)


def _curves_of(estimator: Any) -> EpochCurves:
    network = network_of(estimator)
    check_is_fitted(network)
    if getattr(network, "loss_curve_", None) is None:
        raise PellucidError(_why_no_curve(network))
    loss, scoring = getattr(network, "loss", None), getattr(network, "scoring", None)
    return EpochCurves(
        loss=network.loss_curve_,
        validation_loss=getattr(network, "validation_loss_curve_", None),
        validation_score=None if scoring == "loss" else getattr(network, "validation_scores_", None),
        loss_name=LOSSES.get(str(getattr(loss, "name", loss)), "loss"),
        score_name=_name_of_score(network, scoring),
        has_penalty=bool(getattr(network, "alpha", 0) or getattr(network, "l1", 0)),
    )


def _name_of_score(network: Any, scoring: Any) -> str:
    if scoring is None:
        return "accuracy" if is_classifier(network) else "R²"
    return scoring.replace("_", " ") if isinstance(scoring, str) else "score"


def _why_no_curve(network: Any) -> str:
    name = type(network).__name__
    solver = getattr(network, "solver", None)
    if hasattr(network, "coefs_") and getattr(solver, "name", solver) == "lbfgs":
        return (
            f"LossCurve needs the loss of each epoch, and {name} fitted with solver='lbfgs' keeps none: L-BFGS works "
            f"on all rows at once, without epochs, and reports only its last loss, loss_. "
            f"Fit with solver='adam' or 'sgd'."
        )
    return f"'estimator' of LossCurve must be a multi-layer perceptron with a loss_curve_; got {name}."
