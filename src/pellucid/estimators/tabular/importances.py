"""Importance of columns, by permutation: how much worse out-of-fold predictions become when a column is shuffled."""

from time import perf_counter
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.estimators.progress import ProgressBar
from pellucid.estimators.tabular.bag import Bag
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows

__all__ = ["permutation_importances"]

SHARES = ("accuracy", "roc_auc")
"""Scorings that are 1 less the loss; the others are the loss's negative."""


def permutation_importances(
    estimator: Any,
    X: Array | CodedRows,
    Y: Array,
    weight: Array | None,
    *,
    repeats: int,
    max_rows: int | None = None,
    progress: bool = False,
) -> tuple[Array, Array]:
    """Shuffle each column's inputs among the validation rows of each fold, and see how much the score falls.

    Parameters
    ----------
    estimator : TabularClassifier or TabularRegressor
        Fitted.
    X : array or CodedRows of shape (rows, inputs)
        All rows learned from, encoded.
    Y : array
        Their targets.
    weight : array of shape (rows,) or None
    repeats : int
    max_rows : int or None
        Most rows to predict.
    progress : bool

    Returns
    -------
    mean, deviation : arrays of shape (columns,)
        Over the repeats, in units of the scoring.

    Raises
    ------
    DataError
        If these are not the rows learned from.
    """
    for name, value, low in (("repeats", repeats, 1), ("max_rows", max_rows, 2)):
        if value is not None and (not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low):
            raise DataError(f"{name!r} of compute_importances must be a whole number of at least {low}; got {value!r}.")
    bag, rows = _known_rows(estimator, X)
    random = np.random.default_rng(check_random_state(estimator.random_state).randint(2**31 - 1))
    judge = _Judge(estimator, bag, X, Y, weight)
    score = float(estimator._scoring() in SHARES) - judge.loss(rows)
    if not np.isclose(score, estimator.oof_score_, rtol=1e-3, atol=1e-6):
        raise DataError(
            f"X and y must be the table that was learned from: its out-of-fold score is {estimator.oof_score_:.6g}, "
            f"that of these rows is {score:.6g}. Give what was given to fit, with its weights."
        )
    if max_rows is not None and max_rows < len(rows):
        rows = np.sort(random.choice(rows, max_rows, replace=False))
    sources = np.array(estimator.encoder_.inputs.sources, dtype=object)
    columns = [np.flatnonzero(sources == name) for name in estimator._columns]
    losses = _shuffled_losses(judge, rows, columns, repeats, random, progress) - judge.loss(rows)
    return losses.mean(axis=1), losses.std(axis=1)


def _known_rows(estimator: Any, X: Array | CodedRows) -> tuple[Bag, Array]:
    bag: Bag = estimator.bag_
    if bag.fold_of is None:
        raise DataError(
            "Which rows each network saw is not kept in model files, nor after partial_fit. Compute importances after "
            "fit, then save."
        )
    if len(bag.fold_of) != len(X):
        raise DataError(f"X must be the table that was learned from, of {len(bag.fold_of)} rows; it has {len(X)}.")
    if not len(estimator._oof_rows):
        raise DataError("Importances need rows that a network did not see; this fit had none. Give it more rows.")
    return bag, estimator._oof_rows


def _shuffled_losses(
    judge: "_Judge", rows: Array, columns: list[Array], repeats: int, random: np.random.Generator, progress: bool
) -> Array:
    """Loss after each column was shuffled, of shape (columns, repeats); of one without inputs the loss as it is."""
    losses = np.full((len(columns), repeats), judge.loss(rows))
    used = [index for index, inputs in enumerate(columns) if len(inputs)]
    bar = ProgressBar("Importances", unit="column") if progress else None
    began = perf_counter()
    if bar is not None:
        bar.on_fit_begin(None)
    try:
        for done, index in enumerate(used, start=1):
            for repeat in range(repeats):
                losses[index, repeat] = judge.loss(rows, index, columns[index], random)
            if bar is not None:
                bar.advance(None, done, len(used), perf_counter() - began)
    finally:
        if bar is not None:
            bar.on_fit_end(None)
    return losses


class _Judge:
    """Out-of-fold predictions of some rows, and their loss."""

    def __init__(self, estimator: Any, bag: Bag, X: Array | CodedRows, Y: Array, weight: Array | None) -> None:
        self.estimator, self.bag, self.X, self.Y, self.weight = estimator, bag, X, Y, weight
        self.engine = get_engine(estimator.engine, estimator.n_threads)

    def loss(
        self,
        rows: Array,
        column: int | None = None,
        inputs: Array | None = None,
        random: np.random.Generator | None = None,
    ) -> float:
        """Return the scoring's loss; with a column and its inputs, those are shuffled among the rows of a fold."""
        folds = self.bag.fold_of[rows]  # type: ignore[index]
        raw = np.zeros((len(rows), self.bag.networks[0].network.outputs))
        moved = np.zeros_like(raw)
        for fold in np.unique(folds):
            places = np.flatnonzero(folds == fold)
            X = self.X[rows[places]]
            if column is not None and inputs is not None and random is not None:
                order = random.permutation(len(X))
                X[:, inputs] = X[np.ix_(order, inputs)]
                moved[places] = self.estimator._moved(column, rows[places[order]], rows[places])
            X = self.estimator._held_time.hold_in_fold(X, int(fold))
            for each in self.bag.of_folds:
                if each.fold == fold and self.bag.weights[each.member]:
                    raw[places] += self.bag.weights[each.member] * each.predict(self.engine, X)
        moved -= self.estimator._known_too_early(rows)
        weight = None if self.weight is None else self.weight[rows]
        return float(self.estimator._scoring_loss(self.estimator._finished(raw) + moved, self.Y[rows], weight))
