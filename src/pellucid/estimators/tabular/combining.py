"""Several fitted models as one: their networks side by side, each counting as its out-of-fold predictions say."""

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, Self

import numpy as np

from pellucid.errors import DataError
from pellucid.estimators.tabular.bag import Bag, joined, of_members
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.textbook.arrays import Array

__all__ = ["LearnedRows", "combined"]


class LearnedRows(NamedTuple):
    """What joining needs of the rows that models were fitted to.

    Parameters
    ----------
    Y, weight : array, array or None
        Targets and weights, as `Taken`.
    looked_at : array of shape (rows, inputs)
        Inputs of the bags' ``rows_looked_at``.
    """

    Y: Array
    weight: Array | None
    looked_at: Array

    @classmethod
    def of(cls, model: BaseTabular, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Take from a table what joins this model with any that was fitted to it on the same folds.

        Parameters
        ----------
        model : TabularClassifier or TabularRegressor
            It stays as it is.
        X, y, sample_weight
            What it was fitted to.

        Raises
        ------
        DataError
            If the rows do not suit the model.
        """
        problem, Y, weight = copy(model)._taken(X, y, sample_weight)  # taking a target sets attributes
        return cls(Y, weight, problem.X[model.bag_.rows_looked_at])


def combined(models: Sequence[BaseTabular], rows: LearnedRows, *, most: int = 8) -> tuple[BaseTabular, list[int]]:
    """Join models that were fitted to the same rows on the same folds, and differ in their members only.

    Parameters
    ----------
    models : sequence of TabularClassifier or of TabularRegressor
        They stay as they are.
    rows : LearnedRows
        Of any of them.
    most : int
        Members that may count, at least 1.

    Returns
    -------
    model : TabularClassifier or TabularRegressor
        Fitted; its ``members`` are those that count. Where joining makes the out-of-fold score no better than that of
        the best model, it is that one alone: weights are found before probabilities are calibrated, and by rows that
        all members predicted.
    used : list of int
        Places of the models that count.

    Raises
    ------
    DataError
        If the models' folds differ, or what they took the columns for.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from pellucid import TabularClassifier
    >>> from pellucid.estimators.tabular import Member
    >>> X, y = load_iris(return_X_y=True)
    >>> members = [Member(hidden=(16,)), Member(hidden=(8, 8), numbers="periodic")]
    >>> models = [TabularClassifier(members=[each], max_epochs=9, random_state=0).fit(X, y) for each in members]
    >>> model, used = combined(models, LearnedRows.of(models[0], X, y))
    >>> model.oof_score_ >= max(each.oof_score_ for each in models), len(model.members) == len(used)
    (True, True)
    """
    first = models[0]
    if any(not _same_folds(first.bag_, each.bag_) for each in models):
        raise DataError("Models that are joined must have the same folds: fit them to the same rows, with one seed.")
    if any(first.schema_ != each.schema_ for each in models):
        raise DataError("Models that are joined must read their columns alike: fit them by one schema, or by none.")
    if any(not _same_units(first, each) for each in models):
        raise DataError("Models that are joined must see the target alike: fit them with one scoring, and one weight.")
    scores = np.nan_to_num([each.oof_score_ for each in models], nan=-np.inf)
    best = int(np.argmax(scores))
    held = [each._held_time.latest for each in models]
    alike = [place for place, latest in enumerate(held) if np.array_equal(latest, held[best])]
    if len(alike) < len(models):  # others hold the time, or do not
        model, used = combined([models[place] for place in alike], rows, most=most)
        return model, [alike[place] for place in used]
    model = copy(first)
    bag = joined([each.bag_ for each in models])
    owner = np.repeat(np.arange(len(models)), [len(each.bag_.weights) for each in models])
    kept = np.arange(len(bag.weights))
    while True:
        model._weigh(bag, rows.Y, rows.weight)
        counting = np.argsort(-bag.weights, kind="stable")[: min(most, np.count_nonzero(bag.weights))]
        if len(counting) == len(bag.weights):
            break
        kept = kept[np.sort(counting)]
        bag = of_members(bag, np.sort(counting))
    model._take_over(bag, rows.looked_at, rows.Y, rows.weight)
    model.members = list(dict.fromkeys(member for members in bag.recipes for member in members))
    if not model.oof_score_ > scores[best]:
        return copy(models[best]), [best]
    return model, sorted({int(owner[place]) for place in kept})


def _same_units(one: BaseTabular, other: BaseTabular) -> bool:
    """Tell whether what the networks predict means the same: beside the same line, centred and scaled alike."""
    lines = [getattr(each, "line_", None) for each in (one, other)]
    if (lines[0] is None) != (lines[1] is None):
        return False
    pairs = [(getattr(one, name, 0), getattr(other, name, 0)) for name in ("_centre", "_spread")]
    pairs += [(getattr(lines[0], name, 0), getattr(lines[1], name, 0)) for name in ("gains", "origins")]
    return all(np.array_equal(a, b) for a, b in pairs)


def _same_folds(one: Bag, other: Bag) -> bool:
    if one.fold_of is None or other.fold_of is None or len(one.recipes) != len(other.recipes):
        return False
    return np.array_equal(one.fold_of, other.fold_of)
