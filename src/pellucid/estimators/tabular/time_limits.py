"""Trainings within a time limit: how long an epoch takes is measured, and so many are planned as the time is for."""

from collections.abc import Callable, Iterator, Sequence
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

__all__ = ["Schedule", "seconds_of_epoch"]

LONG_EPOCH = 0.5
"""Seconds; where ten epochs take less, they are measured, too."""

LEAST_SHARE = 0.5
"""Below so large a share of their planned epochs, fewer networks are trained instead: one that is trained through is
better than several that have hardly begun."""

STEPS_TIMED = 20


class Schedule:
    """How many networks, and how many epochs of each, there is time for: the first that are trained tell of others.

    Parameters
    ----------
    make : callable
        From a place to its job.
    places : sequence of pairs of int
        Fold by fold.
    costs : sequence of float
        How long an epoch takes at each place, in epochs of the first.
    members : int
        Places of a fold.
    engine : Engine
    seconds : float
        From now on.
    """

    def __init__(
        self,
        make: Callable[[tuple[int, int]], Job],
        places: Sequence[tuple[int, int]],
        costs: Sequence[float],
        members: int,
        engine: Engine,
        seconds: float,
    ) -> None:
        self._end = perf_counter() + seconds
        self._make, self._places, self._costs, self._members, self._engine = make, places, costs, members, engine
        self._epochs, self._done = 1, 0
        self._is_shortened = False

    @property
    def is_cut(self) -> bool:
        """Whether there are fewer networks, or epochs of them, than wanted."""
        return self._is_shortened or self._done < len(self._places)

    def waves(self) -> Iterator[Sequence[tuple[int, int]]]:
        """Yield the places that are to be trained before more are asked for.

        The first wave is planned by the epochs of an untrained network; often time is left, as networks end where more
        epochs do not pay: then others have as many.
        """
        count, began = self._plan(), perf_counter()
        while count:
            first, self._done = self._done, self._done + count
            yield self._places[first : self._done]
            each = (perf_counter() - began) / sum(self._costs[: self._done])
            left = 0.9 * (self._end - perf_counter())
            count = self._that_fit(left, [each * cost for cost in self._costs[self._done :]])

    def jobs(self, places: Sequence[tuple[int, int]]) -> list[Job]:
        """Make the jobs of these places, with as many epochs as are planned at most."""
        return [self._shortened(self._make(place)) for place in places]

    def _plan(self) -> int:
        """Find how many networks are trained first, and how many epochs each has at most."""
        began = perf_counter()
        first = self._make(self._places[0])
        preparing = perf_counter() - began
        threads = (self._engine.threads or default_threads()) if isinstance(self._engine, NativeEngine) else 1
        beside = min(len(self._places), threads)
        an_epoch = seconds_of_epoch(first, self._engine, self._end - perf_counter(), beside)
        left = max(0.0, 0.9 * (self._end - perf_counter()))
        fewest = max(1, round(LEAST_SHARE * first.training.epochs))
        count = max(1, self._that_fit(left, [preparing + fewest * an_epoch * cost for cost in self._costs]))
        self._epochs = max(1, int((left - count * preparing) / (an_epoch * sum(self._costs[:count]))))
        return count

    def _that_fit(self, seconds: float, needed: Sequence[float]) -> int:
        """Return how many of the next places fit, which need so many seconds: those of whole folds, or of the first."""
        count = sum(each <= seconds for each in accumulate(needed))
        beyond = (self._done + count) % self._members
        return count if self._done + count < self._members else max(0, count - beyond)

    def _shortened(self, job: Job) -> Job:
        training, rows = job.training, job.data.rows
        if training.epochs <= self._epochs:
            return job
        self._is_shortened = True
        ends: tuple[int, ...] = ()
        if training.stopping.milestones:
            ends = usable_milestones(self._epochs, rows, training.batch_size or rows)
        stopping = replace(training.stopping, milestones=ends)
        job.training = replace(training, epochs=self._epochs, stopping=stopping)
        return job


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
