"""Rounds: within a time limit all trials train for the same share of their epochs, to be compared."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pellucid.training.stopping import Outcome
from pellucid.tuning.problem import Problem, planned_epochs
from pellucid.tuning.trials import COPIES, Paused, Result, Trial, Wanted
from pellucid.tuning.waves import run_all

__all__ = ["Ran", "is_over", "run_evenly", "run_round"]

PLANNED = 0.8
"""Of the time left, what a round is planned to take: one that the time ends counts for nothing."""

LEAST_GROWTH = 1.1
"""A round that adds less to the epochs is not begun."""

KEPT_BYTES = 1 << 30
"""Networks between two rounds hold about so much at most; others are trained anew."""


Tell = Callable[[list[Result], float], object]
"""Told finished results as they come, and how many whole trainings all that was done makes."""


@dataclass
class Ran:
    """What came of a round, or of several.

    Attributes
    ----------
    results : dict of int to Result
        By the trial's place. Those that the time ended within the round are left out, unless all are such.
    is_whole : bool
        Whether every trial got through.
    is_interrupted : bool
        Whether Ctrl-C ended it.
    """

    results: dict[int, Result] = field(default_factory=dict)
    is_whole: bool = True
    is_interrupted: bool = False


def run_round(
    problem: Problem,
    trials: Sequence[Trial],
    wanted: Wanted,
    *,
    n_jobs: int | None,
    deadline: float | None,
    tell: Tell,
) -> Ran:
    """Run trials, each for its share of the epochs.

    Parameters
    ----------
    problem, trials, wanted, n_jobs, deadline
        As of `run_all`.
    tell : callable
        Told finished results as they come, and how many there are.
    """
    through: dict[int, Result] = {}
    cut: dict[int, Result] = {}
    places = {(trial.number, trial.split): place for place, trial in enumerate(trials)}
    for results in run_all(problem, trials, wanted, n_jobs=n_jobs, deadline=deadline):
        finished = [result for result in results if not result.is_interrupted]
        for result in finished:
            (cut if result.is_cut else through)[places[result.trial.number, result.trial.split]] = result
        tell(finished, len(through) + len(cut))
    is_whole = len(through) == len(trials)
    return Ran(through or cut, is_whole, is_interrupted=not is_whole and not is_over(deadline))


def is_over(deadline: float | None) -> bool:
    """Tell whether a deadline, of ``time.monotonic()``, is over."""
    return deadline is not None and time.monotonic() >= deadline


def run_evenly(
    problem: Problem,
    trials: Sequence[Trial],
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    *,
    n_jobs: int | None = None,
    deadline: float | None = None,
    tell: Tell,
) -> Ran:
    """Run trials; before a deadline in rounds, so that all come equally far.

    The first round is of one epoch. It tells how long the others take: the next has all of them, or as many as there is
    time for; where trainings converge earlier, there is time for another. What ends by itself is whole; of what does
    not, all have had the same share of their epochs, and have the outcome TIME_LIMIT. A round that the time ends counts
    for nothing, but for the first: what got through it is compared.

    Parameters
    ----------
    problem, trials, wanted, n_jobs, deadline
        As of `run_all`; no trial is paused.
    tell : callable
        Told finished results as they come, and how many whole trainings all that was done makes; at the end how many
        trials have a result.
    """
    found: dict[int, Result] = {}
    left: dict[int, Paused | None] = dict.fromkeys(range(len(trials)))
    begun, share = 0.0, 1.0 if deadline is None else 1 / planned_epochs(problem.estimator)
    while True:
        began, places, kept = time.monotonic(), list(left), _Kept()
        tell_round = _telling(tell, kept, len(trials) - (1 - begun) * len(places), share - begun)
        now = [replace(trials[place], share=share, paused=paused) for place, paused in left.items()]
        ran = run_round(
            problem, now, replace(wanted, paused=share < 1), n_jobs=n_jobs, deadline=deadline, tell=tell_round
        )
        if found and not ran.is_whole:
            ran.is_whole = True  # the round before is
            break
        for at, result in ran.results.items():
            earlier = found.get(places[at])
            if earlier is not None:
                result.fit_seconds += earlier.fit_seconds
                result.score_seconds += earlier.score_seconds
            found[places[at]] = result
        left = {place: kept.of(trials[place]) for place in places if place in found and found[place].is_part}
        if deadline is None or not left or not ran.is_whole:
            break
        seconds = (time.monotonic() - began) / (share - begun) * len(left) / len(places)  # of a whole training of all
        begun = share if all(left.values()) else 0.0
        reach = min(1.0, begun + PLANNED * (deadline - time.monotonic()) / seconds)
        if reach < min(1.0, LEAST_GROWTH * share):
            break
        share = reach
    for result in found.values():
        if result.is_part:
            result.outcome = Outcome.TIME_LIMIT
    if found:
        tell([], len(found))
    return Ran(found, ran.is_whole, ran.is_interrupted)


def _telling(tell: Tell, kept: "_Kept", before: float, step: float) -> Tell:
    """Return whom to tell of a round that adds a step to each training, so many whole ones being done before."""

    def told(results: list[Result], done: float) -> None:
        kept.take(results)
        tell(results, before + step * done)

    return told


class _Kept:
    """Networks that wait for the next round."""

    def __init__(self) -> None:
        self._bytes = 0
        self._paused: dict[tuple[int, int], Paused] = {}

    def take(self, results: Sequence[Result]) -> None:
        """Keep the networks of results; L-BFGS has nothing to go on from: it would begin a new training."""
        for result in results:
            paused, result.paused = result.paused, None
            if paused is not None and paused.state.optimizer is not None and self._bytes < KEPT_BYTES:
                self._bytes += COPIES * paused.parameters.nbytes
                self._paused[result.trial.number, result.trial.split] = paused

    def of(self, trial: Trial) -> Paused | None:
        """Return where a trial goes on; None: at its beginning."""
        return self._paused.get((trial.number, trial.split))
