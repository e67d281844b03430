"""A race: how fine an embedding must look at numbers is seen on the first fold, in the first half of the training.

All recipes begin together. Where the learning rate has fallen to 0 for the last time but one, the best of each kind is
known; the others end, and what was trained of the best is not lost: they go on.
"""

from collections.abc import Sequence
from time import perf_counter

from pellucid.engines import Engine
from pellucid.estimators.tabular.bagging import Begun, Problem, Told, make_job, seconds_of_epoch
from pellucid.estimators.tabular.members import Member, epochs_of, milestones
from pellucid.textbook.arrays import Array
from pellucid.training.jobs import Watch

__all__ = ["epochs_of_race", "race"]


LEAD = 0.01
"""By how much of the first recipe's loss another must be better: less may be chance on one fold."""


def epochs_of_race(recipes: Sequence[Sequence[Member]], epochs: int) -> int:
    """Return how many epochs the networks of a race run together, where so many are planned for each.

    Examples
    --------
    >>> epochs_of_race([(Member(), Member(bins=128))], 33)
    32
    """
    return sum(milestones(epochs_of(member, epochs))[-1] for kind in recipes for member in kind)


def race(
    problem: Problem,
    recipes: Sequence[Sequence[Member]],
    rows: tuple[Array, Array],
    epochs: int,
    *,
    engine: Engine,
    seeds: Sequence[int],
    networks: int,
    time_limit: float | None = None,
    on_epoch: Told | None = None,
) -> list[Begun]:
    """Let the recipes of each kind race.

    Parameters
    ----------
    problem : Problem
    recipes : sequence of sequences of Member
        For each kind those that race, the usual one first.
    rows : pair of arrays of int
        Rows to train on, rows to validate on.
    epochs : int
        Planned for each network; a member may multiply them.
    engine : Engine
    seeds : sequence of int
        One for each recipe.
    networks : int
        How many are to be trained after the race.
    time_limit : float or None
        Seconds for the race and those networks.
    on_epoch : Told or None

    Returns
    -------
    list of Begun
        The best of each kind, the best of all first. Empty where the time is too short for a race.
    """
    began = perf_counter()
    entered = [(kind, member) for kind, members in enumerate(recipes) for member in members]
    jobs = []
    for (_, member), seed in zip(entered, seeds, strict=True):
        job = make_job(problem, member, rows, epochs, seed)
        job.epochs = milestones(job.training.epochs)[-1]
        jobs.append(job)
        if time_limit is not None and len(jobs) == 1:
            needed = seconds_of_epoch(job, engine, time_limit) * job.training.epochs * (networks + len(entered) / 2)
            if 1.5 * needed > time_limit - (perf_counter() - began):
                return []
    left = None if time_limit is None else time_limit - (perf_counter() - began)
    runs = engine.train(jobs, Watch(on_epoch, left))
    best: dict[int, Begun] = {}
    for (kind, member), job, run in zip(entered, jobs, runs, strict=True):
        one = Begun(member, job, run)
        if kind not in best or one.standing < best[kind].standing - LEAD * abs(best[kind].standing):
            best[kind] = one
    return sorted(best.values(), key=lambda each: each.standing)
