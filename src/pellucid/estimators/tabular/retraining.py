"""Where rows follow in time: what predicts the future has learned from all of the past.

A network of a fold knows only what was before its validation rows. That makes what it predicts for them honest, and the
network old: of what came since it knows nothing. So the folds tell how well the next rows are predicted, and after how
many epochs best; then as many networks learn from all rows, for so many epochs, and these predict.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from time import perf_counter

import numpy as np

from pellucid.engines import Engine
from pellucid.estimators.tabular.again import job_again, trained_again
from pellucid.estimators.tabular.bag import ENDS_ALL, Bag, Trained, gravest
from pellucid.estimators.tabular.bagging import Folds, Problem, Told, train_jobs
from pellucid.textbook.arrays import Array
from pellucid.training.jobs import Job, Run, Watch
from pellucid.training.stopping import Outcome

__all__ = ["retrained", "share_of_folds"]


def share_of_folds(folds: Folds) -> float:
    """Return the part that the networks of the folds have of the work of all.

    Examples
    --------
    >>> share_of_folds([(np.arange(2), np.arange(2, 4)), (np.arange(4), np.arange(4, 6))])
    0.3333333333333333
    """
    work = sum(len(train) for train, _ in folds)
    return work / (work + len(folds) * len(_all_rows(folds)))


def retrained(
    problem: Problem,
    bag: Bag,
    folds: Folds,
    *,
    engine: Engine,
    seeds: Sequence[int],
    spent: float,
    time_limit: float | None = None,
    on_epoch: Told | None = None,
    start: Bag | None = None,
) -> Bag:
    """Train the networks of a bag anew, on the rows of all folds.

    Parameters
    ----------
    problem : Problem
    bag : Bag
        Of folds that follow in time.
    folds : sequence of pairs of arrays of int
        Rows to train on, rows to validate on.
    engine : Engine
    seeds : sequence of int
        As many as the bag could have networks.
    spent : float
        Seconds that training the bag took.
    time_limit : float or None
        Seconds. Where it is too short for all networks, fewer are trained.
    on_epoch : Told or None
    start : Bag or None
        Networks of the same members and folds whose parameters to begin with.

    Returns
    -------
    Bag
        Of a member for which no network could be trained on all rows, the latest one of the folds predicts.
    """
    if not bag.networks or bag.outcome in ENDS_ALL:
        return _with(bag, [], bag.outcome)
    began, rows = perf_counter(), _all_rows(folds)
    latest = {bag.recipe_of(each): each for each in bag.networks}  # of each recipe
    known = {} if start is None else {(each.member, each.fold): each for each in start.networks}

    def make(each: Trained, seed: int) -> Job:
        recipe, before = bag.recipe_of(each), known.get((each.member, each.fold))
        told = {"epochs": latest[recipe].best_epoch, "planned": latest[recipe].planned}
        job = job_again(problem, recipe, (rows, rows[:0]), each, seed=seed, **told)
        if before is not None:
            job.parameters[...] = before.parameters
        return job

    wanted = [each for each in bag.networks if latest[bag.recipe_of(each)].best_epoch]
    is_late = False
    if time_limit is not None:
        of_a_row = spent / sum(each.epochs * len(folds[each.fold][0]) for each in bag.networks)
        needed = accumulate(of_a_row * len(rows) * latest[bag.recipe_of(each)].best_epoch for each in wanted)
        in_time = sum(seconds < time_limit for seconds in needed)
        wanted, is_late = wanted[:in_time], in_time < len(wanted)
    jobs = [make(each, seed) for each, seed in zip(wanted, seeds, strict=False)]
    left = None if time_limit is None else time_limit - (perf_counter() - began)
    runs = train_jobs(engine, jobs, Watch(on_epoch, left)) if jobs else []
    done = zip(wanted, jobs, runs, strict=True)
    finished = [trained_again(each, job, run) for each, job, run in done if _is_whole(job, run)]
    outcomes = [bag.outcome, *(run.outcome for run in runs if run.outcome is not Outcome.ALL_EPOCHS)]
    if is_late:
        outcomes.append(Outcome.TIME_LIMIT)
    return _with(bag, finished, gravest(outcomes))


def _all_rows(folds: Folds) -> Array:
    rows: Array = np.sort(np.concatenate(folds[-1]))
    return rows


def _is_whole(job: Job, run: Run) -> bool:
    return len(run.history.loss) == job.epochs and bool(np.isfinite(run.parameters).all())


def _with(bag: Bag, finished: Sequence[Trained], outcome: Outcome) -> Bag:
    """Let the finished networks predict, and the latest of the folds for a member that has none."""
    have_one = {each.member for each in finished}
    latest = {each.member: each for each in bag.networks if each.member not in have_one}
    networks = sorted([*finished, *latest.values()], key=lambda each: (each.fold, each.member))
    others = sum(each.epochs for each in bag.networks) - sum(each.epochs for each in latest.values())
    return replace(bag, networks=networks, judges=bag.networks, outcome=outcome, other_epochs=bag.other_epochs + others)
