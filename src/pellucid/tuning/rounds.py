"""Rounds: within a time limit all trials train for the same share of their epochs, to be compared."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pellucid.training.stopping import Outcome
from pellucid.tuning.problem import Problem, planned_epochs
from pellucid.tuning.trials import COPIES, Paused, Result, Trial, Wanted
from pellucid.tuning.waves import run_all

__all__ = ["Ran", "is_over", "run_evenly", "run_round"]

GROWTH = 3.0
SHORT = 0.05
"""A round takes so many times the seconds of all before: an interrupt costs no more. It may always take such a share of
the limit: each round costs making ready and scoring, and small populations need one."""

PLANNED = 0.5
PLANNED_ANEW = 0.8
"""Of the time left, what a round is planned to take at most: one that the time ends counts for nothing. Where networks
have nothing to go on from, more: what a further round would have to do again is not worth the time."""

LEAST_GROWTH = 1.1
"""A round that adds less to the epochs is not begun."""

TINY = 1e-9
"""Seconds, instead of none."""

KEPT_BYTES = 1 << 30
"""Networks between two rounds hold about so much at most; others are trained anew."""


Take = Callable[[list[Result], float], object]
"""Takes finished results as they come, networks that wait among them; and how many whole trainings were done so far."""


@dataclass
class Ran:
    """What came of a round, or of several.

    Attributes
    ----------
    results : dict of int to Result
        By the trial's place. Those that the time ended within the round are left out, unless all are such.
    is_whole : bool
        Whether every trial has a result, of its whole share of the epochs.
    is_interrupted : bool
        Whether Ctrl-C ended the round, or of several the last one.
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
    take: Take,
) -> Ran:
    """Run trials, each for its share of the epochs.

    Parameters
    ----------
    problem, trials, wanted, n_jobs, deadline
        As of `run_all`.
    take : callable
        Takes finished results as they come, and how many there are.
    """
    through: dict[int, Result] = {}
    cut: dict[int, Result] = {}
    places = {(trial.number, trial.split): place for place, trial in enumerate(trials)}
    for results in run_all(problem, trials, wanted, n_jobs=n_jobs, deadline=deadline):
        finished = [result for result in results if not result.is_interrupted]
        for result in finished:
            (cut if result.is_cut else through)[places[result.trial.number, result.trial.split]] = result
        take(finished, len(through) + len(cut))
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
    take: Take,
) -> Ran:
    """Run trials; before a deadline in rounds, so that all come equally far.

    The first round is of one epoch of the longest training; it tells how long epochs take, and what each round costs
    beside them. Each further one takes at most about three times as long as all before, or a twentieth of the limit,
    and half of the time left; where networks have nothing to go on from, one takes most of it. A round that Ctrl-C or
    the time ends counts for nothing, but for the first: what got through that is compared. What ends by itself is
    whole; what does not has had the same share of its epochs, and has the outcome TIME_LIMIT or INTERRUPTED. Trials
    that are fitted by themselves have all their epochs at once.

    Parameters
    ----------
    problem, trials, wanted, n_jobs, deadline
        As of `run_all`; no trial is paused.
    take : callable
        Takes finished results as they come, and how many whole trainings all that was done makes; at the end none, and
        how many trials have a result.
    """
    found: dict[int, Result] = {}
    left: dict[int, Paused | None] = dict.fromkeys(range(len(trials)))
    begun, share, start = 0.0, 1.0 if deadline is None else _one_epoch(problem, trials), time.monotonic()
    while True:
        began, places, kept = time.monotonic(), list(left), _Kept()
        take_round = _taking(take, kept, len(trials) - (1 - begun) * len(places), share - begun)
        now = [replace(trials[place], share=share, paused=paused) for place, paused in left.items()]
        ran = run_round(
            problem, now, replace(wanted, paused=share < 1), n_jobs=n_jobs, deadline=deadline, take=take_round
        )
        if found and not ran.is_whole:
            ran = Ran(found, is_interrupted=ran.is_interrupted)
            break
        pace = _Pace(list(ran.results.values()), time.monotonic() - began, share - begun)
        for at, result in ran.results.items():
            earlier = found.get(places[at])
            if earlier is not None:
                result.fit_seconds += earlier.fit_seconds
                result.score_seconds += earlier.score_seconds
            found[places[at]] = result
        ran.results = found
        left = {place: kept.of(trials[place]) for place in places if place in found and found[place].is_part}
        if deadline is None or not left or not ran.is_whole:
            break
        goes_on = all(left.values())
        begun = share if goes_on else 0.0
        reach = min(1.0, begun + pace.share(_planned(deadline, start, goes_on=goes_on)))
        if reach < min(1.0, LEAST_GROWTH * share):
            break
        share = reach
    for result in found.values():
        if result.is_part:
            result.outcome = Outcome.INTERRUPTED if ran.is_interrupted else Outcome.TIME_LIMIT
    if found:
        take([], len(found))
    return ran


def _one_epoch(problem: Problem, trials: Sequence[Trial]) -> float:
    """Return the share that one epoch is of the longest training."""
    return 1 / max((planned_epochs(problem.estimator, trial.parameters) for trial in trials), default=1)


def _planned(deadline: float, start: float, *, goes_on: bool) -> float:
    """Return how many seconds the next round may take."""
    now = time.monotonic()
    if not goes_on:
        return PLANNED_ANEW * (deadline - now)
    return min(PLANNED * (deadline - now), max(SHORT * (deadline - start), GROWTH * (now - start)))


class _Pace:
    """How long those trials of a round that are not at their end would take for another.

    Parameters
    ----------
    results : list of Result
    seconds : float
        That the round took.
    step : float
        Share of the epochs that it added.
    """

    def __init__(self, results: Sequence[Result], seconds: float, step: float) -> None:
        spent = sum(result.fit_seconds + result.score_seconds for result in results)
        left = [result for result in results if result.is_part]
        epochs = sum(result.epoch_seconds for result in left)
        beside = sum(result.fit_seconds + result.score_seconds for result in left) - epochs
        parallel = seconds / max(spent, TINY)
        self._fixed, self._whole = parallel * beside, max(parallel * epochs / step, TINY)

    def share(self, seconds: float) -> float:
        """Return the share of the epochs that a round of so many seconds adds; negative if there is no time for any."""
        return (seconds - self._fixed) / self._whole


def _taking(take: Take, kept: "_Kept", before: float, step: float) -> Take:
    """Return who takes results of a round that adds a step to each training, so many whole ones being done before."""

    def take_round(results: list[Result], done: float) -> None:
        kept.take(results)
        take(results, before + step * done)

    return take_round


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
