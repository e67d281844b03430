"""A search: the best score so far, and the scores against each parameter."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from pellucid.errors import DataError
from pellucid.plotting.style import as_number, class_colors, literal, name_score, shortened, whitegrid

__all__ = ["SearchHistory"]

COLUMNS = 3
LONGEST_VALUE = 14


class SearchHistory:
    """One picture of the trials in order, and one for each parameter.

    Parameters
    ----------
    scores : array-like of shape (trials,)
        Higher is better; NaN: the trial failed.
    is_pruned : sequence of bool
        Trials that were stopped early, drawn light.
    parameters : mapping of str to sequence
        For each parameter the trials' values: numbers or texts.
    logs : sequence of str
        Parameters with a logarithmic axis.
    score_name : str
    numbers : sequence of int or None
        Of the trials, ascending; None: from 1 on.

    Attributes
    ----------
    axes_, figure_ : list of Axes, Figure

    Examples
    --------
    >>> from pellucid.plotting import SearchHistory
    >>> display = SearchHistory([0.5, 0.9, 0.7], [False] * 3, {"alpha": [0.1, 0.2, 0.4]}, logs=["alpha"]).plot()
    >>> display.axes_[0].lines[0].get_ydata().tolist(), display.axes_[1].get_xscale()
    ([0.5, 0.9, 0.9], 'log')
    """

    axes_: list[Axes]
    figure_: Figure

    def __init__(
        self,
        scores: ArrayLike,
        is_pruned: Sequence[bool],
        parameters: Mapping[str, Sequence[Any]],
        *,
        logs: Sequence[str] = (),
        score_name: str = "score",
        numbers: Sequence[int] | None = None,
    ) -> None:
        self.scores, self.is_pruned = np.asarray(scores, dtype=float), np.asarray(is_pruned, dtype=bool)
        self.parameters, self.logs, self.score_name = dict(parameters), set(logs), score_name
        self.numbers = np.arange(1, len(self.scores) + 1) if numbers is None else np.asarray(numbers)
        lengths = {len(self.is_pruned), len(self.numbers), *(len(values) for values in self.parameters.values())}
        if lengths != {len(self.scores)} or not np.isfinite(self.scores).any():
            raise DataError(
                "SearchHistory needs for each trial a score, whether it was pruned, and its parameters, and one score "
                f"at least; got {len(self.scores)} scores."
            )

    def plot(self) -> Self:
        """Draw into a new figure."""
        import matplotlib.pyplot as plt  # noqa: PLC0415 - chooses a backend

        count = 1 + len(self.parameters)
        columns = min(COLUMNS, count)
        rows = -(-count // columns)
        with whitegrid():
            self.figure_, grid = plt.subplots(
                rows, columns, figsize=(4.4 * columns, 3.5 * rows), sharey=True, squeeze=False, layout="constrained"
            )
            axes = list(grid.ravel())
            self._draw_history(axes[0])
            for ax, (name, values) in zip(axes[1:], self.parameters.items(), strict=False):
                self._draw_parameter(ax, name, values)
            for ax in axes[count:]:
                ax.set_visible(False)
            for ax in grid[:, 0]:
                name_score(ax.yaxis, self.score_name)
            self._limit(axes[0])
            handles, labels = axes[0].get_legend_handles_labels()
            self.figure_.legend(handles, labels, loc="outside upper center", ncols=len(handles), frameon=False)
        self.axes_ = axes[:count]
        return self

    def _draw_history(self, ax: Axes) -> None:
        whole = np.where(np.isfinite(self.scores) & ~self.is_pruned, self.scores, -np.inf)
        best = np.maximum.accumulate(whole)
        blue, orange = class_colors(2)
        known = np.isfinite(best)
        ax.plot(self.numbers[known], best[known], color=orange, drawstyle="steps-post", label="best so far")
        self._scatter(ax, self.numbers, blue)
        ax.set(xlabel="trial")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))

    def _scatter(self, ax: Axes, places: Any, color: Any) -> None:
        for chosen, alpha, label in ((~self.is_pruned, 0.8, "whole trials"), (self.is_pruned, 0.25, "pruned")):
            if chosen.any():
                ax.scatter(np.asarray(places)[chosen], self.scores[chosen], s=16, color=color, alpha=alpha, label=label)

    def _draw_parameter(self, ax: Axes, name: str, values: Sequence[Any]) -> None:
        color = class_colors(1)[0]
        if any(isinstance(value, str) for value in values):
            order = sorted(set(map(str, values)), key=lambda text: (as_number(text), text))
            place = {value: index for index, value in enumerate(order)}
            jitter = np.random.default_rng(0).uniform(-0.15, 0.15, len(values))
            self._scatter(ax, np.array([place[str(value)] for value in values]) + jitter, color)
            labels = shortened(order, LONGEST_VALUE)
            is_long = sum(map(len, labels)) > 24
            ax.set_xticks(range(len(order)), labels, rotation=40 if is_long else 0)
            ax.set_xlim(-0.5, len(order) - 0.5)
            ax.grid(visible=False, axis="x")
        else:
            self._scatter(ax, values, color)
            if name in self.logs:
                ax.set_xscale("log")
                known = np.asarray(values, dtype=float)
                is_narrow = known.max() < 100 * known.min()
                ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if is_narrow else (1,)))
                ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(xlabel=literal(name))

    def _limit(self, ax: Axes) -> None:
        """Show where most scores are."""
        finite = self.scores[np.isfinite(self.scores)]
        low, high = float(np.quantile(finite, 0.1)), float(finite.max())
        if finite.min() < low - 2 * (high - low) < high:
            ax.set_ylim(low - 0.5 * (high - low), high + 0.08 * (high - low))
