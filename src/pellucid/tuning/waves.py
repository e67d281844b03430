"""Trials in waves: here, or sent out in batches through whatever joblib backend is set.

Only the trials of a wave are in memory as networks; of the others nothing is but their parameters. Within this process
the waves follow each other, each a population for all threads of the engine, so large that it takes about a second.
With joblib's ``n_jobs``, or under ``joblib.parallel_config(backend="dask")`` or ``"ray"``, batches go to workers, each
with one thread; a batch lost with its worker is run again, by those backends or from here.
"""

import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import count, islice
from math import ceil
from typing import Any

from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn import get_config, set_config
from sklearn.utils.parallel import Parallel, delayed

from pellucid.engines.native.core import default_threads
from pellucid.tuning.problem import Problem
from pellucid.tuning.trials import Population, Result, Trial, Wanted, run_trials

__all__ = ["batches_of", "run_all"]

SECONDS_A_WAVE = 1.0
MOST_A_WAVE = 2048
FEWEST_A_THREAD = 4
"""Trials of a wave for each thread: with fewer, threads would wait at the end of each."""

MOST_LOSSES = 3
"""Times that what was lost with workers is sent out again, beyond what the backends do themselves."""

BACKENDS = ("distributed", "dask", "ray", "joblib", "concurrent", "asyncio")

BATCHES_LEFT_A_WORKER = 3
LEAST_SHARE = 8
MOST_A_BATCH = 64
BATCHES_A_ROUND = 4


def run_all(
    problem: Problem,
    trials: Sequence[Trial],
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    *,
    n_jobs: int | None = None,
    deadline: float | None = None,
) -> Iterator[list[Result]]:
    """Run trials; yield their results as they come, in any order.

    Parameters
    ----------
    problem : Problem
    trials : sequence of Trial
    wanted : Wanted
    n_jobs : int or None
        Processes; None: this one, or what `joblib.parallel_config` says.
    deadline : float or None
        ``time.monotonic()`` after which no wave begins; the first always does.

    Yields
    ------
    list of Result
        After Ctrl-C the last ones; some trials are then missing, or have the outcome INTERRUPTED.
    """
    if not trials:
        return
    is_elsewhere = _is_elsewhere()
    if is_elsewhere and n_jobs is None and get_active_backend()[1] in (None, 1):
        n_jobs = -1  # who names a cluster means all of it
    workers = effective_n_jobs(n_jobs)
    if workers > 1 or is_elsewhere:
        yield from _sent_out(problem, trials, wanted, n_jobs, workers, deadline)
    else:
        yield from _here(problem, trials, wanted, deadline)


def batches_of(trials: int, workers: int) -> list[slice]:
    """Return which trials go to workers at once: many first, to pay for the way, few last, so that all end alike.

    Each batch is a share of what is left (Polychronopoulos & Kuck, Guided Self-Scheduling, IEEE Transactions on
    Computers, 1987), but never less than an eighth of the first.

    Examples
    --------
    >>> [batch.stop - batch.start for batch in batches_of(60, 2)]
    [10, 9, 7, 6, 5, 4, 4, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1]
    >>> len(batches_of(100_000, 1_000)), len(batches_of(3, 8))
    (9045, 3)
    """
    batches: list[slice] = []
    done, least = 0, 1
    while done < trials:
        size = min(MOST_A_BATCH, ceil((trials - done) / (BATCHES_LEFT_A_WORKER * workers)))
        if not batches:
            least = max(1, size // LEAST_SHARE)
        batches.append(slice(done, min(trials, done + max(size, least))))
        done = batches[-1].stop
    return batches


def _here(problem: Problem, trials: Sequence[Trial], wanted: Wanted, deadline: float | None) -> Iterator[list[Result]]:
    """Train wave after wave; beside the engine, one thread scores the wave before and makes the next one ready."""
    threads = wanted.threads or default_threads()
    fewest = FEWEST_A_THREAD * threads
    configure = partial(set_config, **get_config())  # scikit-learn's configuration is a thread's own
    with ThreadPoolExecutor(1, "pellucid-trials", initializer=configure) as aside:
        done, size = 0, 2 * fewest
        ready: Future[Population] | None = aside.submit(Population, problem, trials[:size], wanted)
        scored: Future[list[Result]] | None = None
        try:
            while ready is not None:
                wave = ready.result()
                done += len(wave.results)
                has_time = deadline is None or time.monotonic() < deadline
                ready = None
                if done < len(trials) and has_time:
                    ready = aside.submit(Population, problem, trials[done : done + size], wanted)
                if wave.alone:  # their `fit` is Python's work, too, and silences warnings for all threads
                    beside: list[Future[Any]] = [each for each in (scored, ready) if each is not None]
                    wait(beside)
                began = time.monotonic()
                wave.train(deadline)
                fitting = int(len(wave.results) * SECONDS_A_WAVE / max(time.monotonic() - began, 1e-6))
                size = max(fewest, min(MOST_A_WAVE, 4 * size, fitting))
                size -= size % threads  # of trials alike, every thread has as many
                if scored is not None:
                    results, scored = scored.result(), None
                    yield results
                scored = aside.submit(wave.score)
                if wave.is_interrupted or (deadline is not None and time.monotonic() >= deadline):
                    break
        except KeyboardInterrupt:
            pass
        if scored is not None:
            yield scored.result()


def _sent_out(
    problem: Problem,
    trials: Sequence[Trial],
    wanted: Wanted,
    n_jobs: int | None,
    workers: int,
    deadline: float | None,
) -> Iterator[list[Result]]:
    wanted = replace(wanted, threads=wanted.threads or 1)
    left = {index: trials[batch] for index, batch in enumerate(batches_of(len(trials), workers))}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        for losses in count():
            calls = _calls(problem, left, wanted, deadline)
            outcomes = _as_they_come(calls, n_jobs, workers, waiting=0 if deadline is not None else 1)
            try:
                for index, results in outcomes:
                    del left[index]
                    yield results
            except KeyboardInterrupt:
                outcomes.close()
            except Exception as error:
                if losses == MOST_LOSSES or not _is_loss(error):
                    raise
                continue
            return


def _calls(
    problem: Problem, batches: dict[int, Sequence[Trial]], wanted: Wanted, deadline: float | None
) -> Iterator[Any]:
    """Yield the calls for batches as they are sent out; after the deadline none but the first."""
    for place, (index, batch) in enumerate(list(batches.items())):
        left = None if deadline is None else deadline - time.monotonic()  # clocks of other machines differ
        if place and left is not None and left <= 0:
            return
        yield delayed(_run_batch)(problem, batch, wanted, left, index)


def _as_they_come(
    calls: Iterator[Any], n_jobs: int | None, workers: int, *, waiting: int
) -> Generator[tuple[int, list[Result]], None, None]:
    """Send calls out; yield results one by one, or in rounds where the backend returns lists only (Ray).

    So many calls wait for each worker: with none, no call is sent out before a worker is free.
    """
    sent = workers * (1 + waiting)
    if get_active_backend()[0].supports_return_generator:
        yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered", pre_dispatch=sent)(calls)
        return
    with Parallel(n_jobs=n_jobs, pre_dispatch=sent) as parallel:  # the same workers for all rounds
        while together := list(islice(calls, workers * (BATCHES_A_ROUND if waiting else 1))):
            yield from parallel(together)


def _is_loss(error: Exception) -> bool:
    """Tell whether workers, or data that only they had, were lost: that is the backend's error, not a training's."""
    return type(error).__module__.split(".")[0] in BACKENDS


def _run_batch(
    problem: Problem, trials: Sequence[Trial], wanted: Wanted, seconds: float | None, index: int
) -> tuple[int, list[Result]]:
    """Run a batch in a worker; return its number with the results."""
    return index, run_trials(problem, trials, wanted, None if seconds is None else time.monotonic() + seconds)


def _is_elsewhere() -> bool:
    """Tell whether joblib's active backend was set by `parallel_config` to a cluster's."""
    backend, _ = get_active_backend()
    return type(backend).__module__.split(".")[0] != "joblib" or "Dask" in type(backend).__name__
