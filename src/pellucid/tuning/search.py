"""`search`: Optuna asks, populations answer; the study is a file that outlives its processes."""

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import ceil, nan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from sklearn.base import clone

from pellucid.errors import PellucidError, SpecError, did_you_mean
from pellucid.estimators.progress import ProgressBar
from pellucid.estimators.reports import warn
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.estimators.tabular.importances import SHARES
from pellucid.plotting import SearchHistory
from pellucid.spec.checks import shown
from pellucid.tables.frames import counted
from pellucid.training.stopping import Outcome
from pellucid.tuning.combining import Combination, Combiner
from pellucid.tuning.contests import GO_ON, CrossValidation, OutOfFold, Scored, Scorer
from pellucid.tuning.failures import grouped_reasons
from pellucid.tuning.measuring import check_time_limit, problem_of, score_name
from pellucid.tuning.problem import full_name, last_name, last_step, planned_epochs, short_name
from pellucid.tuning.rungs import best_of
from pellucid.tuning.spaces import Space, default_space, read_space
from pellucid.tuning.study import (
    Pulse,
    give_sign_of_life,
    marks_of,
    open_study,
    put_back,
    requeue,
    requeue_lost,
    require_optuna,
    scoring_mark,
    splits_mark,
    storage_url,
    without_password,
    worker,
    wrapped_errors,
)
from pellucid.tuning.trials import Result, Trial
from pellucid.tuning.words import score_told, setting_text, setting_title, text_of, used_settings

__all__ = ["Search", "search"]

DEFAULT_TRIALS = 50
COMBINED = 8
BATCH = 8
"""Settings trained together: more fill the processors, but each is chosen with less known."""

FIGURES = ("score", "error", "n_iter", "seconds", "parameters", "reason")
"""Columns of the data frame beside the settings."""

MOST_FAILURES = 10
"""Where so many trials fail and none succeeds, the search ends: the next would fail, too."""

OF_TABLES = ("groups", "sample_weight", "schema")
"""What fit of a tabular estimator takes beside the rows."""

SAMPLERS = ("tpe", "random", "grid")


def search(
    estimator: Any,
    X: Any,
    y: Any,
    space: Mapping[str, Any] | None = None,
    *,
    n_trials: int | None = None,
    time_limit: float | None = None,
    sampler: Any = "tpe",
    pruning: bool = True,
    cv: Any = None,
    scoring: Any = None,
    fit_params: Mapping[str, Any] | None = None,
    seed: int = 0,
    storage: str | Path | None = "pellucid-study.sqlite",
    study_name: str = "pellucid",
    batch: int | None = None,
    n_jobs: int | None = None,
    refit: bool = True,
    combine: int | None = None,
    progress: bool = False,
    on_trial: Callable[["Search"], object] | None = None,
) -> "Search":
    """Search settings with Optuna, whole batches of trials trained as populations.

    A study's first trial has the estimator's own values, as far as the space has them; of a tabular estimator the first
    trials have those of its preset's recipes, and where rows are few linear networks are among them.

    The study lies in a file. The same call again goes on with it: nothing that was finished is lost, whatever ended
    the process; what was under way is tried again. Several processes, on one machine with a file or on many with a
    database, may work on one study; what one on another machine had under way is tried again two minutes after its
    last sign of life.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, Pipeline that ends in one, TabularClassifier or TabularRegressor
        Networks are scored by cross-validation. Of a tabular estimator the fields of its `Member` are searched, each
        setting fitted by itself (five networks of its folds) and scored out of fold.
    X, y : table and target
    space : mapping or None
        For each parameter a list of values, (low, high), (low, high, 'log'), or one of ``optuna.distributions``; of a
        pipeline's network also without the step's name. Ranges of whole numbers have such only, unless the estimator's
        own value is a float. None: what is worth varying.
    n_trials : int or None
        Trials of the study altogether, those of earlier calls and other processes included; None: every combination
        for the sampler 'grid', else 50, or as many as the time allows.
    time_limit : float > 0 or None
        Seconds of this call, the final refit apart. Trials that it ends are tried again by the next; the first one
        counts as long as none has a score.
    sampler : {'tpe', 'random', 'grid'} or optuna sampler
    pruning : bool
        Train settings for some epochs and let only the better half of all that got as far go on.
    cv, scoring, fit_params, n_jobs
        As in `sweep`. Of a tabular estimator `cv` and `scoring` must be None: its parameters ``n_folds``,
        ``time_column`` and ``scoring``, and ``groups`` in `fit_params`, take their place.
    seed : int
        Of the sampler; the networks have the estimator's ``random_state``, 0 if it is None.
    storage : str, Path or None
        Path of an SQLite file, or any URL that Optuna takes, such as ``postgresql://user@host/database``. None: memory,
        where the study ends with its process.
    study_name : str
    batch : int or None
        Trials trained together.
    refit : bool
        Fit the best setting on all rows at the end.
    combine : int or None
        Trials of a tabular estimator whose networks ``best_estimator_`` joins, at most: those that together predict
        best out of fold (Caruana et al., 2004). None: 8; 1: the best trial alone.
    progress : bool
        Show a bar with the time left and the best score so far.
    on_trial : callable or None
        Told the search so far after each trial.

    Returns
    -------
    Search
        After Ctrl-C with the trials finished by then, nothing refitted.

    Raises
    ------
    PellucidError
        If a parameter is unknown, the study's file is damaged, locked, another program's or of another search, or all
        trials failed.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from pellucid import MLPClassifier
    >>> from pellucid.tuning import search
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> space = {"hidden_layer_sizes": [(4,), (32,)], "learning_rate_init": (1e-4, 0.1, "log")}
    >>> found = search(MLPClassifier(max_iter=30), X, y, space, n_trials=16, cv=3, storage="moons.sqlite")
    >>> len(found.frame), found.best_score_ > 0.9
    (16, True)
    >>> len(search(MLPClassifier(max_iter=30), X, y, space, n_trials=20, cv=3, storage="moons.sqlite").frame)
    20
    """
    optuna = require_optuna()
    _check(n_trials, time_limit, batch, sampler, optuna)
    if not isinstance(pruning, bool):
        raise SpecError(
            f"'pruning' of search must be True or False; got {shown(pruning)}. It has a rule of its own, by which the "
            "better half goes on, and takes none of Optuna's pruners."
        )
    most = _combined_at_most(combine, estimator)
    estimator = _seeded(estimator)
    given = default_space(last_step(estimator)) if space is None else space
    if isinstance(given, Mapping):
        given = {full_name(estimator, name): value for name, value in given.items()}
    read = read_space(given)
    scorer = _scorer(estimator, X, y, cv, scoring, fit_params, n_jobs)
    scorer.check_names(sorted(read.distributions))
    own = scorer.starts(list(read.distributions))[0]
    read = read.continuous([name for name in own if isinstance(own[name], float) and isinstance(given[name], tuple)])
    scorer.check_values(read.samples())
    trials = n_trials
    if trials is None and time_limit is None and sampler != "grid":
        trials = DEFAULT_TRIALS
    marks = {
        **marks_of(estimator, X, y, fit_params),
        "space": {name: str(distribution) for name, distribution in read.distributions.items()},
        "scoring": scoring_mark(scoring),
    }
    if isinstance(scorer, CrossValidation):
        marks["cv"] = splits_mark(scorer.problem.splits)
    study = open_study(storage, study_name, _sampler(sampler, seed, read), marks, read)
    run = _Run(study, read, scorer, storage_url(storage), trials, time_limit, pruning, _batch(batch, n_jobs), on_trial)
    run.grid = read.combinations() if sampler == "grid" else None
    name = score_name(scoring or _own_scoring(estimator), estimator)
    found = Search(study, read, estimator, X, y, name, fit_params=scorer.fit_params)
    if most > 1 and isinstance(scorer, OutOfFold) and scorer.differs_in_members_only(list(read.distributions)):
        found.combiner = Combiner(X, y, dict(fit_params or {}).get("sample_weight"), most)
    bar = ProgressBar("search", unit="trial") if progress else None
    is_interrupted = run.go(found, bar)
    found.refresh()
    found.is_interrupted_, found.is_complete_ = is_interrupted, not is_interrupted and run.is_over()
    found.planned_, found.is_late_ = (
        run.planned,
        not is_interrupted and not found.is_complete_ and (run.has_cut or run.is_late()),
    )
    found.check()
    if found.best_estimator_ is None and refit and not is_interrupted:
        try:
            found.refit()
        except KeyboardInterrupt:
            found.is_interrupted_ = True
    if found.is_interrupted_:
        kept = (
            f" and stay in '{without_password(storage)}'. The same call goes on with them"
            if storage is not None
            else ", in memory only"
        )
        warn(f"Search interrupted: {len(found.frame)} trials are finished{kept}.")
    return found


def _check(n_trials: Any, time_limit: Any, batch: Any, sampler: Any, optuna: Any) -> None:
    for name, value in (("n_trials", n_trials), ("batch", batch)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
            raise SpecError(f"'{name}' of search must be an integer of at least 1 (or None); got {shown(value)}.")
    check_time_limit("search", time_limit)
    if sampler not in SAMPLERS and not isinstance(sampler, optuna.samplers.BaseSampler):
        raise SpecError(f"'sampler' of search must be one of {', '.join(SAMPLERS)} or Optuna's; got {shown(sampler)}.")


def _combined_at_most(combine: Any, estimator: Any) -> int:
    if combine is None:
        return COMBINED
    if isinstance(combine, bool) or not isinstance(combine, int | np.integer) or combine < 1:
        raise SpecError(f"'combine' of search must be an integer of at least 1 (or None); got {shown(combine)}.")
    if combine > 1 and not isinstance(estimator, BaseTabular):
        raise SpecError(f"'combine' of search is for tabular estimators; got {combine} for {type(estimator).__name__}.")
    return int(combine)


def _seeded(estimator: Any) -> Any:
    """Return the estimator with a seed: the same setting has the same score in every process."""
    estimator = clone(estimator)
    step = last_name(estimator)
    name = "random_state" if step is None else f"{step}__random_state"
    parameters = estimator.get_params()
    return estimator.set_params(**{name: 0}) if name in parameters and parameters[name] is None else estimator


def _own_scoring(estimator: Any) -> Any:
    if not isinstance(estimator, BaseTabular):
        return None
    scoring = estimator._scoring()
    return scoring if scoring in SHARES else f"neg_{scoring}"


def _scorer(
    estimator: Any, X: Any, y: Any, cv: Any, scoring: Any, fit_params: Mapping[str, Any] | None, n_jobs: int | None
) -> Scorer:
    if isinstance(estimator, BaseTabular):
        if scoring is not None:
            raise SpecError(
                "'scoring' of search must be None for a tabular estimator, which has its own parameter; got "
                f"{shown(scoring)}."
            )
        if cv is not None:
            raise SpecError(
                "'cv' of search must be None for a tabular estimator, which deals its own folds; got "
                f"{shown(cv)}. Set its n_folds or time_column, or give groups in fit_params."
            )
        estimator._check_parameters()
        _check_rows(estimator, X, y, fit_params or {})
        return OutOfFold(estimator, X, y, fit_params or {})
    problem = problem_of("search", estimator, X, y, cv=cv, scoring=scoring, fit_params=fit_params)
    problem.scores_training = False
    return CrossValidation(problem, planned_epochs(estimator), n_jobs)


def _check_rows(estimator: BaseTabular, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
    """Raise what is wrong with a table's target, weights, groups or folds: it would fail each trial."""
    for name in fit_params:
        if name not in OF_TABLES:
            rule = f"have only what fit of {type(estimator).__name__} takes, {', '.join(OF_TABLES)}"
            raise SpecError(f"'fit_params' of search must {rule}; got {name!r}.{did_you_mean(name, OF_TABLES)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in each trial
        estimator._check_rows(X, y, **fit_params)


def _sampler(sampler: Any, seed: int, space: Space) -> Any:
    if sampler == "grid" and space.size is None:
        raise SpecError("'space' of search must have lists only for the sampler 'grid'.")
    if sampler not in SAMPLERS:
        return sampler
    from pellucid.tuning.samplers import SeededByNumber, tpe, uniform  # noqa: PLC0415 - needs the extra

    return SeededByNumber(tpe if sampler == "tpe" else uniform, seed)


def _batch(batch: int | None, n_jobs: int | None) -> int:
    return max(BATCH, ceil(effective_n_jobs(n_jobs) / 2)) if batch is None else int(batch)


class _Run:
    """One process at work on a study."""

    def __init__(
        self,
        study: Any,
        space: Space,
        scorer: Scorer,
        url: str,
        trials: int | None,
        time_limit: float | None,
        pruning: bool,
        batch: int,
        on_trial: Callable[["Search"], object] | None,
    ) -> None:
        self.study, self.space, self.scorer, self.url, self.trials = study, space, scorer, url, trials
        self.began = time.monotonic()
        self.deadline = None if time_limit is None else self.began + time_limit
        self.pruning, self.batch, self.on_trial = pruning, batch, on_trial
        self.best: Scored | None = None
        self.has_cut = False  # the time limit ended a trial, which is tried again
        self.grid: list[dict[str, Any]] | None = None
        self.open: dict[int, Any] = {}
        self.name = worker()

    def go(self, found: "Search", bar: ProgressBar | None) -> bool:
        """Work until the study is done or the time over; return whether Ctrl-C ended it."""
        if bar is not None:
            bar.on_fit_begin(None)
        pulse = Pulse(self.open)
        try:
            with wrapped_errors(self.url):
                if self.grid is None and not self.study.get_trials(deepcopy=False):
                    for start in self.scorer.starts(list(self.space.distributions)):
                        self.study.enqueue_trial(self.space.encode(start), skip_if_exists=True)
            is_first = True
            with pulse:
                while (is_first or not self.is_late()) and (count := min(self.batch, self._left())) > 0:
                    if self._all_fail():
                        break
                    is_first = False
                    if not self._run_batch(count, found, bar):
                        return True
        except KeyboardInterrupt:
            return True
        finally:
            self._put_back()
            if bar is not None:
                bar.on_fit_end(None)
        return False

    @property
    def planned(self) -> str:
        """How many trials there are to be altogether, in words; empty where nothing but the time tells."""
        if self.grid is not None:
            return counted(len(self.grid), "combination")
        return "" if self.trials is None else counted(self.trials, "trial")

    def is_over(self) -> bool:
        """Tell whether all trials of the study are done."""
        if self.grid is not None and self._missing(counted_only=True):
            return False
        return self.trials is None or _counted(self.study) >= self.trials

    def _all_fail(self) -> bool:
        """Tell whether enough trials failed, and none did not."""
        with wrapped_errors(self.url):
            ended = [trial.state.name for trial in self.study.get_trials(deepcopy=False) if trial.state.is_finished()]
        return len(ended) >= MOST_FAILURES and set(ended) == {"FAIL"}

    def is_late(self) -> bool:
        """Tell whether the time is over, or no other trial would end in it."""
        return self.scorer.is_late(self.deadline)

    def _left(self) -> int:
        """Return how many trials nobody has begun, or is at work on any more."""
        with wrapped_errors(self.url):
            requeue_lost(self.study, self.space)
            left = self.batch if self.grid is None else len(self._missing())
            return left if self.trials is None else min(left, self.trials - _counted(self.study) - _running(self.study))

    def _missing(self, *, counted_only: bool = False) -> list[dict[str, Any]]:
        """Return the combinations of a grid that nobody has tried, or is trying."""
        trials = self.study.get_trials(deepcopy=False)
        taken = [
            each.params for each in trials if _is_counted(each) or (each.state.name == "RUNNING" and not counted_only)
        ]
        return [each for each in self.grid or [] if each not in taken]

    def _run_batch(self, count: int, found: "Search", bar: ProgressBar | None) -> bool:
        """Ask for so many settings, score them, tell; return False after Ctrl-C."""
        asked = []
        with wrapped_errors(self.url):
            waiting = [
                each.system_attrs.get("fixed_params")
                for each in self.study.get_trials(deepcopy=False)
                if each.state.name == "WAITING"
            ]
            for setting in self._missing()[:count]:
                if setting not in waiting:
                    self.study.enqueue_trial(setting)
            for _ in range(count):
                trial = self.study.ask(self.space.distributions)
                self.open[trial.number] = trial
                trial.set_user_attr("worker", self.name)
                give_sign_of_life(trial)
                asked.append(trial)
        settings = [self.space.decode(trial.params) for trial in asked]

        def goes_on(means: Mapping[int, float], epochs: int) -> set[int]:
            with wrapped_errors(self.url):
                return self._goes_on(asked, means, epochs)

        told = 0
        for scored in self.scorer.score(settings, goes_on if self.pruning else None, self.deadline):
            with wrapped_errors(self.url):
                is_told = self._tell(asked[scored.number], scored)
            told += 1
            if not is_told:
                continue  # it is tried again, by this process or another
            if scored.model is not None:
                with wrapped_errors(self.url):
                    found.take(asked[scored.number].number, scored, is_best=self.best is scored)
            if self.on_trial is not None:
                found.refresh()
                self.on_trial(found)
            if bar is not None:
                done = _counted(self.study)
                total = self.trials or max(done, 1)
                best = "" if self.best is None else f"best {self.best.score:.4f}"
                bar.advance(None, done, max(total, done), time.monotonic() - self.began, best)
        return told == count or self.is_late()

    def _goes_on(self, asked: Sequence[Any], means: Mapping[int, float], epochs: int) -> set[int]:
        """Report scores after so many epochs; choose who is among the best of all that got as far."""
        from optuna.exceptions import UpdateFinishedTrialError  # noqa: PLC0415 - an extra

        for number, mean in means.items():
            with suppress(UpdateFinishedTrialError):  # another process has taken it for lost
                asked[number].report(mean, epochs)
        others = [
            trial.intermediate_values[epochs]
            for trial in self.study.get_trials(deepcopy=False)
            if epochs in trial.intermediate_values and trial.number not in self.open
        ]
        every = dict(means) | {-1 - place: value for place, value in enumerate(others)}
        return {number for number in best_of(every, GO_ON) if number >= 0}

    def _tell(self, trial: Any, scored: Scored) -> bool:
        """Enter a result; return False for one that was cut short and is put back at the end, or taken for lost."""
        from optuna.exceptions import UpdateFinishedTrialError  # noqa: PLC0415 - an extra

        try:
            return self._enter(trial, scored)
        except UpdateFinishedTrialError:  # another process heard nothing of this one for long, and tries it again
            self.open.pop(trial.number, None)
            return False

    def _enter(self, trial: Any, scored: Scored) -> bool:
        from optuna.trial import TrialState  # noqa: PLC0415 - an extra

        self.has_cut = self.has_cut or scored.is_cut
        is_first = self.best is None and not _has_score(self.study.get_trials(deepcopy=False))
        if scored.is_cut and not is_first:
            return False
        if scored.is_cut:
            trial.set_user_attr("cut", True)  # better a poor result than none, until it is tried again
        trial.set_user_attr("result", scored.as_data())
        if scored.reason:
            self.study.tell(trial, state=TrialState.FAIL)
        elif scored.is_pruned:
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.tell(trial, scored.score)
            if self.best is None or scored.score > self.best.score:
                self.best = scored
        if scored.is_cut:
            requeue(self.study, trial, self.space)
        self.open.pop(trial.number, None)
        return True

    def _put_back(self) -> None:
        """Let others, or the next call, try what this one asked for and did not finish."""
        with wrapped_errors(self.url):
            for trial in list(self.open.values()):
                put_back(self.study, trial, self.space)
                del self.open[trial.number]


def _is_counted(trial: Any) -> bool:
    """Tell whether a trial is done: not one that was lost with its process, put back, or cut short."""
    return trial.state.is_finished() and not _is_lost(trial) and "cut" not in trial.user_attrs


def _is_lost(trial: Any) -> bool:
    """Tell whether a trial ended with its process, or was put back: it is failed without a reason."""
    return trial.state.name == "FAIL" and "result" not in trial.user_attrs


def _with_result(trials: Sequence[Any]) -> list[Any]:
    """Return the trials that are done, and those cut short that are not in another try, or are all that has a score."""
    whole = [trial for trial in trials if _is_counted(trial)]
    done = {_setting(trial) for trial in whole if _has_score(whole)}
    return [each for each in trials if _is_counted(each) or ("cut" in each.user_attrs and _setting(each) not in done)]


def _setting(trial: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(trial.params.items()))


def _counted(study: Any) -> int:
    return sum(_is_counted(trial) for trial in study.get_trials(deepcopy=False))


def _running(study: Any) -> int:
    return sum(trial.state.name == "RUNNING" for trial in study.get_trials(deepcopy=False))


def _has_score(trials: Sequence[Any]) -> bool:
    return any(trial.state.name == "COMPLETE" for trial in trials)


class Search:
    """What a search found so far.

    Attributes
    ----------
    frame : DataFrame
        A row for each trial: its number from 1 on, as words and pictures tell it (Optuna's, from 0 on, is one less),
        state ('COMPLETE', 'PRUNED', 'FAIL'), score, its standard error, epochs, seconds, reason, and the parameters.
    best_params_, best_score_ : dict, float
    best_estimator_ : estimator
        Fitted; None if nothing was refitted. A tabular estimator's is there while the search goes on: the networks of
        the trials in `combination_`, or of the best one alone.
    combination_ : Combination or None
        Of a tabular estimator the ``trials`` that are joined, by their numbers, and their ``score`` out of fold.
    study : optuna.Study
        For Optuna's own pictures and more.
    is_complete_, is_interrupted_, is_late_ : bool
        Whether all trials are done that are planned; if not, whether Ctrl-C ended the search, or its time limit.
    planned_ : str
        How many that are, in words; empty where nothing but the time tells.
    """

    def __init__(
        self,
        study: Any,
        space: Space,
        estimator: Any,
        X: Any,
        y: Any,
        score_name: str,
        *,
        fit_params: Mapping[str, Any],
    ) -> None:
        self.study, self.space, self.score_name = study, space, score_name
        self._estimator, self._X, self._y, self._fit_params = estimator, X, y, fit_params
        self.is_complete_ = self.is_interrupted_ = self.is_late_ = False
        self.planned_ = ""
        self.best_score_: float = nan
        self.best_params_: dict[str, Any] = {}
        self._unfinished = self._elsewhere = 0
        self._cut_epochs = 0.0  # of the best trial, if the time limit ended it
        self.frame = pd.DataFrame()
        self.best_estimator_: Any = None
        self.combiner: Combiner | None = None
        self.combination_: Combination | None = None
        self.refresh()

    def refresh(self) -> None:
        """Read the study again."""
        begun = self.study.get_trials(deepcopy=False)
        trials = _with_result(begun)
        tries = {_setting(each): each.number for each in begun if each.state.name != "WAITING"}  # each one's last
        self._unfinished = sum(_is_lost(each) and tries[_setting(each)] == each.number for each in begun)
        mine = worker()
        self._elsewhere = sum(each.state.name == "RUNNING" and each.user_attrs.get("worker") != mine for each in begun)
        self.frame = pd.DataFrame(
            [
                {
                    "trial": trial.number + 1,
                    "state": trial.state.name,
                    **{name: trial.user_attrs.get("result", {}).get(name, nan) for name in FIGURES},
                    **self.space.decode(trial.params),
                }
                for trial in trials
            ],
            columns=["trial", "state", *FIGURES, *self.space.distributions],
        )
        whole = [trial for trial in trials if trial.state.name == "COMPLETE"]
        best = max(whole, key=lambda trial: trial.value, default=None)
        joined = self._joined(best)
        known = self.combination_
        if getattr(joined, "trials", None) != getattr(known, "trials", None):  # another process, or call, has a better
            self.combination_, self.best_estimator_ = joined, None
        if best is not None:
            self.best_params_, self.best_score_ = self.space.decode(best.params), float(best.value)
            result = best.user_attrs.get("result", {})
            self._cut_epochs = float(result.get("n_iter", 0.0)) if best.user_attrs.get("cut") else 0.0

    def _joined(self, best: Any) -> Combination | None:
        """Return what the study knows to be joined best; where one trial alone is better, that one."""
        if self.combiner is None:
            return None
        known = Combination.of(self.study.user_attrs.get("combination"))
        if best is not None and (known is None or known.score < best.value):
            return Combination((best.number + 1,), float(best.value))
        return known

    def take(self, number: int, scored: Scored, *, is_best: bool) -> None:
        """Keep a trial's model, if it is this process's best one and the study has no better, or joined with others."""
        model, scored.model = scored.model, None
        if self.combiner is None:
            if is_best:
                self.best_estimator_ = None if self.best_score_ > scored.score else model
            return
        joined, whole = self.combiner.add(number + 1, model)
        known = Combination.of(self.study.user_attrs.get("combination"))
        if math.isfinite(joined.score) and (known is None or joined.score > known.score):
            self.study.set_user_attr("combination", joined.as_data())
            self.combination_, self.best_estimator_ = joined, whole

    def check(self) -> None:
        """Raise what there is to raise if no trial has a score."""
        if math.isfinite(self.best_score_):
            return
        reasons = [reason for reason in self.frame["reason"] if reason]
        failed = [Result(Trial(0, {}, 0), reason=reason) for reason in reasons]
        if failed:
            raise PellucidError(f"All {len(failed)} trials failed: {grouped_reasons(failed)}")
        if self.is_interrupted_:
            raise KeyboardInterrupt
        raise PellucidError("No trial was finished: other processes may have them all. Give more time or trials.")

    def refit(self) -> Any:
        """Fit what is best to all rows, each trial that is joined as it was in the search; return `best_estimator_`.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C ended a fit; `best_estimator_` stays as it was.
        """
        if self.combiner is None or self.combination_ is None:
            self.best_estimator_ = self.best_estimator().fit(self._X, self._y, **self._fit_params)
            return self.best_estimator_
        models = {}
        for trial, model in self._joined_estimators().items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the table, as in each trial
                models[trial] = model.fit(self._X, self._y, **self._fit_params)
            if model.outcome_ is Outcome.INTERRUPTED:
                raise KeyboardInterrupt
        self.combination_, self.best_estimator_ = self.combiner.joined(models)
        return self.best_estimator_

    def _joined_estimators(self) -> dict[int, Any]:
        """Return an estimator, not fitted, for each trial that is joined, by their numbers."""
        scorer = OutOfFold(self._estimator, self._X, self._y, {})
        trials = self.study.get_trials(deepcopy=False)
        numbers = () if self.combination_ is None else self.combination_.trials
        return {number: scorer.with_setting(self.space.decode(trials[number - 1].params)) for number in numbers}

    def best_estimator(self) -> Any:
        """Return an estimator, not fitted, with the best setting, or the members of the trials that are joined.

        Its fit trains these members beside each other, with other seeds than the trials have: `refit` is as they were.
        """
        if isinstance(self._estimator, BaseTabular):
            joined = list(self._joined_estimators().values())
            if not joined:
                return OutOfFold(self._estimator, self._X, self._y, {}).with_setting(self.best_params_)
            return joined[0].set_params(members=[member for each in joined for member in each.members])
        return clone(self._estimator).set_params(
            **{name: clone(value, safe=False) for name, value in self.best_params_.items()}
        )

    def __repr__(self) -> str:
        name, sign = score_told(self.score_name)
        best = f", best {name} {sign * self.best_score_:.4f}" if math.isfinite(self.best_score_) else ""
        return f"<Search: {counted(len(self.frame), 'trial')}{best}>"

    def __str__(self) -> str:
        states = self.frame["state"].value_counts()
        what = ", ".join(
            f"{self._short(name)} = {setting_text(self._short(name), value)}"
            for name, value in used_settings(self.best_params_).items()
        )
        done, is_part = len(self.frame), bool(self.planned_) and not self.is_complete_
        told = [f"{done} of {self.planned_}" if is_part else counted(done, "trial")]
        told += [f"{states[key]} {word}" for key, word in (("PRUNED", "pruned"), ("FAIL", "failed")) if key in states]
        unfinished = 0 if self.is_late_ else self._unfinished  # where it is late, others that the time left are told
        told += [f"{unfinished} begun but not finished"] if unfinished else []
        told += [f"{self._elsewhere} under way elsewhere"] if self._elsewhere else []
        cut = (
            f" The time limit cut it short, after {counted(round(self._cut_epochs), 'epoch')}."
            if self._cut_epochs
            else ""
        )
        late = " The time was over before the others: run the same again to go on with them." if self.is_late_ else ""
        name, sign = score_told(self.score_name)
        lower = " (lower is better)" if sign < 0 else ""
        best = f"Best: {what}, with {name} {sign * self.best_score_:.4f}{lower}.{cut} {', '.join(told)}.{late}"
        if self.combination_ is None or not self.combination_.is_joined:
            return best
        return f"{best} Joined, the networks of {self.combination_} reach {sign * self.combination_.score:.4f}."

    def _short(self, name: str) -> str:
        return short_name(self._estimator, name)

    def _title(self, name: str) -> str:
        return setting_title(self._short(name))

    def plot(self) -> SearchHistory:
        """Draw the best score so far against the trials, and the scores against each parameter."""
        values = {self._title(name): self.frame[name].tolist() for name in self.space.distributions}
        logs = [
            self._title(name)
            for name, distribution in self.space.distributions.items()
            if getattr(distribution, "log", False)
        ]
        shown_values = {name: [_as_shown(each) for each in own] for name, own in values.items()}
        return SearchHistory(
            self.frame["score"].tolist(),
            self.frame["state"].eq("PRUNED").tolist(),
            shown_values,
            logs=logs,
            score_name=self.score_name,
            numbers=self.frame["trial"].tolist(),
        ).plot()


def _as_shown(value: Any) -> Any:
    """Return numbers as they are, and other values as texts."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text_of(value)
