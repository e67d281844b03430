"""Learning curves tell whether more rows would help, capacity curves how wide the network should be."""

from collections.abc import Callable, Mapping, Sequence
from math import comb
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from sklearn.base import is_classifier
from sklearn.utils import check_random_state

from pellucid.errors import SpecError
from pellucid.plotting import GrowthCurve
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.tuning.measuring import measure, network_parameter, on_every_split, problem_of, score_name, seed_list
from pellucid.tuning.problem import last_step
from pellucid.tuning.trials import Result
from pellucid.tuning.trivial import Trivial
from pellucid.tuning.words import score_told, unfinished, useless

__all__ = ["Growth", "capacity_curve", "learning_curve"]

CHANCE = 0.02
"""How often, at most, chance alone may make a curve say that one size is better than another."""

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Growth:
    """Scores against a growing size.

    Attributes
    ----------
    frame : DataFrame
        A row for each training: size, fold, seed, score, training score and outcome.
    sizes : array
        Those at which a training has a score.
    train_scores, scores : arrays of shape (sizes, folds · seeds)
    best : int
        The size with the best mean score.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        what: str,
        title: str,
        score_name: str,
        words: Callable[["Growth"], str],
        trivial: Trivial,
    ) -> None:
        self.frame, self._what, self._title, self.score_name, self._words = frame, what, title, score_name, words
        self._trivial = trivial
        known = frame.groupby("size")["score"].transform("count") > 0
        self._failed = sorted(set(frame.loc[~known, "size"]))
        groups: Any = frame[known].groupby("size")
        self.sizes: Array = np.array(sorted(groups.groups))
        self.train_scores, self.scores = (_table(groups, name) for name in ("train_score", "score"))
        self.best = int(self.sizes[np.nanmean(self.scores, axis=1).argmax()])

    def __str__(self) -> str:
        failed = ", ".join(f"{size:,}" for size in self._failed)
        told = [
            self._words(self),
            self.useless or self.unfinished,
            f"All trainings of {failed} {self._what} failed." if failed else "",
        ]
        return " ".join(filter(None, told))

    @property
    def unfinished(self) -> str:
        """A sentence, where most trainings were ended by the number of their epochs; else empty."""
        return unfinished(self.frame)

    @property
    def useless(self) -> str:
        """A sentence, where no network, of the most rows, does better than what knows nothing of X; else empty."""
        means = np.nanmean(self.scores, axis=1)
        what, score = "network", means.max()
        if self._what == "rows":
            what, score = f"network of {self.sizes[-1]:,} rows", means[-1]
        return useless(self._trivial, what, float(score), self.score_name)

    def plot(self, ax: Any = None) -> GrowthCurve:
        """Draw training and validation score against the size.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure.
        """
        is_width = self._what != "rows"
        return GrowthCurve(
            self.sizes,
            self.train_scores,
            self.scores,
            xlabel=self._what,
            title=self._title,
            score_name=self.score_name,
            marked=self.best if is_width else None,
            mark=f"best: {self.best}",
        ).plot(ax)


def _table(groups: Any, name: str) -> Array:
    rows = [group[name].to_numpy(dtype=float) for _, group in groups]
    longest = max(map(len, rows))
    return np.array([[*row, *[np.nan] * (longest - len(row))] for row in rows])


def learning_curve(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    sizes: Sequence[float] = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0),
    cv: Any = 5,
    seeds: int | Sequence[int] = 1,
    scoring: Any = None,
    fit_params: Mapping[str, Any] | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Growth:
    """Score networks that learn from more and more of the rows, all trained together.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline that ends in one
    X, y : arrays
    sizes : sequence of float or int
        Shares of each fold's training rows, in (0, 1], or numbers of rows, from 2 on. The rows are drawn at random, the
        larger set holding the smaller; of each class at least one.
    cv, seeds, scoring, fit_params, n_jobs, progress
        As in `sweep`.

    Returns
    -------
    Growth
        ``print`` says whether more rows would help; ``plot()`` draws it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> from pellucid.tuning import learning_curve
    >>> X, y = make_moons(300, noise=0.2, random_state=0)
    >>> model = MLPClassifier((8,), solver="lbfgs", alpha=1, max_iter=60)
    >>> curve = learning_curve(model, X, y, sizes=[12, 60, 1.0], cv=3)
    >>> curve.sizes.tolist(), bool(curve.scores[-1].mean() > curve.scores[0].mean())
    ([12, 60, 200], True)
    """
    seed = network_parameter(estimator, "random_state", "learning_curve")
    problem = problem_of("learning_curve", estimator, X, y, cv=cv, scoring=scoring, fit_params=fit_params)
    trivial = Trivial.of(problem)
    splits: list[tuple[Array, Array]] = []
    drawn: list[tuple[int, int]] = []  # of each split the rows and the fold
    for fold, (train, test) in enumerate(problem.splits):
        order = _spread(train, np.asarray(problem.y)[train] if is_classifier(estimator) else None, fold)
        for count in _counts(sizes, min(len(each) for each, _ in problem.splits)):
            splits.append((order[:count], test))
            drawn.append((count, fold))
    problem.splits = splits
    trials = on_every_split([{seed: each} for each in seed_list(seeds, "learning_curve")], problem)
    results = measure("learning_curve", problem, trials, n_jobs=n_jobs, progress=progress)
    frame = _frame(results, lambda result: drawn[result.trial.split], seed)
    return Growth(frame, "rows", "Score against training rows", score_name(scoring, estimator), _more_rows, trivial)


def _counts(sizes: Sequence[float], rows: int) -> list[int]:
    """Return numbers of rows, rising."""
    counts = set()
    for size in sizes if isinstance(sizes, Sequence | np.ndarray) and len(sizes) else [np.nan]:
        is_number = isinstance(size, Real) and not isinstance(size, bool)
        is_share = is_number and 0 < size <= 1  # one row alone is nothing to learn from: 1 is all of them
        is_count = is_number and isinstance(size, Integral) and 2 <= size <= rows
        if not is_share and not is_count:
            raise SpecError(
                f"'sizes' of learning_curve must be a list of shares in (0, 1] or numbers of rows from 2 to {rows}; "
                f"got {shown(sizes)}."
            )
        counts.add(max(2, round(size * rows)) if is_share else int(size))
    return sorted(counts)


def _spread(rows: Array, classes: Array | None, seed: int) -> Array:
    """Return rows in random order; of classes, each of the first rows is of another class."""
    order: Array = check_random_state(seed).permutation(rows)
    if classes is None or classes.ndim > 1:
        return order
    own = classes[np.argsort(rows)][np.searchsorted(np.sort(rows), order)]
    firsts = np.unique(own, return_index=True)[1]
    rest = np.setdiff1d(np.arange(len(order)), firsts)
    return order[np.concatenate([np.sort(firsts), rest])]


class _Change(NamedTuple):
    """By how much scores differ between two sizes.

    Attributes
    ----------
    mean, error : float
        Over the folds, and its standard error; NaN where one fold tells nothing of chance.
    folds : int
        Those in which both sizes have a score of the same seed.
    """

    mean: float
    error: float
    folds: int

    @classmethod
    def between(cls, growth: Growth, smaller: int, larger: int) -> "_Change":
        scores = growth.frame.pivot_table(index=["fold", "seed"], columns="size", values="score")
        changes: Any = (scores[larger] - scores[smaller]).dropna().groupby("fold").mean()
        return cls(float(changes.mean()), float(changes.sem()), len(changes))

    def is_clear(self, comparisons: int = 1) -> bool:
        """Tell whether it is a gain beyond chance, by Student's t; of several comparisons chance may be in any."""
        return self.folds > 1 and bool(self.mean > stdtrit(self.folds - 1, 1 - CHANCE / comparisons) * self.error)


def _more_rows(growth: Growth) -> str:
    if len(growth.sizes) < 2:
        return "One size says nothing about more rows."
    before, now = growth.sizes[-2:]
    change = _Change.between(growth, before, now)
    if not change.folds:
        return f"The scores of {before:,} and {now:,} rows have no fold in common to compare."
    name, sign = score_told(growth.score_name)
    error = f" ± {change.error:.4f}" if change.folds > 1 else ""
    step = f"from {before:,} to {now:,} rows {name} changes by {sign * change.mean:+.4f}{error}"
    open_yet = "Whether more rows would help is not known"
    if growth.useless:
        return f"{open_yet} before networks learn something: {step}."
    if unfinished(growth.frame[growth.frame["size"].isin([before, now])]):
        return f"{open_yet} before trainings end by themselves: {step}, but more rows are more steps, too."
    return _by_rows(growth, change, step) if change.folds > 1 else f"{open_yet} of one fold: {step}. Give 'cv' more."


def _by_rows(growth: Growth, change: _Change, step: str) -> str:
    """Say whether more rows would help, where trainings and folds can tell."""
    gap = float(np.nanmean(growth.train_scores[-1]) - np.nanmean(growth.scores[-1]))
    if change.is_clear():
        _, sign = score_told(growth.score_name)
        return f"More rows would help: {step}; that of training rows differs by {sign * gap:+.4f}."
    if gap > 2 * change.error and gap > 0.01:
        return (
            f"More rows may help little: {step}, but training rows still score {gap:.4f} better: "
            "a larger alpha, dropout or a narrower network may help, too."
        )
    if change.mean > 2 * change.error:
        return f"More rows may help: {step}, which may be chance."
    larger = "" if growth.unfinished else " A larger network may."
    return f"More rows would not help: {step}, and training rows score as validation rows.{larger}"


def capacity_curve(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    widths: Sequence[int] = WIDTHS,
    layers: int | None = None,
    cv: Any = 5,
    seeds: int | Sequence[int] = 1,
    scoring: Any = None,
    fit_params: Mapping[str, Any] | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Growth:
    """Score networks of growing width, all trained together.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline that ends in one
    X, y : arrays
    widths : sequence of int
        Neurons of each hidden layer.
    layers : int or None
        Hidden layers; None: as many as the estimator has.
    cv, seeds, scoring, fit_params, n_jobs, progress
        As in `sweep`.

    Returns
    -------
    Growth
        ``print`` says which width is best and from which on it is too much; ``plot()`` draws it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> from pellucid.tuning import capacity_curve
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> curve = capacity_curve(MLPClassifier(solver="lbfgs", max_iter=100), X, y, widths=[1, 4, 16], cv=3, seeds=2)
    >>> curve.scores.shape, curve.best > 1
    ((3, 6), True)
    """
    seed = network_parameter(estimator, "random_state", "capacity_curve")
    sizes = network_parameter(estimator, "hidden_layer_sizes", "capacity_curve")
    is_list = isinstance(widths, Sequence | np.ndarray) and len(widths) > 0
    if not is_list or not all(isinstance(w, Integral) and not isinstance(w, bool) and w >= 1 for w in widths):
        raise SpecError(f"'widths' of capacity_curve must be a list of integers of at least 1; got {shown(widths)}.")
    if layers is None:
        layers = max(1, np.size(last_step(estimator).hidden_layer_sizes))
    elif not isinstance(layers, Integral) or isinstance(layers, bool) or layers < 1:
        raise SpecError(f"'layers' of capacity_curve must be at least 1 (or None); got {shown(layers)}.")
    problem = problem_of("capacity_curve", estimator, X, y, cv=cv, scoring=scoring, fit_params=fit_params)
    settings = [
        {sizes: (int(width),) * layers, seed: each}
        for width in sorted(set(widths))
        for each in seed_list(seeds, "capacity_curve")
    ]
    results = measure("capacity_curve", problem, on_every_split(settings, problem), n_jobs=n_jobs, progress=progress)
    frame = _frame(results, lambda result: (result.trial.parameters[sizes][0], result.trial.split), seed)
    what = "neurons" if layers == 1 else f"neurons in each of {layers} hidden layers"
    name = score_name(scoring, estimator)
    return Growth(frame, what, "Score against width", name, _right_width, Trivial.of(problem))


def _right_width(growth: Growth) -> str:
    means = np.array([np.nanmean(row) for row in growth.scores])
    errors = pd.DataFrame(growth.scores).sem(axis=1).to_numpy()
    place = int(np.flatnonzero(growth.sizes == growth.best)[0])
    has_error = bool(np.isfinite(errors[place]))
    enough = int(growth.sizes[np.flatnonzero(means >= means[place] - np.nan_to_num(errors[place]))[0]])
    name, sign = score_told(growth.score_name)
    error = f" ± {errors[place]:.4f}" if has_error else " (of one training)"
    lower = " (lower is better)" if sign < 0 else ""
    said = f"Best width: {growth.best}, with {name} {sign * means[place]:.4f}{error}{lower}."
    if enough < growth.best:
        said += f" {enough} is within that error."
    pairs = comb(len(growth.sizes), 2)  # the best is one of all: chance may choose it, too
    fits = np.nanmean(growth.train_scores, axis=1)
    too_much = [
        int(size)
        for size, fit, fit_error in zip(growth.sizes, fits, np.nan_to_num(errors), strict=True)
        if size > growth.best
        and fit >= fits[place] - fit_error
        and _Change.between(growth, size, growth.best).is_clear(pairs)
    ]
    if too_much:
        said += f" From {too_much[0]} on it is too much: training rows fit no worse, validation rows do."
    return said


def _frame(results: Sequence[Result], size_and_fold: Callable[[Result], tuple[int, int]], seed: str) -> pd.DataFrame:
    rows = []
    for result in results:
        size, fold = size_and_fold(result)
        rows.append(
            {
                "size": size,
                "fold": fold,
                "seed": result.trial.parameters[seed],
                "score": np.nan if result.error else float(result.score),
                "train_score": np.nan if result.error else float(result.train_score),
                "outcome": "" if result.outcome is None else result.outcome.name,
            }
        )
    return pd.DataFrame(rows)
