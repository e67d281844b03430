"""Trials: fits of one setting on one split. Many are trained as one population, in this process or sent to others."""

import os
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection._validation import _score
from sklearn.pipeline import Pipeline

from pellucid.engines import Engine, get_engine
from pellucid.errors import DivergedError
from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.outputs import output_activation
from pellucid.training.jobs import History, Job, Run, State, Watch
from pellucid.training.scores import SCORES
from pellucid.training.stopping import Outcome
from pellucid.tuning.problem import Candidate, Fold, Problem, Ready, last_step

__all__ = ["COPIES", "Paused", "Population", "Result", "Trial", "Wanted", "run_trials"]

POPULATION_BYTES = 256 << 20
"""Networks under way at once hold about so much; more trials wait for their turn."""

COPIES = 5
"""Of a network's parameters while it is trained: itself, two moments, the best so far, a gradient."""

ROWS_FOR_THREADS = 10_000
"""Fewer rows are scored by one thread: starting others would take longer."""


@dataclass(frozen=True)
class Paused:
    """A network between two parts of its training: plain data, from which another process can go on.

    Attributes
    ----------
    parameters : array
    state : State
    history : History
    """

    parameters: Array
    state: State
    history: History


@dataclass(frozen=True)
class Trial:
    """One fit.

    Parameters
    ----------
    number : int
        Of the candidate; trials of one number have the same parameters.
    parameters : dict
    split : int
    share : float
        Part of its epochs, in (0, 1], after which training pauses.
    paused : Paused or None
        Where to go on.
    """

    number: int
    parameters: dict[str, Any]
    split: int
    share: float = 1.0
    paused: Paused | None = None


@dataclass(frozen=True)
class Wanted:
    """What results carry beside scores.

    Parameters
    ----------
    paused : bool
        Where to go on.
    model : bool
        The fitted estimator.
    threads : int or None
        Of the native engine; None: every processor this process may use.
    raises : bool
        Let the first error end everything, as it is, instead of noting it in its trial's result.
    """

    paused: bool = False
    model: bool = False
    threads: int | None = None
    raises: bool = False


@dataclass
class Result:
    """What came of a trial.

    Attributes
    ----------
    trial : Trial
    score, train_score : float, dict of floats, or None
    fit_seconds, score_seconds : float
        A population's seconds are shared out among its trials.
    epoch_seconds : float
        The part of `fit_seconds` that grows with the epochs; the rest makes ready.
    outcome : Outcome or None
        Why training ended; None where the estimator tells nothing.
    error : str
        What went wrong, with its traceback; empty if nothing did.
    reason : str
        The error in one line.
    epochs, parameters : int
        Epochs trained, and numbers that the network has.
    is_part : bool
        It had some of its epochs, and would go on.
    loss : list of float
        One number an epoch.
    paused : Paused or None
    model : estimator or None
    """

    trial: Trial
    score: Any = None
    train_score: Any = None
    fit_seconds: float = 0.0
    score_seconds: float = 0.0
    epoch_seconds: float = 0.0
    outcome: Outcome | None = None
    error: str = ""
    reason: str = ""
    epochs: int = 0
    parameters: int = 0
    is_part: bool = False
    loss: list[float] = field(default_factory=list)
    paused: Paused | None = None
    model: Any = None

    @property
    def is_cut(self) -> bool:
        """Whether the search's time limit ended the trial before all its epochs."""
        return self.is_part and self.outcome is Outcome.TIME_LIMIT

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C ended the trial."""
        return self.outcome is Outcome.INTERRUPTED

    def fail(self, error: BaseException, wanted: Wanted) -> None:
        """Note what went wrong, or raise it, with a note of the trial."""
        if wanted.raises:
            error.add_note(f"In split {self.trial.split} of the setting {self.trial.parameters}.")
            raise error
        self.error = "".join(traceback.format_exception(error))
        self.reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


@dataclass
class _Fit:
    """A trial under way."""

    result: Result
    candidate: Candidate
    fold: Fold
    ready: Ready
    model: Any
    job: Job
    before: History
    lent: np.random.RandomState | None = None

    @property
    def bytes(self) -> int:
        return COPIES * self.job.parameters.nbytes


class Population:
    """As many of the first trials as fit into memory together: made ready, then trained, then scored.

    Making ready and scoring are Python's work; training is the engine's, beside which another population may be made
    ready or scored.

    Parameters
    ----------
    problem : Problem
    trials : sequence of Trial
        At least one.
    wanted : Wanted
    """

    def __init__(self, problem: Problem, trials: Sequence[Trial], wanted: Wanted = Wanted()) -> None:
        self.problem, self.wanted = problem, wanted
        self.results: list[Result] = []
        self.alone: list[Result] = []
        self.fits: list[_Fit] = []
        began, size = time.perf_counter(), 0
        for trial in trials:
            if self.fits and size >= POPULATION_BYTES:
                break
            result = Result(trial)
            self.results.append(result)
            fit = _prepared(problem, result, wanted)
            if fit is not None:
                self.fits.append(fit)
                size += fit.bytes
            elif not result.error:
                self.alone.append(result)
        self.seconds = time.perf_counter() - began
        self.epoch_seconds = 0.0

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C ended the training."""
        return any(result.is_interrupted for result in self.results)

    def train(self, deadline: float | None = None) -> None:
        """Train all; after `deadline` (of ``time.monotonic()``) those under way end with the outcome TIME_LIMIT.

        Of those that are fitted by themselves none but the first begins after it.
        """
        for place, result in enumerate(self.alone):
            if place and deadline is not None and time.monotonic() >= deadline:
                break
            _fit_alone(self.problem, result, self.wanted)
        began = time.perf_counter()
        _train(self.problem, self.fits, self.wanted, deadline)
        self.epoch_seconds = time.perf_counter() - began

    def score(self) -> list[Result]:
        """Score what was trained; return the results, those not finished with the outcome INTERRUPTED."""
        for fit in self.fits:
            fit.result.fit_seconds = (self.seconds + self.epoch_seconds) / len(self.fits)
            fit.result.epoch_seconds = self.epoch_seconds / len(self.fits)
            if not fit.result.error and not fit.result.is_interrupted:
                _score_fit(self.problem, fit, self.wanted)
            if fit.lent is not None:
                self.problem.give_stream_back(fit.lent)
        self.fits = []
        for result in self.results:
            result.trial = replace(result.trial, paused=None)
            if result.score is None and not result.error:
                result.outcome = Outcome.INTERRUPTED
        return self.results


def run_trials(
    problem: Problem,
    trials: Sequence[Trial],
    wanted: Wanted = Wanted(),
    deadline: float | None = None,
) -> list[Result]:
    """Train and score trials, as populations of bounded memory.

    Parameters
    ----------
    problem : Problem
    trials : sequence of Trial
    wanted : Wanted
    deadline : float or None
        ``time.monotonic()`` when training ends: trials under way then have the outcome TIME_LIMIT.

    Returns
    -------
    list of Result
        One for each trial. A trial that fails has its error and leaves the others alone. After Ctrl-C those that were
        not finished have the outcome INTERRUPTED.
    """
    results: list[Result] = []
    try:
        while len(results) < len(trials) and not any(result.is_interrupted for result in results):
            population = Population(problem, trials[len(results) :], wanted)
            population.train(deadline)
            results += population.score()
    except KeyboardInterrupt:
        pass
    left = trials[len(results) :]
    return results + [Result(replace(trial, paused=None), outcome=Outcome.INTERRUPTED) for trial in left]


def _prepared(problem: Problem, result: Result, wanted: Wanted) -> _Fit | None:
    """Make a trial's job; None if it failed (noted in its result), or is to be fitted alone."""
    trial = result.trial
    try:
        candidate = problem.candidate(trial.number, trial.parameters)
        if not candidate.joins:
            return None
        fold = problem.fold(candidate, trial.split)
        ready = problem.ready(candidate, fold)
        model = candidate.twin()
        if candidate.described is None:
            _refuse_too_large(model, ready)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a batch size that is clipped
            lent = None if wanted.model else problem.lend_stream(model.random_state)
            job = model.prepare(ready.rows, ready.validation, described=candidate.described, random=lent)
        candidate.described = (job.network, job.training)
    except Exception as error:
        result.fail(error, wanted)
        return None
    job.epochs, job.goes_on = ceil(job.training.epochs * trial.share), wanted.paused or wanted.model
    history = History()
    if trial.paused is not None:
        job.parameters[...] = trial.paused.parameters
        model._state = job.state = trial.paused.state
        job.epochs -= job.state.epochs
        history = trial.paused.history
    result.parameters = job.parameters.size
    return _Fit(result, candidate, fold, ready, model, job, history, lent)


def _refuse_too_large(model: Any, ready: Ready) -> None:
    """Raise MemoryError if a network cannot be trained in this machine's memory, before it is made."""
    data = ready.rows.data
    widths = (data.inputs.shape[1], *np.ravel(model.hidden_layer_sizes).tolist(), data.targets.shape[1])
    count = sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))
    needed, available = COPIES * count * data.inputs.dtype.itemsize, _memory()
    if needed > available:
        raise MemoryError(
            f"training {count:,} parameters takes {needed / 2**30:,.1f} GiB, this machine has "
            f"{available / 2**30:,.1f} GiB. Take narrower layers."
        )


def _memory() -> float:
    """Bytes of this machine's memory; infinite where the system does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _train(problem: Problem, fits: list[_Fit], wanted: Wanted, deadline: float | None) -> None:
    """Train all fits, each engine's as one population."""
    groups: dict[Engine, list[_Fit]] = {}
    for fit in sorted(fits, key=_work, reverse=True):  # the longest first: no thread is left with one at the end
        if fit.job.epochs is not None and fit.job.epochs < 1:  # it had all its epochs before
            _take(fit, Run(fit.job.parameters, fit.job.state, History(), Outcome.ALL_EPOCHS), wanted)
            continue
        try:
            engine = _engine(fit, wanted)
        except ValueError as error:
            fit.result.fail(error, wanted)
            continue
        groups.setdefault(engine, []).append(fit)
    for engine, members in groups.items():
        _train_by(engine, problem, members, wanted, deadline)


def _work(fit: _Fit) -> int:
    return fit.job.parameters.size * fit.job.data.rows * fit.job.epochs_to_run


def _engine(fit: _Fit, wanted: Wanted) -> Engine:
    return get_engine(fit.model.engine_for(fit.job).name, fit.model.n_threads or wanted.threads)


def _train_by(engine: Engine, problem: Problem, fits: Sequence[_Fit], wanted: Wanted, deadline: float | None) -> None:
    limit = None if deadline is None else max(1e-3, deadline - time.monotonic())
    try:
        runs = engine.train([fit.job for fit in fits], Watch(time_limit=limit))
    except Exception as error:
        if len(fits) == 1:
            fits[0].result.fail(error, wanted)
            return
        for fit in fits:  # one of them is at fault, for example in memory: each by itself
            again = _prepared(problem, fit.result, wanted)
            if again is not None:
                fit.model, fit.job, fit.before, fit.lent = again.model, again.job, again.before, again.lent
                _train_by(engine, problem, [fit], wanted, deadline)
        return
    for fit, run in zip(fits, runs, strict=True):
        _take(fit, run, wanted)


def _take(fit: _Fit, run: Run, wanted: Wanted) -> None:
    """Take over a finished run."""
    result = fit.result
    result.outcome = run.outcome
    if result.is_interrupted:
        return
    whole = run.joined(fit.before)
    result.epochs, result.loss = len(whole.history.loss), whole.history.loss
    is_ended = run.outcome in (Outcome.ALL_EPOCHS, Outcome.TIME_LIMIT)
    result.is_part = is_ended and result.epochs < fit.job.training.epochs
    try:
        fit.model.adopt(fit.job, whole)
    except DivergedError as error:
        result.fail(error, wanted)
    fit.before = whole.history


def _score_fit(problem: Problem, fit: _Fit, wanted: Wanted) -> None:
    began, result, fold, ready = time.perf_counter(), fit.result, fit.fold, fit.ready
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result.score = _scored(problem, fit, fold.X_test, fold.raw_test, fold.y_test, fold.score_params, ready.test)
            if problem.scores_training:
                params = fold.train_score_params
                result.train_score = _scored(problem, fit, fold.X, fold.raw, fold.y, params, ready.train)
    except Exception as error:
        result.fail(error, wanted)
    result.score_seconds = time.perf_counter() - began
    if wanted.paused and result.outcome is Outcome.ALL_EPOCHS:
        result.paused = Paused(fit.job.parameters, fit.job.state, fit.before)
    if wanted.model:
        result.model = _assembled(fit)


def _scored(problem: Problem, fit: _Fit, X: Any, raw: Any, y: Any, params: dict[str, Any], held_out: Any) -> Any:
    if held_out is not None:
        return _own_score(fit, held_out.batch)
    is_plain = hasattr(problem.scorer, "_score_func") or hasattr(problem.scorer, "_scorers")
    is_plain = is_plain or hasattr(problem.scorer, "_estimator") or not fit.fold.before
    if is_plain:
        scorer = _of_model(problem.scorer, fit.model)
        return _score(fit.model, X, y, scorer, params, "raise")
    return _score(_assembled(fit), raw, y, problem.scorer, params, "raise")


def _of_model(scorer: Any, model: Any) -> Any:
    """Return the scorer for a pipeline's last step alone: its own score, where the pipeline's was meant."""
    return type(scorer)(model) if hasattr(scorer, "_estimator") else scorer


def _own_score(fit: _Fit, batch: Any) -> float:
    """Return accuracy or R² of a batch as the engine computes them, which takes a tenth of scikit-learn's time."""
    network: Network = fit.model.network_
    engine = get_engine(fit.model.engine, 1 if batch.rows < ROWS_FOR_THREADS else fit.model.n_threads)
    z = engine.forward(network, fit.model._parameters, batch.inputs)
    prediction = output_activation(network.output, z)
    return SCORES[fit.model._default_score](network.output, prediction, batch.targets)


def _assembled(fit: _Fit) -> Any:
    """Return the fitted estimator as a user would have it."""
    if fit.candidate.estimator is fit.candidate.model:
        return fit.model
    name = fit.candidate.estimator.steps[-1][0]
    return Pipeline([*fit.fold.before, (name, fit.model)])


def _fit_alone(problem: Problem, result: Result, wanted: Wanted) -> None:
    """Fit a trial by the estimator's own `fit`: it is of another kind, or somebody listens to it."""
    trial, began = result.trial, time.perf_counter()
    try:
        estimator = clone(problem.candidate(trial.number, trial.parameters).estimator)
        fold = problem.plain_fold(trial.split)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.fit(fold.X, fold.y, **fold.fit_params)
        result.fit_seconds = time.perf_counter() - began
        model = last_step(estimator)
        result.outcome, result.epochs = getattr(model, "outcome_", None), int(np.max(getattr(model, "n_iter_", 0)))
        if result.is_interrupted:
            return
        result.loss = list(getattr(model, "loss_curve_", None) or [])
        result.score = _score(estimator, fold.X_test, fold.y_test, problem.scorer, fold.score_params, "raise")
        if problem.scores_training:
            params = fold.train_score_params
            result.train_score = _score(estimator, fold.X, fold.y, problem.scorer, params, "raise")
        result.score_seconds = time.perf_counter() - began - result.fit_seconds
        result.model = estimator if wanted.model else None
    except Exception as error:
        result.fail(error, wanted)
