"""Trials of a list of settings on folds and seeds, measured together."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import indexable
from sklearn.utils.validation import _num_samples

from pellucid.errors import PellucidError, SpecError, near_names, what_it_is
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.progress import ProgressBar
from pellucid.estimators.reports import warn
from pellucid.spec.checks import shown
from pellucid.tuning.failures import report_failures
from pellucid.tuning.problem import OF_ROWS, Problem, last_name, last_step
from pellucid.tuning.rounds import run_evenly
from pellucid.tuning.trials import Result, Trial, Wanted
from pellucid.tuning.words import ended_early

__all__ = [
    "check_of_rows",
    "check_time_limit",
    "folds_of",
    "measure",
    "network_parameter",
    "on_every_split",
    "problem_of",
    "score_name",
    "scorer_of",
    "seed_list",
]


def problem_of(
    owner: str,
    estimator: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    scoring: Any = None,
    fit_params: Mapping[str, Any] | None = None,
    splits: Sequence[Any] | None = None,
) -> Problem:
    """Return what all trials share, with training rows scored as well.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    estimator : MLPClassifier, MLPRegressor, or Pipeline that ends in one
    X, y : arrays
    cv : int, splitter or iterable of splits
        With groups an integer keeps the rows of a group together.
    scoring : str, callable or None
        One scorer of scikit-learn; None: the estimator's own score.
    fit_params : mapping or None
        For `fit`; ``groups`` are for `cv` alone.
    splits : sequence or None
        In place of `cv`'s.
    """
    X, y = indexable(X, y)
    given = dict(fit_params or {})
    check_of_rows(owner, X, given)
    groups = given.pop("groups", None)
    if splits is None:
        splitter = check_cv(cv, y, classifier=is_classifier(estimator))
        if groups is not None and (cv is None or isinstance(cv, Integral)):
            kind = StratifiedGroupKFold if isinstance(splitter, StratifiedKFold) else GroupKFold
            splitter = kind(splitter.get_n_splits())
        splits = folds_of(owner, splitter, X, y, groups=groups)
    return Problem(clone(estimator), X, y, splits, scorer_of(owner, estimator, scoring), given, scores_training=True)


def check_of_rows(owner: str, X: Any, params: Mapping[str, Any]) -> None:
    """Raise SpecError if there is not one weight, or one group, for each row."""
    for name, values in params.items():
        kind = name.rpartition("__")[2]
        if kind not in OF_ROWS or values is None:
            continue
        rows, shape = _num_samples(X), np.shape(values)
        if shape[:1] != (rows,):
            got = shape[0] if shape else shown(values)
            raise SpecError(f"'{name}' of {owner} must have one value for each of the {rows} rows of X; got {got}.")


def folds_of(owner: str, splitter: Any, X: Any, y: Any, **params: Any) -> list[Any]:
    """Return a splitter's folds.

    Raises
    ------
    SpecError
        If there are none.
    """
    splits = list(splitter.split(X, y, **params))
    if not splits:
        raise SpecError(
            f"'cv' of {owner} must give one fold at least; got none. A generator can be used once only: give a list of "
            "its folds, or a splitter such as KFold(5)."
        )
    return splits


def scorer_of(owner: str, estimator: Any, scoring: Any) -> Any:
    """Return one of scikit-learn's scorers by its name, a scorer as it is, or for None the estimator's own score.

    Raises
    ------
    SpecError
        If it is none of these.

    Examples
    --------
    >>> from pellucid import MLPClassifier
    >>> scorer_of("sweep", MLPClassifier(), "auc")
    Traceback (most recent call last):
    pellucid.errors.SpecError: 'scoring' of sweep must be a scoring of scikit-learn; got 'auc'. Did you mean 'roc_auc'?
    """
    if isinstance(scoring, str):
        known = get_scorer_names()
        if scoring not in known:
            hint = _near_scorings(scoring, known, USUAL[is_classifier(estimator)])
            raise SpecError(f"'scoring' of {owner} must be a scoring of scikit-learn; got {shown(scoring)}.{hint}")
    elif scoring is not None and not callable(scoring):
        raise SpecError(f"'scoring' of {owner} must be a name, a scorer or None; got {shown(scoring)}.")
    return check_scoring(estimator, scoring)


USUAL = {
    True: (
        "accuracy",
        "balanced_accuracy",
        "f1",
        "f1_macro",
        "neg_brier_score",
        "neg_log_loss",
        "roc_auc",
        "roc_auc_ovr",
    ),
    False: ("neg_mean_absolute_error", "neg_mean_poisson_deviance", "neg_root_mean_squared_error", "r2"),
}
"""Names of scikit-learn's scorings that suit, by whether the estimator is a classifier."""


def _near_scorings(scoring: str, known: Sequence[str], usual: Sequence[str]) -> str:
    """Suggest names: those that are a slip away, or hold the one given, of the usual ones before others."""
    given = scoring.casefold().replace(" ", "_").replace("-", "_")
    held = [name for name in usual if given and given in name] or [name for name in known if given and given in name]
    found = near_names(given, usual) or held[:1] or near_names(given, sorted(known))
    if found:
        return f" Did you mean {' or '.join(map(repr, found))}?"
    return f" Usual: {', '.join(map(repr, usual))}; all: sklearn.metrics.get_scorer_names()."


def measure(
    owner: str,
    problem: Problem,
    trials: Sequence[Trial],
    *,
    together: int = 1,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    n_jobs: int | None = None,
    time_limit: float | None = None,
    progress: bool = False,
) -> list[Result]:
    """Run trials under a bar; return the results in their order. What is finished is kept, whatever comes.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    problem : Problem
    trials : sequence of Trial
    together : int
        So many after each other are of one setting: they count only all together, unless no setting has them all.
    wanted : Wanted
    n_jobs : int or None
    time_limit : float or None
        Seconds, which the trials share evenly.
    progress : bool

    Raises
    ------
    PellucidError
        If all trials failed.
    KeyboardInterrupt
        If Ctrl-C came before one was finished.
    """
    check_time_limit(owner, time_limit)
    problem.check_names(sorted({name for trial in trials for name in trial.parameters}))
    began = time.monotonic()
    deadline = None if time_limit is None else began + time_limit
    best, bar = float("-inf"), ProgressBar(owner, unit="training") if progress else None
    if bar is not None:
        bar.on_fit_begin(SimpleNamespace(time_limit=time_limit))

    def take(results: list[Result], done: float) -> None:
        nonlocal best
        best = max([best, *(float(result.score) for result in results if not result.error)])
        if bar is not None:
            figures = f"best {best:.4f}" if best > float("-inf") else ""
            bar.advance(None, ceil(done), len(trials), time.monotonic() - began, figures)

    try:
        found = run_evenly(problem, trials, wanted, n_jobs=n_jobs, deadline=deadline, take=take).results
    finally:
        if bar is not None:
            bar.on_fit_end(None)
    if not found:
        raise KeyboardInterrupt
    counts = Counter(place // together for place in found)
    whole = [place for place in sorted(found) if counts[place // together] == together]
    results = [found[place] for place in whole or sorted(found)]
    told = [ended_early(results)]
    if len(results) < len(trials):
        told[:0] = [
            f"{len(results)} of {len(trials)} trainings of {owner} are finished and compared; the others, or others of "
            "their settings, had no turn."
        ]
    if any(told):
        warn(" ".join(filter(None, told)))
    report_failures(results)
    return results


def on_every_split(settings: Sequence[Mapping[str, Any]], problem: Problem) -> list[Trial]:
    """Return a trial of each setting on each split; settings are numbered as they stand."""
    splits = range(len(problem.splits))
    return [Trial(number, dict(setting), split) for number, setting in enumerate(settings) for split in splits]


def check_time_limit(owner: str, time_limit: Any) -> None:
    """Raise SpecError unless a time limit is None or a number of seconds greater than 0."""
    if time_limit is not None and not (isinstance(time_limit, Real) and float(time_limit) > 0):
        raise SpecError(f"'time_limit' of {owner} must be greater than 0 seconds (or None); got {shown(time_limit)}.")


def network_parameter(estimator: Any, name: str, owner: str) -> str:
    """Return the name of a network's parameter as the estimator has it: of a pipeline, with its last step's name.

    Raises
    ------
    PellucidError
        If the estimator is no network and no pipeline that ends in one.
    """
    step, model = last_name(estimator), last_step(estimator)
    if isinstance(estimator, type):
        raise PellucidError(
            f"'estimator' of {owner} must be an estimator, not its class: give {estimator.__name__}() instead of "
            f"{estimator.__name__}."
        )
    if not isinstance(model, BaseMLP):
        raise PellucidError(
            f"'estimator' of {owner} must be Pellucid's MLPClassifier, MLPRegressor or a pipeline that ends in one; "
            f"got {what_it_is(model)}"
        )
    return name if step is None else f"{step}__{name}"


def seed_list(seeds: Any, owner: str) -> list[int]:
    """Return seeds: so many from 0 on, or those given.

    Examples
    --------
    >>> seed_list(3, "sweep"), seed_list([5], "sweep")
    ([0, 1, 2], [5])
    """
    if isinstance(seeds, int | np.integer) and not isinstance(seeds, bool) and seeds >= 1:
        return list(range(int(seeds)))
    is_list = isinstance(seeds, list | tuple | range) and len(seeds) > 0
    if is_list and all(isinstance(seed, int | np.integer) and seed >= 0 for seed in seeds):
        return [int(seed) for seed in seeds]
    raise SpecError(f"'seeds' of {owner} must be a count of at least 1 or a list of integers; got {shown(seeds)}.")


def score_name(scoring: Any, estimator: Any) -> str:
    """Return what the score is called in pictures.

    Examples
    --------
    >>> from pellucid import MLPRegressor
    >>> score_name(None, MLPRegressor()), score_name("neg_log_loss", MLPRegressor())
    ('R²', 'negative log loss')
    """
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "R²"
    if isinstance(scoring, str):
        name = scoring.replace("_", " ")
        return name.replace("neg ", "negative ", 1) if name.startswith("neg ") else name
    return getattr(scoring, "__name__", "score")
