"""`PopulationSearchCV`: scikit-learn's grid search, all fits trained together."""

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, isnan, nan
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_method_params

from pellucid.errors import PellucidError
from pellucid.estimators.progress import ProgressBar
from pellucid.estimators.reports import warn
from pellucid.tuning.failures import report_failures
from pellucid.tuning.grids import combinations
from pellucid.tuning.measuring import check_of_rows, folds_of
from pellucid.tuning.problem import Problem, planned_epochs
from pellucid.tuning.rounds import Ran, run_evenly, run_round
from pellucid.tuning.rungs import best_of, rung_shares
from pellucid.tuning.trials import Paused, Result, Trial, Wanted
from pellucid.tuning.words import ended_early

__all__ = ["PopulationSearchCV"]


class PopulationSearchCV(BaseSearchCV):
    """Searches settings by cross-validation like scikit-learn's ``GridSearchCV``, all networks trained together.

    For the same estimator, folds and seeds the scores and the winner are those of ``GridSearchCV``. The fits of
    `MLPClassifier` and `MLPRegressor`, alone or as the last step of a ``Pipeline``, are trained as populations; any
    other estimator (the tabular ones are populations themselves) is fitted one after another.

    Parameters
    ----------
    estimator : estimator or Pipeline
    param_grid : mapping of str to lists or distributions, or list of such
        Settings to be tried; an empty mapping: the estimator as it is.
    n_iter : int >= 1 or None, default=None
        Settings drawn at random; None: every combination.
    halving : int >= 2 or None, default=None
        Let all settings train for a few epochs, then the best ``1 / halving`` of them go on from where they are, and
        so on: the last ones have all their epochs.
    scoring, refit, cv, error_score, return_train_score
        As in ``GridSearchCV``.
    n_jobs : int or None, default=None
        Processes; None: this one, whose threads the engine uses, or what ``joblib.parallel_config`` says: with
        ``backend="dask"`` or ``"ray"`` a cluster.
    random_state : int, RandomState or None, default=None
        Draws the settings.
    time_limit : float > 0 or None, default=None
        Seconds, the final refit apart. Where they are too few for all epochs, all networks have the same share of
        theirs (``mean_epochs``), but for those that ended before by themselves; with halving the scores are those of
        the last whole rung. Settings that had no turn even so are left out. Other estimators, and networks with
        callbacks, ``warm_start`` or a time limit of their own, are fitted one by one with all their epochs: none begins
        after the limit, but the last may exceed it.
    progress : bool, default=False
        Show a bar with the time left and the best score so far.
    verbose : int, default=0
        Greater than 0: print how many fits there are, as ``GridSearchCV``; ``progress`` shows them.

    Attributes
    ----------
    cv_results_ : dict of arrays
        As in ``GridSearchCV``; one row for each setting, also ``mean_epochs``. With halving a row's scores are those
        when it dropped out, ``rung`` says when, and ``rank_test_score`` puts later rungs first.
    best_estimator_, best_params_, best_score_, best_index_, n_splits_, scorer_, refit_time_, multimetric_
        As in ``GridSearchCV``.
    is_complete_ : bool
        Whether all settings had their turn, and all rungs. If not, nothing is refitted; after Ctrl-C `fit` returns with
        the settings that had theirs.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from pellucid import MLPClassifier
    >>> from pellucid.tuning import PopulationSearchCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=20, random_state=0))
    >>> grid = {"mlpclassifier__hidden_layer_sizes": [(2,), (16,)], "mlpclassifier__learning_rate_init": [0.001, 0.01]}
    >>> search = PopulationSearchCV(model, grid, cv=3).fit(X, y)
    >>> search.best_params_["mlpclassifier__learning_rate_init"], bool(search.best_score_ > 0.95)
    (0.01, True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit"])],
        "param_grid": [dict, list, tuple],
        "n_iter": [Interval(Integral, 1, None, closed="left"), None],
        "halving": [Interval(Integral, 2, None, closed="left"), None],
        "scoring": BaseSearchCV._parameter_constraints["scoring"],
        "refit": ["boolean", str, callable],
        "cv": ["cv_object"],
        "error_score": [StrOptions({"raise"}), Real],
        "return_train_score": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "time_limit": [Interval(Real, 0, None, closed="neither"), None],
        "progress": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        n_iter: int | None = None,
        halving: int | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        error_score: Any = nan,
        return_train_score: bool = False,
        random_state: Any = None,
        time_limit: float | None = None,
        progress: bool = False,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_grid = param_grid
        self.n_iter = n_iter
        self.halving = halving
        self.random_state = random_state
        self.time_limit = time_limit
        self.progress = progress

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Try all settings, and fit the best one on all rows.

        Parameters
        ----------
        X : array or data frame of shape (rows, features)
        y : array of shape (rows,) or (rows, outputs)
        **params : dict
            Passed on to `fit` of the estimator, the scorer and the splitter, as in ``GridSearchCV``.

        Returns
        -------
        self

        Raises
        ------
        PellucidError
            If the settings cannot be tried, or all trials failed; the reasons are grouped. With ``error_score="raise"``
            a trial's own error is raised, as it is, with a note of the setting and the split.
        """
        settings = combinations(
            type(self).__name__, "param_grid", self.param_grid, self.n_iter, self.random_state, may_be_empty=True
        )
        scorers, refit_metric = self._get_scorers()
        if isinstance(scorers, _MultimetricScorer):
            scorers = _MultimetricScorer(scorers=scorers._scorers, raise_exc=True)  # errors are told as they are
        X, y = indexable(X, y)
        check_of_rows(type(self).__name__, X, params)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = folds_of(type(self).__name__, splitter, X, y, **routed.splitter.split)
        self.n_splits_ = len(splits)
        problem = Problem(
            clone(self.estimator),
            X,
            y,
            splits,
            scorers,
            dict(routed.estimator.fit),
            dict(routed.scorer.score),
            self.return_train_score,
        )
        problem.check_names(sorted({name for each in settings for name in each}))
        if self.verbose > 0:
            fits = len(splits) * len(settings)
            print(  # noqa: T201 - what was asked for
                f"Fitting {len(splits)} folds for each of {len(settings)} candidates, totalling {fits} fits"
            )
        tried = self._try(problem, settings)
        self._keep(settings, tried, scorers, refit_metric)
        if self.refit and tried.is_whole:
            self._refit(X, y, routed.estimator.fit)
        return self

    def _run_search(self, evaluate_candidates: Any, **_: Any) -> None:
        raise NotImplementedError  # `fit` is another; the base class knows this name only

    # --- trials ---------------------------------------------------------------------------------------------------

    def _try(self, problem: Problem, settings: Sequence[Mapping[str, Any]]) -> "_Tried":
        deadline = None if self.time_limit is None else time.monotonic() + self.time_limit
        tried = _Tried(len(problem.splits), len(settings))
        bar = ProgressBar(type(self).__name__, unit="fit") if self.progress else None
        if bar is not None:
            bar.on_fit_begin(self)
        try:
            self._try_rungs(problem, settings, tried, bar, deadline)
        finally:
            if bar is not None:
                bar.on_fit_end(self)
        return tried

    def _try_rungs(
        self,
        problem: Problem,
        settings: Sequence[Mapping[str, Any]],
        tried: "_Tried",
        bar: ProgressBar | None,
        deadline: float | None,
    ) -> None:
        shares = [1.0]
        if self.halving is not None:
            shares = rung_shares(len(settings), planned_epochs(problem.estimator), self.halving)
        numbers, splits, began = list(range(len(settings))), range(len(problem.splits)), time.monotonic()
        finished = 0
        for rung, share in enumerate(shares):
            is_last = rung == len(shares) - 1
            trials = [
                Trial(number, dict(settings[number]), split, share, tried.paused.get((number, split)))
                for number in numbers
                for split in splits
                if rung == 0 or (number, split) in tried.paused
            ]
            tried.begin_rung(numbers, trials, None if is_last else self.halving)
            wanted = Wanted(paused=not is_last, raises=self.error_score == "raise")

            def take(results: list[Result], done: float, first: int = finished, count: int = len(trials)) -> None:
                tried.take(results, self._metric)
                if bar is not None:
                    bar.advance(self, first + ceil(done), first + count, time.monotonic() - began, tried.figures())

            run = run_evenly if len(shares) == 1 else run_round
            tried.end_rung(run(problem, trials, wanted, n_jobs=self.n_jobs, deadline=deadline, take=take))
            if not tried.is_whole:
                return
            finished += len(trials)
            if not is_last:
                numbers = best_of(tried.means(numbers), self.halving or 2)

    @property
    def _metric(self) -> str:
        """The metric by which settings are compared while they are tried."""
        return self.refit if isinstance(self.refit, str) else "score"

    # --- results --------------------------------------------------------------------------------------------------

    def _keep(self, settings: Sequence[Mapping[str, Any]], tried: "_Tried", scorers: Any, refit_metric: str) -> None:
        numbers = tried.complete()
        if not numbers:
            if tried.is_interrupted:
                raise KeyboardInterrupt
            raise PellucidError(
                f"'time_limit' of {type(self).__name__} was over before one setting was tried on all folds; "
                f"got {self.time_limit:g} seconds. Give more time or fewer folds."
            )
        every = [tried.results[number, split] for number in numbers for split in range(self.n_splits_)]
        report_failures(every)
        out = [self._as_output(result, every) for result in every]
        more: dict[str, list[Any]] = {
            "mean_epochs": [
                float(np.mean([tried.results[n, s].epochs for s in range(self.n_splits_)])) for n in numbers
            ]
        }
        if self.halving is not None:
            more["rung"] = [tried.rung[number] for number in numbers]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "One or more of the .* scores are non-finite", UserWarning)
            results = self._format_results([dict(settings[number]) for number in numbers], self.n_splits_, out, more)
        self.multimetric_ = isinstance(out[0]["test_scores"], dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(out[0]["test_scores"])
            refit_metric = self.refit
        if self.halving is not None:
            _rank_by_rung(results)
        self.cv_results_ = results
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        if self.refit or not self.multimetric_:
            self.best_index_ = int(self._select_best_index(self.refit, refit_metric, results))
            if not callable(self.refit):
                self.best_score_ = results[f"mean_test_{refit_metric}"][self.best_index_]
            self.best_params_ = results["params"][self.best_index_]
        self.is_complete_ = tried.is_whole
        self._warn(tried, len(numbers), len(settings), every)

    def _warn(self, tried: "_Tried", done: int, settings: int, every: Sequence[Result]) -> None:
        """Say what was not done."""
        told = ""
        if tried.is_interrupted:
            told = (
                f"Search interrupted: {done} of {settings} settings have scores, the best of them is best_params_. "
                "Nothing was refitted: fit an estimator with it."
            )
        elif done < settings:
            told = f"The time limit was reached: {done} of {settings} settings were tried."
        elif not tried.is_whole and tried.has_earlier_rung:
            told = "The time limit was reached: the scores are those of the rung before."
        elif not tried.is_whole:
            told = "The time limit was reached: not all networks had the same share of their epochs."
        told = " ".join(filter(None, [told, ended_early(every)]))
        if told:
            warn(told)

    def _as_output(self, result: Result, every: Sequence[Result]) -> dict[str, Any]:
        """Return a result as scikit-learn collects them; one that failed has the error score."""
        shape = next(each.score for each in every if not each.error)
        failed = dict.fromkeys(shape, self.error_score) if isinstance(shape, dict) else self.error_score
        out = {
            "test_scores": failed if result.error else result.score,
            "fit_time": result.fit_seconds,
            "score_time": result.score_seconds,
            "fit_error": result.error or None,
        }
        if self.return_train_score:
            out["train_scores"] = failed if result.error else result.train_score
        return out

    def _refit(self, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        self.best_estimator_ = clone(self.estimator).set_params(
            **{name: clone(value, safe=False) for name, value in self.best_params_.items()}
        )
        began = time.perf_counter()
        rows = (X,) if y is None else (X, y)
        with warnings.catch_warnings(record=True) as told:
            self.best_estimator_.fit(*rows, **fit_params)
        for each in told:
            warn(each.message)
        self.refit_time_ = time.perf_counter() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_


class _Tried:
    """Results as they come in."""

    def __init__(self, splits: int, settings: int) -> None:
        self.splits, self.settings = splits, settings
        self.results: dict[tuple[int, int], Result] = {}
        self.paused: dict[tuple[int, int], Paused] = {}
        self.rung: dict[int, int] = {}
        self.is_whole, self.is_interrupted = True, False
        self._rung = -1
        self._numbers = list(range(settings))
        self._trials: Sequence[Trial] = ()
        self._factor: int | None = None
        self._outstanding: set[tuple[int, int]] = set()
        self._scores: dict[tuple[int, int], float] = {}

    @property
    def has_earlier_rung(self) -> bool:
        """Whether a rung came before the one under way."""
        return self._rung > 0

    def begin_rung(self, numbers: Sequence[int], trials: Sequence[Trial], factor: int | None) -> None:
        """Expect the results of these candidates; of all but the best ``1 / factor`` no network is kept."""
        self._rung += 1
        self._numbers, self._trials, self._factor = list(numbers), trials, factor
        self._outstanding = {(trial.number, trial.split) for trial in trials}
        self.paused = {}

    def take(self, results: Iterable[Result], metric: str) -> None:
        """Take note of finished trials: their scores, and where they go on."""
        for result in results:
            key = (result.trial.number, result.trial.split)
            self._outstanding.discard(key)
            self._scores[key] = nan if result.error else _number(result.score, metric)
            if result.paused is not None:
                self.paused[key], result.paused = result.paused, None
        self._forget_the_rest()

    def end_rung(self, ran: Ran) -> None:
        """Take over what came of a rung; of a later one that the time ended nothing, so that like is compared."""
        self.is_interrupted, self.is_whole = ran.is_interrupted, ran.is_whole and not ran.is_interrupted
        if self.has_earlier_rung and not self.is_whole:
            return
        for place, result in ran.results.items():
            key = (self._trials[place].number, self._trials[place].split)
            earlier = self.results.get(key)
            if earlier is not None:
                result.fit_seconds += earlier.fit_seconds
                result.score_seconds += earlier.score_seconds
            self.results[key] = result
        for number in self._numbers:
            self.rung[number] = self._rung

    def _forget_the_rest(self) -> None:
        """Let go of networks that cannot be among those that go on."""
        finished = {key[0] for key in self.paused} - {key[0] for key in self._outstanding}
        if self._factor is None or not finished:
            return
        kept = ceil(len(self._numbers) / self._factor)
        means = self.means(sorted(finished))
        for number in best_of(means, 1)[kept:]:
            for split in range(self.splits):
                self.paused.pop((number, split), None)

    def means(self, numbers: Iterable[int]) -> dict[int, float]:
        """Return the mean score of each candidate; NaN if a fold is missing or failed."""
        return {
            number: float(np.mean([self._scores.get((number, split), nan) for split in range(self.splits)]))
            for number in numbers
        }

    def complete(self) -> list[int]:
        """Return the candidates with a result on every fold."""
        return [n for n in range(self.settings) if all((n, split) in self.results for split in range(self.splits))]

    def figures(self) -> str:
        """Return the best mean score so far, in words."""
        means = [mean for mean in self.means(range(self.settings)).values() if not isnan(mean)]
        return f"best {max(means):.4f}" if means else ""


def _number(score: Any, metric: str) -> float:
    """Return one score, of several the named one or the first."""
    if isinstance(score, dict):
        return float(score.get(metric, next(iter(score.values()))))
    return float(score)


def _rank_by_rung(results: dict[str, Any]) -> None:
    """Put settings that went further before those that dropped out earlier."""
    for key in [key for key in results if key.startswith("rank_test_")]:
        order = list(zip(-results["rung"], results[key], strict=True))
        ranks = {each: 1 + sum(other < each for other in order) for each in set(order)}
        results[key] = np.array([ranks[each] for each in order], dtype=np.int32)
