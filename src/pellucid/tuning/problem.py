"""What all trials of a search share: the estimator, the rows, the splits, the scorer; and each fold made ready once."""

import copy
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from pellucid.errors import SpecError, did_you_mean, near_names
from pellucid.estimators.base import BaseMLP
from pellucid.estimators.held_out import HeldOut, Rows
from pellucid.spec import Network, Training
from pellucid.textbook.arrays import Array
from pellucid.training.streams import seeded_stream

__all__ = [
    "OF_ROWS",
    "Candidate",
    "Fold",
    "Problem",
    "Ready",
    "full_name",
    "last_name",
    "last_step",
    "planned_epochs",
    "short_name",
]

Split = tuple[Array, Array]

FOLDS_KEPT = 16
"""Folds that are kept ready at least; a search of more splits makes some of them again."""

NOT_SENT = ("_lock", "_folds", "_candidates", "_template", "_spare_streams")

OF_ROWS = ("groups", "sample_weight")
"""What is given to fit for each row."""

CANDIDATES_KEPT = 1024
"""Settings whose estimator is kept ready."""


@dataclass
class Fold:
    """One side for learning and one for scoring, as the network's estimator sees them.

    Attributes
    ----------
    X, y, fit_params
        What the estimator is fitted on.
    X_test, y_test, score_params
        What it is scored on.
    train_score_params : dict
        In place of `score_params`, where it is scored on what it is fitted on.
    before : list
        The fitted steps of a pipeline before the network.
    raw, raw_test : arrays
        The rows as they were before those steps.
    """

    X: Any
    y: Any
    fit_params: dict[str, Any]
    X_test: Any
    y_test: Any
    score_params: dict[str, Any]
    train_score_params: dict[str, Any]
    before: list[tuple[str, Any]]
    raw: Any
    raw_test: Any
    ready: dict[Hashable, "Ready"] = field(default_factory=dict)


class Ready(NamedTuple):
    """A fold's rows in numbers, for all estimators that agree in their `row_parameters`."""

    rows: Rows
    validation: HeldOut | None
    test: HeldOut | None
    train: HeldOut | None


@dataclass
class Candidate:
    """One setting of the parameters: the estimator that has it, not fitted.

    Attributes
    ----------
    estimator : estimator
    model : estimator
        The last step of a pipeline, else the estimator itself.
    joins : bool
        Whether it is trained in a population with others; else by its own `fit`.
    """

    estimator: Any
    model: Any
    joins: bool
    before_key: Hashable = ()
    rows_key: Hashable = ()
    described: tuple[Network, Training] | None = None

    def twin(self) -> Any:
        """Return a model of its own for one fit."""
        twin = _copy_of(self.model)
        if twin.random_state is None:
            twin.random_state = int(np.random.randint(2**31 - 1))  # noqa: NPY002 - what random_state=None means
        elif not isinstance(twin.random_state, int | np.integer):
            twin.random_state = copy.deepcopy(twin.random_state)
        return twin


@dataclass
class Problem:
    """What all trials of a search share.

    Parameters
    ----------
    estimator : estimator or Pipeline
        Not fitted.
    X, y : arrays or data frames
    splits : sequence of pairs of arrays of int
        Rows to learn from, rows to score.
    scorer : callable
        A scorer of scikit-learn; of several metrics a dict of scores.
    fit_params, score_params : mapping
        Arrays of one number a row are split like X.
    scores_training : bool
        Score the rows learned from as well.
    """

    estimator: Any
    X: Any
    y: Any
    splits: Sequence[Split]
    scorer: Callable[..., Any]
    fit_params: Mapping[str, Any] = field(default_factory=dict)
    score_params: Mapping[str, Any] = field(default_factory=dict)
    scores_training: bool = False

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._folds: OrderedDict[Hashable, Fold] = OrderedDict()
        self._candidates: OrderedDict[int, Candidate] = OrderedDict()
        self._spare_streams: list[np.random.RandomState] = []
        self.known = dict(self.estimator.get_params())
        name = last_name(self.estimator)
        self._prefix = "" if name is None else f"{name}__"
        self._template = _template(last_step(self.estimator))
        self._own = set() if self._template is None else set(self._template.get_params(deep=False))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in NOT_SENT}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def __sizeof__(self) -> int:
        """Bytes of the arrays: clusters send what is large once to each worker, and ask this way."""
        return object.__sizeof__(self) + sum(int(getattr(each, "nbytes", 0)) for each in (self.X, self.y)) + 4096

    def check_names(self, names: Sequence[str]) -> None:
        """Raise SpecError if the estimator has no parameter of one of these names.

        What stands in place of a part that is one of them may have parameters that the part has not.
        """
        varied = tuple(f"{name}__" for name in names)
        for name in names:
            if name not in self.known and not name.startswith(varied):
                raise SpecError(f"{type(self.estimator).__name__} has no parameter {name!r}.{self._near_names(name)}")

    def _near_names(self, name: str) -> str:
        """Suggest names of the same part; where a name tells no part, those of the estimator and of its network."""
        part, cut, own = name.rpartition("__")
        parts = [f"{each}{cut}" for each in near_names(part, sorted(self.known))] if cut else ["", self._prefix]
        names = {each.removeprefix(part): each for part in parts for each in self.known if each.startswith(part)}
        found = [names[each] for each in near_names(own, sorted(names))]
        if found or not self._prefix:
            return f" Did you mean {' or '.join(map(repr, found))}?" if found else did_you_mean(name, self.known)
        return " Its get_params() has all names."

    def forget_candidates(self) -> None:
        """Begin to count candidates anew; folds stay ready."""
        self._candidates.clear()

    def candidate(self, number: int, parameters: Mapping[str, Any]) -> Candidate:
        """Return the estimator with these parameters, checked; kept for its other folds.

        Raises
        ------
        ValueError
            If the parameters break a rule.
        """
        with self._lock:
            known = self._candidates.get(number)
            if known is None:
                known = self._candidates[number] = self._make(parameters)
                while len(self._candidates) > CANDIDATES_KEPT:
                    self._candidates.popitem(last=False)
            return known

    def _make(self, parameters: Mapping[str, Any]) -> Candidate:
        quick = self._quickly_made(parameters)
        if quick is not None:
            return quick
        estimator = clone(self.estimator).set_params(
            **{name: clone(value, safe=False) for name, value in parameters.items()}
        )
        name = last_name(estimator)
        model = last_step(estimator)
        joins = isinstance(model, BaseMLP) and not _is_heard(model)
        if not joins:
            return Candidate(estimator, model, joins=False)
        model._validate_params()
        before = "" if name is None else f"{name}__"
        others = [
            (key, _hashable(value)) for key, value in parameters.items() if not (before and key.startswith(before))
        ]
        before_key = tuple(sorted(others)) if before else ()
        return Candidate(estimator, model, joins=True, before_key=before_key, rows_key=_rows_key(model))

    def _quickly_made(self, parameters: Mapping[str, Any]) -> Candidate | None:
        """Return a candidate that differs from the template in its network's own parameters only; else None.

        Cloning and checking all of an estimator's parameters, most of which are the same, takes a millisecond.
        """
        if self._template is None:
            return None
        model, prefix = _copy_of(self._template), self._prefix
        if not all(name.startswith(prefix) and name.removeprefix(prefix) in self._own for name in parameters):
            return None
        own = {name.removeprefix(prefix): value for name, value in parameters.items()}
        model.check_parameters(own)
        model.__dict__.update(own)
        if _is_heard(model):
            return None
        estimator = model if not prefix else self.estimator
        return Candidate(estimator, model, joins=True, rows_key=_rows_key(model))

    def lend_stream(self, seed: Any) -> np.random.RandomState | None:
        """Return the stream of an integer seed, one given back if there is any; None for a seed of another kind.

        Seeding a stream takes a hundredth of the time of making it.
        """
        if not isinstance(seed, int | np.integer):
            return None
        try:
            stream = self._spare_streams.pop()
        except IndexError:
            return seeded_stream(int(seed))
        stream.seed(int(seed))
        return stream

    def give_stream_back(self, stream: np.random.RandomState) -> None:
        """Let another trial use a stream that nobody draws from any more."""
        self._spare_streams.append(stream)

    def fold(self, candidate: Candidate, split: int) -> Fold:
        """Return a fold as the candidate's model sees it: a pipeline's earlier steps are fitted once."""
        key = (candidate.before_key, split)
        with self._lock:
            if key not in self._folds:
                self._folds[key] = self._make_fold(candidate, split)
                while len(self._folds) > max(FOLDS_KEPT, len(self.splits)):
                    self._folds.popitem(last=False)
            self._folds.move_to_end(key)
            return self._folds[key]

    def _make_fold(self, candidate: Candidate, split: int) -> Fold:
        fold = self.plain_fold(split)
        if candidate.estimator is candidate.model:
            return fold
        pipeline = clone(candidate.estimator)
        taken = _take_note(last_step(pipeline))
        pipeline.fit(fold.X, fold.y, **fold.fit_params)
        before = pipeline.steps[:-1]
        X_test = pipeline[:-1].transform(fold.X_test) if before else fold.X_test
        X, y, fit_params = taken
        return replace(fold, X=X, y=y, fit_params=fit_params, X_test=X_test, before=before)

    def plain_fold(self, split: int) -> Fold:
        """Return a fold as the whole estimator sees it."""
        train, test = self.splits[split]
        X, X_test = (_safe_indexing(self.X, rows) for rows in (train, test))
        y, y_test = (None if self.y is None else _safe_indexing(self.y, rows) for rows in (train, test))
        fit_params = _check_method_params(self.X, params=dict(self.fit_params), indices=train)
        train_score_params, score_params = (
            _check_method_params(self.X, params=dict(self.score_params), indices=rows) for rows in (train, test)
        )
        return Fold(X, y, fit_params, X_test, y_test, score_params, train_score_params, [], X, X_test)

    def ready(self, candidate: Candidate, fold: Fold) -> Ready:
        """Return a fold's rows in numbers; they are checked once for all candidates that agree about them."""
        with self._lock:
            known = fold.ready.get(candidate.rows_key)
            if known is None:
                known = fold.ready[candidate.rows_key] = self._make_ready(candidate, fold)
            return known

    def _make_ready(self, candidate: Candidate, fold: Fold) -> Ready:
        model, given = clone(candidate.model), dict(fold.fit_params)
        rows = model.take_rows(fold.X, fold.y, given.pop("sample_weight", None))
        validation = model.take_held_out(
            rows, *(given.pop(f"{name}_val", None) for name in ("X", "y", "sample_weight"))
        )
        if given:
            raise TypeError(f"{type(model).__name__}.fit() got an unexpected keyword argument {next(iter(given))!r}")
        test = train = None
        if not fold.score_params and not model.has_one_class and _is_own_score(self.scorer, model):
            plain = clone(model).set_params(
                **({"class_weight": None} if "class_weight" in model.row_parameters else {})
            )
            with suppress(ValueError):  # a class that only the test rows have: scikit-learn's scorer knows what to do
                test = plain.take_held_out(rows, fold.X_test, fold.y_test)
            train = HeldOut(rows.data, fold.X, fold.y)
        return Ready(rows, validation, test, train)


def last_name(estimator: Any) -> str | None:
    """Return the name of a pipeline's last step; None if the estimator is no pipeline."""
    return estimator.steps[-1][0] if isinstance(estimator, Pipeline) else None


def last_step(estimator: Any) -> Any:
    """Return a pipeline's last step, else the estimator itself."""
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def full_name(estimator: Any, name: Any) -> Any:
    """Return a parameter's name with the step's, where it is one of a pipeline's network without it."""
    step = last_name(estimator)
    if step is None or not isinstance(name, str) or name in estimator.get_params():
        return name
    full = f"{step}__{name}"
    return full if full in estimator.get_params() else name


def short_name(estimator: Any, name: str) -> str:
    """Return a parameter's name without the step's."""
    step = last_name(estimator)
    return name if step is None else name.removeprefix(f"{step}__")


def planned_epochs(estimator: Any, parameters: Mapping[str, Any] | None = None) -> int:
    """Return the most epochs of the network with these parameters; 1 where it has none, or none that is valid."""
    step = last_name(estimator)
    own = getattr(last_step(estimator), "max_iter", None)
    epochs = (parameters or {}).get("max_iter" if step is None else f"{step}__max_iter", own)
    return max(1, int(epochs)) if isinstance(epochs, Integral) else 1


def _is_own_score(scorer: Any, model: Any) -> bool:
    """Tell whether a scorer is what the engines compute as well: accuracy of classes, R² of numbers."""
    if hasattr(scorer, "_estimator"):  # the estimator's own score
        return True
    known = {"accuracy": accuracy_score, "r2": r2_score}[model._default_score]
    return getattr(scorer, "_score_func", None) is known and not getattr(scorer, "_kwargs", True)


def _template(model: Any) -> Any:
    """Return a network's estimator whose parameters are checked, for copies that differ in few; None if it has none."""
    if not isinstance(model, BaseMLP) or _is_heard(model):
        return None
    template = clone(model)
    try:
        template._validate_params()
    except ValueError:
        return None
    return template


def _copy_of(model: Any) -> Any:
    """Return a copy that shares the parameters' values."""
    copied = object.__new__(type(model))
    copied.__dict__.update(model.__dict__)
    return copied


def _rows_key(model: Any) -> Hashable:
    return (type(model), tuple(_hashable(getattr(model, each)) for each in model.row_parameters))


def _is_heard(model: BaseMLP) -> bool:
    """Tell whether somebody listens to each of the model's fits, or clocks it: it is then fitted by itself."""
    has_listeners = bool(model.callbacks) or bool(getattr(model, "_skl_callbacks", ()))
    return has_listeners or bool(model.verbose) or model.progress or model.time_limit is not None or model.warm_start


def _take_note(step: Any) -> list[Any]:
    """Let a step's `fit` do nothing but note what it is given: [X, y, keyword arguments]."""
    taken: list[Any] = [None, None, {}]

    def fit(X: Any, y: Any = None, **params: Any) -> Any:
        taken[:] = X, y, params
        return step

    step.fit = fit
    return taken


def _hashable(value: Any) -> Hashable:
    """Return something that is equal for equal values, and has a hash."""
    try:
        return (type(value).__name__, hash(value), repr(value))
    except TypeError:
        return (type(value).__name__, 0, repr(value) if isinstance(value, dict | list) else str(id(value)))
