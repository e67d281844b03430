"""In small tables, networks whose epochs others chose tell how good those are that chose their own.

The rows that choose a network's best epoch speak too well of it: of so many epochs the one is kept that suits them,
also where that is chance. Among thousands of rows chance is little; among a few, their errors would promise far more
than new rows keep. So each network of a small table has a twin, trained on the same rows for as many epochs as were
best for the others' validation rows. The networks predict; what their twins predict out of fold is the honest estimate.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.again import job_again, trained_again
from pellucid.estimators.tabular.bag import ENDS_ALL, Bag, gravest
from pellucid.estimators.tabular.bagging import Folds, Problem, Told, predict_out_of_fold, train_jobs
from pellucid.textbook.arrays import Array
from pellucid.training.jobs import Epoch, Watch
from pellucid.training.stopping import Outcome

__all__ = ["best_for_others", "judged_by_twins"]


def judged_by_twins(
    problem: Problem,
    bag: Bag,
    folds: Folds,
    *,
    engine: Engine,
    seeds: Sequence[int],
    time_limit: float | None = None,
    on_epoch: Told | None = None,
) -> Bag:
    """Train the twin of each network, for as many epochs as were best for the others of its recipe.

    Parameters
    ----------
    problem : Problem
    bag : Bag
    folds : sequence of pairs of arrays of int
        Rows to train on, rows to validate on.
    engine : Engine
    seeds : sequence of int
        As many as the bag could have networks.
    time_limit : float or None
        Seconds.
    on_epoch : Told or None

    Returns
    -------
    Bag
        With the twins as its judges; as it was, where a network has no others, the time did not suffice, a twin
        diverged, or training was ended.
    """
    epochs = _epochs(bag, folds)
    if not epochs or bag.outcome in ENDS_ALL:
        return bag

    jobs = [
        job_again(problem, bag.recipe_of(each), folds[each.fold], each, epochs=count, planned=each.planned, seed=seed)
        for each, count, seed in zip(bag.networks, epochs, seeds, strict=False)
    ]

    def tell(epoch: Epoch) -> bool:
        return on_epoch is not None and on_epoch(replace(epoch, job=epoch.job + len(bag.networks)))

    runs = train_jobs(engine, jobs, Watch(None if on_epoch is None else tell, time_limit))
    ended = [run.outcome for run in runs if run.outcome not in (Outcome.ALL_EPOCHS, Outcome.DIVERGED)]
    if ended or any(not np.isfinite(run.parameters).all() for run in runs):
        return replace(bag, outcome=gravest([bag.outcome, *ended]))
    twins = [trained_again(*each) for each in zip(bag.networks, jobs, runs, strict=True)]
    return replace(
        bag,
        judges=twins,
        out_of_fold=predict_out_of_fold(problem, twins, folds, len(bag.weights), engine),
        other_epochs=bag.other_epochs + sum(epochs),
    )


def _epochs(bag: Bag, folds: Folds) -> list[int] | None:
    """Return how many epochs were best for the others of each network; None if one has no others."""
    curves: dict[object, dict[int, Array]] = defaultdict(dict)
    for each in bag.networks:
        curves[each.member, bag.recipe_of(each)][each.fold] = np.asarray(each.validation_loss, np.float64)
    epochs = []
    for each in bag.networks:
        of_recipe = curves[each.member, bag.recipe_of(each)]
        others = [fold for fold in of_recipe if fold != each.fold]
        if not others:
            return None
        weights = [len(folds[fold][1]) for fold in others]
        epochs.append(best_for_others([of_recipe[fold] for fold in others], weights, each.planned))
    return epochs


def best_for_others(curves: Sequence[Array], weights: Sequence[float], planned: int) -> int:
    """Return the epoch, from 1, at which the mean of the curves is least; of equally good ones the latest.

    A curve that ends early goes on as it ended.

    Examples
    --------
    >>> best_for_others([np.array([3.0, 1.0, 2.0]), np.array([2.0, 2.0, 1.5, 1.0])], [1, 1], planned=4)
    4
    """
    whole = [np.pad(curve, (0, planned - len(curve)), mode="edge") for curve in curves]
    mean = np.average(whole, axis=0, weights=weights)
    mean[~np.isfinite(mean)] = np.inf
    return planned - int(np.argmin(mean[::-1]))
