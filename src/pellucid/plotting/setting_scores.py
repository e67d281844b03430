"""Score against each setting of a sweep: what it is on average, and what the best of the others make of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pellucid.errors import DataError
from pellucid.plotting.style import DARK, as_number, class_colors, literal, name_score, shortened, whitegrid

__all__ = ["SettingScores"]

COLUMNS = 3
LONGEST_VALUE = 14
MOST_LABELS = 12
"""Of more values of a setting only every second, third … is written."""


class SettingScores:
    """One picture for each setting: scores of all trainings, the mean, and the best combination with each value.

    Parameters
    ----------
    settings : mapping of str to sequence of str
        For each setting its value in every training. Numbers are drawn by their size, other values as they come.
    scores : array-like of shape (trainings,)
        Higher is better; NaN: no score.
    combinations : array-like of int of shape (trainings,) or None
        Trainings of one number differ in fold and seed only; None: in the order of the settings' values.
    score_name : str

    Attributes
    ----------
    axes_, figure_ : array of Axes, Figure

    Examples
    --------
    >>> from pellucid.plotting import SettingScores
    >>> settings = {"alpha": ["0.1", "0.1", "1", "1"], "activation": ["relu", "tanh", "relu", "tanh"]}
    >>> display = SettingScores(settings, [0.8, 0.9, 0.5, 0.6]).plot()
    >>> [ax.get_xlabel() for ax in display.axes_]
    ['alpha', 'activation']
    """

    axes_: Sequence[Axes]
    figure_: Figure

    def __init__(
        self,
        settings: Mapping[str, Sequence[str]],
        scores: ArrayLike,
        combinations: ArrayLike | None = None,
        *,
        score_name: str = "score",
    ) -> None:
        self.settings = {name: [str(value) for value in values] for name, values in settings.items()}
        self.scores = np.asarray(scores, dtype=float)
        lengths = {len(values) for values in self.settings.values()}
        if not self.settings or lengths != {len(self.scores)} or not len(self.scores):
            raise DataError(
                "SettingScores needs one value of each setting for each score, and at least one; "
                f"got {sorted(lengths)} values and {len(self.scores)} scores."
            )
        if combinations is None:
            combinations = np.unique(list(zip(*self.settings.values(), strict=True)), axis=0, return_inverse=True)[1]
        self.combinations = np.asarray(combinations).reshape(-1)
        self.score_name = score_name

    def plot(self) -> Self:
        """Draw into a new figure."""
        import matplotlib.pyplot as plt  # noqa: PLC0415 - chooses a backend

        columns = min(COLUMNS, len(self.settings))
        rows = -(-len(self.settings) // columns)
        with whitegrid():
            self.figure_, grid = plt.subplots(
                rows,
                columns,
                figsize=(4.4 * columns, 3.9 * rows + 0.4),
                sharey=True,
                squeeze=False,
                layout="constrained",
            )
            axes = grid.ravel()
            for ax, (name, values) in zip(axes, self.settings.items(), strict=False):
                self._draw(ax, name, values)
            for ax in axes[len(self.settings) :]:
                ax.set_visible(False)
            for ax in grid[:, 0]:
                name_score(ax.yaxis, self.score_name)
            self.axes_ = list(axes[: len(self.settings)])
            self._limit()
            handles, labels = self.axes_[0].get_legend_handles_labels()
            self.figure_.legend(
                handles, labels, loc="outside upper center", ncols=len(handles) if columns > 1 else 1, frameon=False
            )
        return self

    def _draw(self, ax: Axes, name: str, values: Sequence[str]) -> None:
        order = sorted(dict.fromkeys(values), key=as_number)
        given = np.asarray(values)
        blue, orange = class_colors(2)
        jitter = np.random.default_rng(0)
        means, bests, spreads = [], [], []
        for place, value in enumerate(order):
            here = given == value
            own = self.scores[here & np.isfinite(self.scores)]
            ax.scatter(
                place + jitter.uniform(-0.16, 0.16, len(own)),
                own,
                s=9,
                color="0.6",
                alpha=0.5,
                linewidths=0,
                label=None if place else "a training",
            )
            means.append(own.mean() if len(own) else np.nan)
            best = self._best(here)
            bests.append(best.mean() if len(best) else np.nan)
            spreads.append(best.std() if len(best) > 1 else np.nan)
        places = np.arange(len(order))
        ax.plot(places, means, color=blue, marker="o", markersize=5, label="mean of all trainings")
        ax.errorbar(
            places,
            bests,
            yerr=spreads,
            color=orange,
            marker="D",
            markersize=5,
            capsize=3,
            label="best combination" + (" ± spread over folds and seeds" if np.isfinite(spreads).any() else ""),
        )
        step = -(-len(order) // MOST_LABELS)
        labels = shortened(order, LONGEST_VALUE)[::step]
        is_long = sum(map(len, labels)) > 28
        ax.set_xticks(
            places[::step],
            labels,
            rotation=30 if is_long else 0,
            ha="right" if is_long else "center",
        )
        ax.set(xlabel=literal(name), xlim=(-0.5, len(order) - 0.5))
        ax.grid(visible=False, axis="x")
        ax.tick_params(colors=DARK)

    def _best(self, here: Any) -> Any:
        """Return the scores of the combination that is best on average, of these trainings, if it has all scores."""
        numbers = np.unique(self.combinations[here])
        groups = [self.scores[here & (self.combinations == number)] for number in numbers]
        whole = [group for group in groups if np.isfinite(group).all()]
        return max(whole, key=lambda group: float(group.mean()), default=np.empty(0))

    def _limit(self) -> None:
        """Show where most scores are; a few that are far below would flatten the rest."""
        finite = self.scores[np.isfinite(self.scores)]
        if not len(finite):
            return
        low, high = np.quantile(finite, 0.05), finite.max()
        if finite.min() < low - 2 * (high - low) < high:
            self.axes_[0].set_ylim(low - 0.3 * (high - low), high + 0.08 * (high - low))
            below = int((finite < low - 0.3 * (high - low)).sum())
            self.figure_.supxlabel(
                f"{below} score{'' if below == 1 else 's'} below the pictures", fontsize=10, color="0.4"
            )
