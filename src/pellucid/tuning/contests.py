"""How a batch of settings is scored: networks by cross-validation in populations, tabular estimators by themselves."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import ceil, inf, isfinite, nan
from typing import Any, Protocol

import numpy as np
from sklearn.base import clone

from pellucid.estimators.base import BaseMLP
from pellucid.estimators.tabular.members import PRESETS, Member, lines_beside
from pellucid.training.stopping import Outcome
from pellucid.tuning.problem import Problem, last_step, short_name
from pellucid.tuning.spaces import member_name, refused
from pellucid.tuning.trials import Paused, Result, Trial, Wanted
from pellucid.tuning.waves import run_all

__all__ = ["CrossValidation", "OutOfFold", "Scored", "Scorer"]

FACTOR = 3
"""Each rung has so many times the epochs of the one before."""

GO_ON = 2
"""Of the settings that got as far as a rung, the best of so many go on."""

FEWEST_EPOCHS = 3

GoesOn = Callable[[Mapping[int, float], int], set[int]]
"""Told the mean scores of settings after so many epochs, returns those that go on."""


@dataclass
class Scored:
    """What came of one setting.

    Attributes
    ----------
    number : int
        Its place in the batch.
    score, error : float
        Mean over the folds and its standard error; NaN where it failed.
    n_iter : float
        Epochs, the mean over the folds.
    seconds : float
        Of training and scoring, all folds together.
    is_pruned : bool
        It was not among those that went on.
    is_cut : bool
        Its training was ended by the time limit.
    reason : str
        Why it failed.
    parameters : int
        Numbers that the network has; 0: not known.
    model : estimator or None
    """

    number: int
    score: float = nan
    error: float = nan
    n_iter: float = 0.0
    seconds: float = 0.0
    is_pruned: bool = False
    is_cut: bool = False
    reason: str = ""
    parameters: int = 0
    model: Any = None

    def as_data(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them."""
        figures = {name: getattr(self, name) for name in ("score", "error", "n_iter", "seconds", "parameters")}
        return {name: value for name, value in figures.items() if isfinite(value)} | {"reason": self.reason[:1000]}


class Scorer(Protocol):
    """Scores batches of settings."""

    @property
    def fit_params(self) -> Mapping[str, Any]:
        """What `fit` of the estimator is given beside the rows."""
        ...

    def check_names(self, names: Sequence[str]) -> None:
        """Raise SpecError if there is no parameter of such a name."""
        ...

    def check_values(self, values: Mapping[str, Sequence[Any]]) -> None:
        """Raise SpecError if a parameter of these names cannot have one of its values, as far as it tells alone."""
        ...

    def starts(self, names: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return settings to begin with: what the estimator has itself."""
        ...

    def is_late(self, deadline: float | None) -> bool:
        """Tell whether another setting is not worth beginning before the deadline, of ``time.monotonic()``."""
        ...

    def score(
        self, settings: Sequence[Mapping[str, Any]], goes_on: GoesOn | None, deadline: float | None
    ) -> Iterator[Scored]:
        """Yield each setting's result as soon as it is known; what Ctrl-C or the time ended is missing."""
        ...


@dataclass
class CrossValidation:
    """Networks on folds, all settings of a batch as one population.

    Parameters
    ----------
    problem : Problem
    epochs : int
        Of a whole training.
    n_jobs : int or None
    """

    problem: Problem
    epochs: int
    n_jobs: int | None = None

    @property
    def fit_params(self) -> Mapping[str, Any]:
        """What `fit` of the estimator is given beside the rows."""
        return self.problem.fit_params

    def check_names(self, names: Sequence[str]) -> None:
        """Raise SpecError if the estimator has no parameter of such a name."""
        self.problem.check_names(names)

    def check_values(self, values: Mapping[str, Sequence[Any]]) -> None:
        """Raise SpecError if the network cannot have one of a parameter's values."""
        model = last_step(self.problem.estimator)
        own = model.get_params(deep=False) if isinstance(model, BaseMLP) else {}
        for name, value in _each(values):
            short = short_name(self.problem.estimator, name)
            if short in own:
                with refused(name, value):
                    model.check_parameters({short: value})

    def starts(self, names: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return settings to begin with: what the estimator has itself."""
        parameters = self.problem.estimator.get_params()
        return [{name: parameters[name] for name in names if name in parameters}]

    def is_late(self, deadline: float | None) -> bool:
        """Tell whether the deadline is over."""
        return deadline is not None and time.monotonic() >= deadline

    def rungs(self) -> list[int]:
        """Return the epochs after which the better settings go on; the last is the whole training.

        Examples
        --------
        >>> CrossValidation(None, epochs=200).rungs()
        [8, 24, 72, 200]
        """
        first = max(FEWEST_EPOCHS, ceil(self.epochs / FACTOR**3))
        rungs = []
        while first < self.epochs:
            rungs.append(first)
            first *= FACTOR
        return [*rungs, self.epochs]

    def score(
        self, settings: Sequence[Mapping[str, Any]], goes_on: GoesOn | None, deadline: float | None
    ) -> Iterator[Scored]:
        """Yield each setting's result as soon as it is known."""
        self.problem.forget_candidates()
        rungs = [self.epochs] if goes_on is None else self.rungs()
        tally = {number: _Tally(number, len(self.problem.splits)) for number in range(len(settings))}
        numbers = list(tally)
        for rung, epochs in enumerate(rungs):
            is_last = rung == len(rungs) - 1
            trials = [
                Trial(
                    number,
                    dict(settings[number]),
                    split,
                    min(1.0, epochs / self.epochs),
                    tally[number].paused.get(split),
                )
                for number in numbers
                for split in range(len(self.problem.splits))
                if rung == 0 or split in tally[number].paused
            ]
            for number in numbers:
                tally[number].paused = {}
            for trial in trials:
                tally[trial.number].awaited.add(trial.split)
            wanted = Wanted(paused=not is_last)
            for results in run_all(self.problem, trials, wanted, n_jobs=self.n_jobs, deadline=deadline):
                touched = {number for number in (_entered(tally, result) for result in results) if number is not None}
                for number in sorted(touched):
                    if tally[number].is_finished:
                        yield tally[number].scored()
            numbers = [number for number in numbers if tally[number].is_whole and tally[number].paused]  # not cut short
            if is_last or goes_on is None or not numbers:
                return
            chosen = goes_on({number: tally[number].mean for number in numbers}, epochs)
            for number in numbers:
                if number not in chosen:
                    scored = tally[number].scored()
                    scored.is_pruned = True
                    yield scored
            numbers = [number for number in numbers if number in chosen]


@dataclass
class _Tally:
    """Results of one setting, fold by fold."""

    number: int
    splits: int
    results: dict[int, Result] = field(default_factory=dict)
    paused: dict[int, Paused] = field(default_factory=dict)
    awaited: set[int] = field(default_factory=set)
    seconds: float = 0.0
    is_told: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every fold has a result, and none of them is of an earlier rung than it got to."""
        return len(self.results) == self.splits and not self.awaited

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be trained: all folds failed, converged or had all their epochs."""
        return self.is_whole and not self.paused and not self.is_told

    @property
    def mean(self) -> float:
        scores = [nan if result.error else float(result.score) for result in self.results.values()]
        return float(np.mean(scores))

    def scored(self) -> Scored:
        self.is_told = True
        results = list(self.results.values())
        reasons = [result.reason for result in results if result.reason]
        scores = [float(result.score) for result in results if not result.error]
        error = float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else nan
        return Scored(
            self.number,
            self.mean,
            error,
            float(np.mean([result.epochs for result in results])),
            self.seconds,
            is_cut=any(result.is_cut for result in results),
            reason=reasons[0] if reasons else "" if isfinite(self.mean) else "the score is not a finite number",
            parameters=max(result.parameters for result in results),
        )


def _entered(tally: Mapping[int, _Tally], result: Result) -> int | None:
    """Enter a result; return its setting, or None if it does not count."""
    if result.is_interrupted:
        return None
    own = tally[result.trial.number]
    own.results[result.trial.split] = result
    own.awaited.discard(result.trial.split)
    own.seconds += result.fit_seconds + result.score_seconds
    if result.paused is not None:
        own.paused[result.trial.split], result.paused = result.paused, None
    return own.number


def _each(values: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, every in values.items() for value in every)


class OutOfFold:
    """Tabular estimators: each setting is a `Member`, trained on the estimator's own folds, scored out of fold.

    Parameters
    ----------
    estimator : TabularClassifier or TabularRegressor
    X, y : table and target
    fit_params : mapping
    """

    def __init__(self, estimator: Any, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        self.estimator, self.X, self.y = estimator, X, y
        self._fit_params = dict(fit_params)
        self.own = set(estimator.get_params()) - {"members"}
        self.known = {each.name for each in fields(Member)}
        preset = PRESETS.get(estimator.preset)
        kinds = [[Member()]] if preset is None else estimator._members_of(preset)
        self.recipes = [member for kind in kinds for member in kind]
        if not isinstance(y, str):
            columns = len(X.columns) if hasattr(X, "columns") else np.shape(X)[1]  # inputs are not known before a fit
            self.recipes += lines_beside(len(y), columns)
        self.quickest = self.quickest_cut = inf

    @property
    def fit_params(self) -> Mapping[str, Any]:
        """What `fit` of the estimator is given beside the rows."""
        return self._fit_params

    def check_names(self, names: Sequence[str]) -> None:
        """Raise SpecError if neither a member nor the estimator has a parameter of such a name."""
        for name in names:
            if name not in self.own:
                member_name(name, self.known)

    def check_values(self, values: Mapping[str, Sequence[Any]]) -> None:
        """Raise SpecError if neither a member nor the estimator can have one of a parameter's values."""
        for name, value in _each(values):
            with refused(name, value):
                self.with_setting({name: value})._check_parameters()

    def starts(self, names: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return settings to begin with: the recipes of the estimator's preset."""
        own = {name: self.estimator.get_params()[name] for name in names if name in self.own}
        inner = {name: member_name(name, self.known) for name in names if name not in self.own}
        return [own | {name: getattr(each, field) for name, field in inner.items()} for each in self.recipes]

    def differs_in_members_only(self, names: Sequence[str]) -> bool:
        """Tell whether models with other values of such names have the same folds, and the same meaning."""
        return not self.own & set(names)

    def is_late(self, deadline: float | None) -> bool:
        """Tell whether less time is left than the quickest setting took: what is cut short would not count.

        Of one that was cut short, half the time: another one may be quicker.
        """
        known = self.quickest if isfinite(self.quickest) else self.quickest_cut / 2
        return deadline is not None and time.monotonic() + (known if isfinite(known) else 0.0) >= deadline

    def with_setting(self, setting: Mapping[str, Any]) -> Any:
        """Return the estimator, not fitted, with a setting."""
        inner = {member_name(name, self.known): value for name, value in setting.items() if name not in self.own}
        outer = {name: value for name, value in setting.items() if name in self.own}
        if isinstance(inner.get("hidden"), int):
            inner["hidden"] = (inner["hidden"],)
        base = {each.name: getattr(self.recipes[0], each.name) for each in fields(Member)}
        return clone(self.estimator).set_params(members=[Member(**{**base, **inner})], **outer)

    def score(
        self, settings: Sequence[Mapping[str, Any]], goes_on: GoesOn | None, deadline: float | None
    ) -> Iterator[Scored]:
        """Yield each setting's result: the out-of-fold score of its fit."""
        for number, setting in enumerate(settings):
            if number and self.is_late(deadline):
                return
            began = time.perf_counter()
            try:
                model = self.with_setting(setting)
                left = inf if deadline is None else max(0.1, deadline - time.monotonic())
                is_limited = left < (model.time_limit or inf)
                if is_limited:
                    model.set_params(time_limit=left)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    model.fit(self.X, self.y, **self.fit_params)
            except KeyboardInterrupt:
                return
            except Exception as error:
                yield Scored(number, seconds=time.perf_counter() - began, reason=f"{type(error).__name__}: {error}")
                continue
            model.set_params(time_limit=self.estimator.time_limit)
            if model.outcome_ is Outcome.INTERRUPTED:
                return
            networks = model.bag_.networks
            score, seconds = float(model.oof_score_), time.perf_counter() - began
            is_cut = is_limited and model.outcome_ is Outcome.TIME_LIMIT
            if is_cut:
                self.quickest_cut = min(seconds, self.quickest_cut)
            else:
                self.quickest = min(seconds, self.quickest)
            yield Scored(
                number,
                score,
                n_iter=float(model.n_iter_),
                seconds=seconds,
                is_cut=is_cut,
                reason="" if isfinite(score) else "the out-of-fold score is not a finite number",
                parameters=max(len(each.parameters) for each in networks),
                model=model,
            )
