"""Trainings within a time limit: how long an epoch takes is measured, and so many are planned as the time is for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from math import ceil
from time import perf_counter

from pellucid.engines import Engine, NativeEngine
from pellucid.engines.native import default_threads
from pellucid.estimators.tabular.members import usable_milestones
from pellucid.textbook.network import Batch
from pellucid.training.jobs import Job, State, Watch
from pellucid.training.stopping import Outcome
from pellucid.training.streams import streams

__all__ = ["jobs_within", "seconds_of_epoch"]

LONG_EPOCH = 0.5
"""Seconds; where ten epochs take less, they are measured, too."""

LEAST_SHARE = 0.5
"""Below so large a share of their planned epochs, fewer networks are trained instead: one that is trained through is
better than several that have hardly begun."""

STEPS_TIMED = 20


def jobs_within(
    seconds: float,
    make: Callable[[tuple[int, int]], Job],
    places: Sequence[tuple[int, int]],
    costs: Sequence[float],
    members: int,
    engine: Engine,
) -> tuple[list[Job], bool]:
    """Make the jobs, planning the epochs, and if need be fewer networks, so that the training takes no longer.

    Parameters
    ----------
    seconds : float
    make : callable
        From a place to its job.
    places : sequence of pairs of int
        Fold by fold.
    costs : sequence of float
        How long an epoch takes at each place, in epochs of the first.
    members : int
        Places of a fold.
    engine : Engine

    Returns
    -------
    jobs : list of Job
        Of the first places.
    is_cut : bool
        Whether there are fewer jobs or epochs than wanted.
    """
    began = perf_counter()
    jobs = [make(places[0])]
    preparing = perf_counter() - began
    beside = min(len(places), (engine.threads or default_threads()) if isinstance(engine, NativeEngine) else 1)
    an_epoch = seconds_of_epoch(jobs[0], engine, seconds, beside)
    left = max(0.0, 0.9 * (seconds - (perf_counter() - began)) + preparing)
    fewest = max(1, round(LEAST_SHARE * jobs[0].training.epochs))
    needed = accumulate(preparing + fewest * an_epoch * cost for cost in costs)
    kept = max(1, sum(each <= left for each in needed))
    if kept > members:
        kept -= kept % members  # whole folds
    jobs += [make(place) for place in places[1:kept]]
    epochs = max(1, int((left - kept * preparing) / (an_epoch * sum(costs[:kept]))))
    longer = [job for job in jobs if job.training.epochs > epochs]
    for job in longer:
        training, rows = job.training, job.data.rows
        ends: tuple[int, ...] = ()
        if training.stopping.milestones:
            ends = usable_milestones(epochs, rows, training.batch_size or rows)
        job.training = replace(training, epochs=epochs, stopping=replace(training.stopping, milestones=ends))
    return jobs, bool(longer) or kept < len(places)


def seconds_of_epoch(job: Job, engine: Engine, seconds: float, beside: int = 1) -> float:
    """Measure how long an epoch of a network takes, on a few of its rows; if that is short, several times.

    Of so many networks side by side, it is a network's share of the time.
    """
    share = min(1.0, STEPS_TIMED / job.steps_an_epoch)
    held_out = None if job.validation is None else _first_rows(job.validation, share)
    trial = replace(job, data=_first_rows(job.data, share), validation=held_out)
    spent = 0.0
    for epochs in (1, 10):
        if epochs * spent > min(LONG_EPOCH, 0.1 * max(seconds, 0.0)):
            break
        trials = [
            replace(trial, parameters=job.parameters.copy(), streams=streams(0), epochs=epochs, state=State())
            for _ in range(beside)
        ]
        began = perf_counter()
        runs = engine.train(trials, Watch())
        spent = (perf_counter() - began) / epochs / beside
        if any(run.outcome is Outcome.INTERRUPTED for run in runs):
            raise KeyboardInterrupt
    return spent / share


def _first_rows(batch: Batch, share: float) -> Batch:
    if batch.index is None:
        return batch
    return replace(batch, index=batch.index[: max(1, ceil(share * len(batch.index)))])
