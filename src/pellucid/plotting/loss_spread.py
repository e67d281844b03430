"""Loss per epoch of many networks: their mean, and how far they differ."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import PellucidError
from pellucid.plotting.fitted import name_of
from pellucid.plotting.loss_curve import DOT, count_epochs, scale_losses, spans
from pellucid.plotting.style import axes_for, class_colors, legend_below, whitegrid

__all__ = ["LossSpread"]


MUCH = 5.0
"""Greatest mean loss over the least, from which on a logarithmic axis shows more."""


class LossSpread:
    """Training and validation loss of an ensemble's networks: mean, and from least to most.

    Where networks have different numbers of epochs, the mean is that of the networks that were still trained.

    Parameters
    ----------
    loss, validation_loss : sequence of sequences of float
        One a network, one number an epoch.
    loss_name : str
    best_epochs : sequence of int
        Of each network, from 1: the epoch whose parameters it keeps; 0: not known. They are marked on its curve.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    lines_ : dict of str to Line2D
        'loss' and 'validation_loss': the means.
    best_ : Line2D or None
        The dots at the best epochs.

    Examples
    --------
    >>> from pellucid.plotting import LossSpread
    >>> display = LossSpread([[3.0, 1.0], [5.0, 2.0]], [[4.0, 3.0], [4.0, 5.0]]).plot()
    >>> display.lines_["loss"].get_ydata().tolist()
    [4.0, 1.5]
    """

    ax_: Axes
    figure_: Figure
    lines_: dict[str, Line2D]
    best_: Line2D | None

    def __init__(
        self,
        loss: Sequence[Sequence[float]],
        validation_loss: Sequence[Sequence[float]],
        *,
        loss_name: str = "loss",
        best_epochs: Sequence[int] = (),
    ) -> None:
        self.curves = {"loss": _table(loss), "validation_loss": _table(validation_loss)}
        self.loss_name, self.best_epochs = loss_name, list(best_epochs)
        if not self.curves["loss"].size:
            raise PellucidError("LossSpread needs at least one network with at least one epoch; got none.")

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, loss_name: str = "loss", log_scale: bool | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw the training of a fitted ensemble.

        Parameters
        ----------
        estimator : TabularClassifier or TabularRegressor
        loss_name : str
        log_scale, ax
            As of `plot`.

        Raises
        ------
        NotFittedError
            If it has not been fitted.
        PellucidError
            If it is no such ensemble.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "bag_"):
            raise PellucidError(
                f"'estimator' of LossSpread must be a TabularClassifier or TabularRegressor; got {name_of(estimator)}. "
                f"For one network use LossCurve."
            )
        networks = estimator.bag_.networks
        curves = ([each.loss for each in networks], [each.validation_loss for each in networks])
        best = [each.best_epoch for each in networks]
        return cls(*curves, loss_name=loss_name, best_epochs=best).plot(ax, log_scale=log_scale)

    def plot(self, ax: Axes | None = None, *, log_scale: bool | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        log_scale : bool or None
            Logarithmic axis for the losses; None: where all are positive and their means differ fivefold or more.
        """
        labels = {"loss": "training", "validation_loss": "validation"}
        self.lines_, self.best_ = {}, None
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(7.2, 4.6))
            for (name, values), color in zip(self.curves.items(), class_colors(2), strict=True):
                if not np.isfinite(values).any():
                    continue
                epochs, least, mean, most = _spread(values)
                marker = "." if len(epochs) == 1 else ""
                (line,) = self.ax_.plot(epochs, mean, color=color, linewidth=2, marker=marker, label=labels[name])
                self.lines_[name] = line
                if len(values) > 1:
                    self.ax_.fill_between(epochs, least, most, color=color, alpha=0.2, linewidth=0)
            self._mark_best()
            means = np.concatenate([line.get_ydata() for line in self.lines_.values()])
            are_positive = all(np.nanmin(values, initial=1.0) > 0 for values in self.curves.values())
            is_log = are_positive and spans(means, MUCH)
            scale_losses(self.ax_, is_log=is_log if log_scale is None else log_scale)
            count = len(self.curves["loss"])
            title = f"Loss of {count} networks: mean, least to most" if count > 1 else "Loss per epoch"
            self.ax_.set(title=title, xlabel="epoch", ylabel=self.loss_name)
            count_epochs(self.ax_)
            legend_below(self.ax_, ncols=3)
        return self

    def _mark_best(self) -> None:
        """Draw a dot at each network's best epoch, on its own curve."""
        name = "validation_loss" if "validation_loss" in self.lines_ else "loss"
        places = [(best, self.curves[name][index, best - 1]) for index, best in enumerate(self.best_epochs) if best]
        if not places:
            return
        alone = len(self.best_epochs) == 1
        style = DOT | {"markersize": 9 if alone else 6, "color": self.lines_[name].get_color()}
        label = f"best epoch: {self.best_epochs[0]}" if alone else "best epoch of each network"
        (self.best_,) = self.ax_.plot(*zip(*places, strict=True), **style, label=label)


def _table(curves: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Return one row a network; NaN where its training had ended, or its loss was not finite."""
    longest = max((len(curve) for curve in curves), default=0)
    table = np.full((len(curves), longest), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    table[~np.isfinite(table)] = np.nan
    return table


def _spread(values: NDArray[np.float64]) -> tuple[Any, ...]:
    """Return the epochs with a number, and the least, the mean and the most of each."""
    known = np.isfinite(values).any(axis=0)
    values = values[:, known]
    return np.flatnonzero(known) + 1, np.nanmin(values, axis=0), np.nanmean(values, axis=0), np.nanmax(values, axis=0)
