"""Loss per epoch of many networks: their mean, and how far they differ."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from pellucid.errors import PellucidError
from pellucid.plotting.fitted import name_of
from pellucid.plotting.loss_curve import use_log_scale
from pellucid.plotting.style import axes_for, class_colors, whitegrid

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

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    lines_ : dict of str to Line2D
        'loss' and 'validation_loss': the means.

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

    def __init__(
        self,
        loss: Sequence[Sequence[float]],
        validation_loss: Sequence[Sequence[float]],
        *,
        loss_name: str = "loss",
    ) -> None:
        self.curves = {"loss": _table(loss), "validation_loss": _table(validation_loss)}
        self.loss_name = loss_name
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
        return cls(*curves, loss_name=loss_name).plot(ax, log_scale=log_scale)

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
        self.lines_ = {}
        with whitegrid():
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
            if self._spans_much() if log_scale is None else log_scale:
                use_log_scale(self.ax_)
            count = len(self.curves["loss"])
            title = f"Loss of {count} networks: mean, least to most" if count > 1 else "Loss per epoch"
            self.ax_.set(title=title, xlabel="epoch", ylabel=self.loss_name)
            self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
            self.ax_.legend(loc="upper right")
        return self

    def _spans_much(self) -> bool:
        values = np.concatenate([curve[np.isfinite(curve)] for curve in self.curves.values()])
        means = np.concatenate([line.get_ydata() for line in self.lines_.values()])
        return bool(values.size and values.min() > 0 and means.max() >= MUCH * means.min())


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
