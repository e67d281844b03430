"""Loss against learning rate: where training learns, and where it breaks."""

from typing import Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError
from pellucid.plotting.style import axes_for, class_colors, whitegrid

__all__ = ["RateRange"]


class RateRange:
    """Loss after a short training at each learning rate.

    Parameters
    ----------
    rates : array-like of shape (rates,)
        Rising.
    losses : array-like of shape (rates, trainings)
        NaN or infinity: training diverged.
    suggestion : float or None
        A rate to be marked.
    start : float or None
        Loss before training.
    epochs : int or None
    is_constant : array-like of bool of shape (rates,) or None
        Rates whose networks have one answer for all rows.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure

    Examples
    --------
    >>> from pellucid.plotting import RateRange
    >>> display = RateRange([0.001, 0.01, 0.1], [[0.7], [0.3], [float("nan")]], suggestion=0.01).plot()
    >>> display.ax_.get_xscale()
    'log'
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        rates: ArrayLike,
        losses: ArrayLike,
        *,
        suggestion: float | None = None,
        start: float | None = None,
        epochs: int | None = None,
        is_constant: ArrayLike | None = None,
    ) -> None:
        self.rates, self.losses = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
        if self.losses.ndim != 2 or len(self.losses) != len(self.rates) or not self.losses.size:
            raise DataError(
                "RateRange needs losses of shape (rates, trainings), at least one; "
                f"got {self.losses.shape} for {len(self.rates)} rates."
            )
        self.suggestion, self.start, self.epochs = suggestion, start, epochs
        self.is_constant = np.zeros(len(self.rates), bool) if is_constant is None else np.asarray(is_constant, bool)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the losses; where training diverged the ground is grey.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        blue, orange = class_colors(2)
        losses = np.where(np.isfinite(self.losses), self.losses, np.nan)
        known = np.isfinite(losses).all(axis=1)
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=(7.2, 4.6))
            rates, shown = self.rates[known], losses[known]
            if len(rates):
                middle = np.median(shown, axis=1)
                low, top = self._limits(middle)
                if shown.max() > top:
                    self.ax_.set_ylim(low - 0.08 * (top - low), top)
                    shown, middle = (np.minimum(each, top + 10 * (top - low)) for each in (shown, middle))
                self.ax_.fill_between(rates, shown.min(axis=1), shown.max(axis=1), color=blue, alpha=0.2, linewidth=0)
                self.ax_.plot(rates, middle, color=blue, marker=".", label="loss: median, least to most")
                same = self.is_constant[known]
                if same.any():
                    self.ax_.plot(rates[same], middle[same], "X", color="0.3", label="one answer for all rows")
            self.ax_.set_xscale("log")
            self.ax_.set_xlim(self.rates[0], self.rates[-1])
            if not known.all():
                first = int(np.flatnonzero(~known)[0])
                edge = self.rates[0] if first == 0 else float(np.sqrt(self.rates[first - 1] * self.rates[first]))
                self.ax_.axvspan(edge, self.rates[-1], color="0.85", zorder=0, label="diverged")
            if self.start is not None:
                self.ax_.axhline(self.start, color="0.5", linestyle=":", linewidth=1.2, label="before training")
            if self.suggestion is not None:
                self.ax_.axvline(self.suggestion, color=orange, linewidth=2, label=f"suggested: {self.suggestion:.2g}")
            after = "" if self.epochs is None else f" after {self.epochs} epoch{'' if self.epochs == 1 else 's'}"
            self.ax_.set(xlabel="learning rate", ylabel=f"training loss{after}", title="Learning rate range test")
            self.ax_.legend()
        return self

    def _limits(self, middle: NDArray[np.float64]) -> tuple[float, float]:
        """Return the least loss, and one somewhat above the start: what explodes leaves the picture."""
        start = float(middle[0]) if self.start is None else self.start
        low = float(middle.min())
        return low, start + 0.6 * max(start - low, 1e-12)
