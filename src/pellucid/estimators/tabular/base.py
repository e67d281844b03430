"""What the tabular classifier and regressor share: from a raw table to a calibrated bag of networks."""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from pellucid.engines import get_engine
from pellucid.errors import DataError, DivergedError, did_you_mean
from pellucid.estimators.callbacks import CallbackSupportMixin, listening
from pellucid.estimators.reports import warn
from pellucid.estimators.tabular.bag import Bag, greedy_weights, of_members
from pellucid.estimators.tabular.bagging import Folds, Problem, Told
from pellucid.estimators.tabular.columns import (
    are_own,
    as_frame,
    labels_of,
    named_by,
    warn_of_lost_columns,
    warn_of_telling_identifiers,
)
from pellucid.estimators.tabular.held_time import HeldTime, growing_inputs, hold_time
from pellucid.estimators.tabular.importances import permutation_importances
from pellucid.estimators.tabular.members import (
    LINEAR_OF_MANY_ROWS,
    PRESETS,
    Member,
    Preset,
    is_small,
    lines_beside,
    planned_epochs,
    with_values,
)
from pellucid.estimators.tabular.racing import Plan
from pellucid.estimators.tabular.rows import ROWS_REMEMBERED, Column, Dealt, Given, Remembered, Taken
from pellucid.estimators.tabular.rules import RULES
from pellucid.estimators.tabular.sources import FileSource, FrameSource, Revise, Source
from pellucid.estimators.tabular.state import IMPORTANCES, tabular_from_state, tabular_to_state
from pellucid.estimators.tabular.target_rows import refuse_text
from pellucid.estimators.tabular.updating import UPDATE_EPOCHS, update_bag
from pellucid.estimators.targets import refuse_other_length
from pellucid.estimators.thread_limits import forward_limit, thread_limit
from pellucid.estimators.weights import checked_weights, within_single
from pellucid.tables import ParquetTable, Schema, TabularEncoder, fold_rows, split_rows
from pellucid.tables.frames import column_name, counted
from pellucid.tables.missing import MissingValues, empty_cells
from pellucid.tables.number_levels import with_levels
from pellucid.tables.parquet import numbered_parts
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows
from pellucid.training.stopping import Outcome

__all__ = ["BaseTabular"]

SHARE_SET_ASIDE = 0.2

SHARE_OF_TRAINING = 0.95
"""Of a time limit; the rest is for what is learned from errors out of fold."""

PRODUCTS = {"float32": "full", "bfloat16": "bfloat16"}
"""How networks multiply, by `dtype`."""

FEWEST_TO_CALIBRATE = 100
"""With fewer rows remembered, `partial_fit` leaves the calibration as it is."""


class BaseTabular(CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta):
    """A bag of networks for raw tables."""

    SCORINGS: ClassVar[tuple[str, ...]]
    """Names that ``scoring`` may have; the first is the default."""

    bag_: Bag
    encoder_: TabularEncoder
    n_features_in_: int
    _columns: tuple[str, ...]
    _has_own_labels: bool
    _fold_seed: int
    _remembered: Remembered
    _of_line: Array
    """What a line adds to the rows that were learned from last, of shape (rows, targets)."""
    _held_time: HeldTime

    def _validated_table(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Return X as a data frame, and take or check the names and number of its columns."""
        frame, labels = as_frame(X), labels_of(X)
        if reset:
            self._take_names(list(frame.columns), labels)
        elif not self._are_known_by_name(frame, labels):
            if frame.shape[1] != self.n_features_in_:
                raise DataError(
                    f"X has {frame.shape[1]} features, but {type(self).__name__} is expecting "
                    f"{self.n_features_in_} features as input."
                )
            self._warn_of_places(labels)
            frame.columns = pd.Index(self._columns, dtype=object)
        return frame

    def _warn_of_places(self, labels: list[Any] | None) -> None:
        """Say aloud, in scikit-learn's words, that columns are read by their places though one table names them."""
        model = type(self).__name__
        if are_own(labels):
            warn(f"X has feature names, but {model} was fitted without feature names", UserWarning)
        elif self._has_own_labels:
            warn(f"X does not have valid feature names, but {model} was fitted with feature names", UserWarning)

    def _are_known_by_name(self, frame: pd.DataFrame, labels: list[Any] | None) -> bool:
        """Tell whether a table's columns are the fit's of the same name, in any order; else they are by their places.

        Labels of their own are names, as texts. Where one of both tables only numbers its columns, they are names if
        they include all that the fit had.
        """
        if are_own(labels) and self._has_own_labels:
            return True
        is_one = labels is not None and (are_own(labels) or self._has_own_labels)
        return is_one and set(self._columns) <= set(frame.columns)

    def _take_names(self, columns: list[str], labels: list[Any] | None) -> None:
        self._columns, self._has_own_labels, self.n_features_in_ = tuple(columns), are_own(labels), len(columns)
        self.__dict__.pop("feature_names_in_", None)
        if labels is not None and all(isinstance(label, str) for label in labels):
            self.feature_names_in_ = np.array(columns, dtype=object)

    def _name_of(self, label: Any) -> str:
        """Return the name of the column that a parameter means."""
        return named_by(label, self._columns, are_own=self._has_own_labels)

    def _missing(self) -> MissingValues:
        """Return the declared values that mean missing, with columns by their names."""
        given = self.missing_values
        if isinstance(given, Mapping):
            given = {self._name_of(label): values for label, values in given.items()}
        return MissingValues.of(given)

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None, schema: Schema | None = None
    ) -> Self:
        """Learn from a table.

        Parameters
        ----------
        X : pandas, polars or Arrow table, NumPy array of shape (rows, columns), or ParquetTable
            Numbers, categories, dates, yes and no; cells may be missing. A `pellucid.tables.ParquetTable` is read a
            part at a time and need not fit in memory. Columns are known by their labels, as text and in any order; by
            their places where labels only number them, 0, 1, …, as those of an array. A `UserWarning` tells where a
            table is read by places, and only one of it and the fit's has labels of its own.
        y : array or column of shape (rows,), or table of shape (rows, targets)
            Of a ParquetTable the name of the target's column.
        sample_weight : array of shape (rows,) or None
        groups : array of shape (rows,) or None
            Rows of a group are never on both sides of a fold.
        schema : Schema or None
            What the columns mean; None: this is found out (`pellucid.tables.infer_schema`). The parameter
            missing_values must be what it says, or None. Numbers that are codes get their levels in any case.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the table or a parameter cannot be used; the message names column, rule, value and remedy.
        """
        return self._or_as_before(self._fit, X, y, sample_weight, groups, None, schema)

    def _or_as_before(self, learn: Callable[..., None], *given: Any) -> Self:
        """Learn; what cannot be learned leaves what was learned before as it was."""
        before = dict(self.__dict__)
        try:
            learn(*given)
        except BaseException:
            self.__dict__ = before
            raise
        has_learned = self.bag_ is not before.get("bag_")
        if has_learned and self.outcome_ is Outcome.INTERRUPTED:
            warn("Training interrupted by user. What was learned by then is kept.")
        return self

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        classes: Any = None,
        schema: Schema | None = None,
        *,
        is_stream: bool = False,
    ) -> None:
        began = perf_counter()
        self._check_parameters()
        is_continued = self.warm_start and hasattr(self, "bag_")
        with self._source(X, y, reset=not is_continued) as (source, target):
            self.target_name_ = target.name if isinstance(getattr(target, "name", None), str) else None
            given = (X, source, target, sample_weight, groups, classes, schema)
            bag, problem, Y, weight = self._train(*given, began, is_stream=is_stream)
            self._keep(bag, problem.X[bag.rows_looked_at], Y, weight)

    @contextmanager
    def _source(self, X: Any, y: Any, *, reset: bool) -> Iterator[tuple[Source, Any]]:
        """Take or check the names of a table's columns; return its rows, and their target."""
        if not isinstance(X, ParquetTable):
            yield FrameSource(self._validated_table(X, reset=reset)), y
            return
        target = self._target_of(X, y)
        if self.time_column is not None:
            _require_column(X, column_name(self.time_column))
        if reset:
            names = [name for name in X.columns if name != y]
            self._take_names(names, names)
        with TemporaryDirectory(prefix="pellucid-", ignore_cleanup_errors=True) as folder:
            yield FileSource(X, y, folder), target

    def _target_of(self, X: Any, y: Any) -> Any:
        """Return a target: of a file its column of this name."""
        if not isinstance(X, ParquetTable):
            return y
        if not isinstance(y, str):
            given = repr(y) if np.isscalar(y) or y is None else f"a value of type {type(y).__name__}"
            raise DataError(f"'y' must be the name of the target's column where X is a ParquetTable; got {given}.")
        _require_column(X, y)
        return X.column(y)

    def _train(
        self,
        X: Any,
        source: Source,
        y: Any,
        sample_weight: Any,
        groups: Any,
        classes: Any,
        schema: Schema | None,
        began: float,
        *,
        is_stream: bool,
    ) -> tuple[Bag, Problem, Array, Array | None]:
        """Train the networks on the rows of a source."""
        is_continued = self.warm_start and hasattr(self, "bag_")
        seed = check_random_state(self.random_state)
        Y, weight, trained_weight, rows, folds = self._deal(source, y, sample_weight, groups, classes, seed)
        clear: list[bool] = []
        if not is_continued:
            revised = self._revised_by(Y, clear)
            self.encoder_ = source.learn(schema, rows, self._fold_seed, self._missing(), revised)
            warn_of_lost_columns(self.encoder_.schema)
        X_encoded = source.encode(self.encoder_)
        may_draw = not (is_stream or is_continued)  # what is to change may not be held by a line that stays
        given = Given(Y, source.column, X_encoded, trained_weight, folds)
        Y = self._draw_line(given, is_continued=is_continued, may_draw=may_draw)
        problem = self._problem(X_encoded, Y, trained_weight, weight)
        plan = self._plan(len(rows), folds, start=self.bag_ if is_continued else None, by_value_first=any(clear))
        del rows  # memory for the networks
        seeds = seed.randint(2**31 - 1, size=plan.seeds).tolist()
        limit = self.time_limit
        with listening(self, plan.epochs_to_hear, X, y) as listeners, thread_limit(self.n_threads):
            bag = plan.train(
                problem,
                engine=get_engine(self.engine, self.n_threads),
                seeds=seeds,
                time_limit=None if limit is None else SHARE_OF_TRAINING * limit - (perf_counter() - began),
                on_epoch=Told(listeners.on_epoch, plan.epochs_to_hear) if listeners else None,
            )
        self._hold_time(bag, problem.X, Y, trained_weight, folds)
        return bag, problem, Y, weight

    def _plan(self, rows: int, folds: Folds, *, start: Bag | None, by_value_first: bool) -> Plan:
        """Plan what is trained on so many rows, dealt to folds.

        Networks that look at each value of numbers race with others that do not, if there are such numbers; they are
        the usual ones where `by_value_first`.
        """
        epochs = planned_epochs(min(len(train) for train, _ in folds), self._preset().steps)
        in_order = self.time_column is not None
        if start is not None and self.members is None:
            plan = Plan.of(start, folds, epochs, in_order=in_order)
        else:
            is_few = len(folds) > 1 and is_small(rows)
            is_own = self.members is not None
            kinds: Sequence[Sequence[Member]] = [(member,) for member in self.members or ()]
            beside: Sequence[Member] = ()
            if not is_own:
                kinds = self._members_of(self._preset())
                if any(self.encoder_.inputs.of_numbers):
                    kinds = with_values(kinds, first=by_value_first)
                if is_few or not is_small(rows):
                    beside = lines_beside(rows, self.encoder_.inputs.width)
            plan = Plan(
                kinds,
                folds,
                epochs,
                in_turns=self._preset().is_mixed and not is_own and not is_few,
                in_order=in_order,
                is_small=is_few and not in_order and start is None,
                start=start,
                beside=beside,
            )
        return plan if self.max_epochs is None else plan.within(self.max_epochs)

    def _deal(
        self, source: Source, y: Any, sample_weight: Any, groups: Any, classes: Any, seed: np.random.RandomState
    ) -> Dealt:
        """Check target, weights and groups, and deal the rows to folds, before the table itself is read."""
        is_continued = self.warm_start and hasattr(self, "bag_")
        if source.rows < 2:
            raise DataError(f"A table to learn from must have at least 2 rows; it has {source.rows} sample(s).")
        all_rows = np.empty((source.rows, 0))
        weight = self._checked_weight(sample_weight, all_rows, least=2)
        Y, stratify = self._take_target(_as_long_as(all_rows, y), weight, classes, is_continued)
        trained_weight = self._weights(Y, weight)
        rows = np.arange(source.rows) if trained_weight is None else np.flatnonzero(trained_weight > 0)
        if len(rows) < 2:
            raise DataError(f"At least 2 rows must have a weight greater than 0; {counted(len(rows), 'row')} have.")
        fold_seed = seed.randint(2**31 - 1)
        if not is_continued or not hasattr(self, "_fold_seed"):
            self._fold_seed = fold_seed  # kept, so that the same rows stay in the same folds when training goes on
        return Dealt(Y, weight, trained_weight, rows, self._folds(source, rows, stratify, groups))

    def _check_rows(
        self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None, schema: Schema | None = None
    ) -> None:
        """Raise what `fit` raises of target, weights, groups and folds, before it reads the table itself."""
        twin = clone(self)
        with twin._source(X, y, reset=True) as (source, target):
            twin._deal(source, target, sample_weight, groups, None, check_random_state(twin.random_state))

    def _revised_by(self, Y: Array, clear: list[bool]) -> Revise:
        """Return what finds, by this target, which numbers are codes, and notes if that is clear.

        Identifiers that it goes along with are told of.
        """
        time = [] if self.time_column is None else [self._name_of(self.time_column)]

        def revised(schema: Schema, frame: pd.DataFrame, rows: Array) -> Schema:
            scores = self._scores(Y[rows])
            warn_of_telling_identifiers(schema, frame, scores, time)
            found, is_clear = with_levels(schema, frame, scores, leave_out=time)
            clear.append(is_clear)
            return found

        return revised

    def _checked_weight(self, sample_weight: Any, all_rows: Any, *, least: int) -> Array | None:
        """Return the weights, of which at least so many are not 0, within the range of single precision."""
        if sample_weight is None:
            return None
        weight = checked_weights(sample_weight, all_rows, dtype=np.float64, may_be_negative=False)
        if np.count_nonzero(weight) < least:
            raise DataError(f"'sample_weight' must be greater than 0 in at least {counted(least, 'row')}. Correct it.")
        return within_single(weight)

    def _problem(
        self, X_encoded: Array | CodedRows, Y: Array, trained_weight: Array | None, weight: Array | None
    ) -> Problem:
        objective = self._objective(Y, weight)
        problem = Problem(self.encoder_.inputs, X_encoded, self._targets(Y), trained_weight, *objective)
        problem.products = PRODUCTS[self.dtype]
        return problem

    def _keep(self, bag: Bag, looked_at: Array, Y: Array, weight: Array | None) -> None:
        """Weigh the trained networks, and take them over."""
        if not bag.networks:
            if bag.outcome is Outcome.INTERRUPTED:
                raise KeyboardInterrupt
            raise DivergedError(f"No network of {type(self).__name__} could be trained. {Outcome.DIVERGED.value}")
        if self.members is None:
            bag = self._without_idle_lines(bag, Y, weight)
        self._weigh(bag, Y, weight)
        counting = np.flatnonzero(bag.weights)
        if self.members is None and len(counting) < len(bag.weights):
            bag = replace(of_members(bag, counting), weights=bag.weights[counting])
        self._take_over(bag, looked_at, Y, weight)

    def _without_idle_lines(self, bag: Bag, Y: Array, weight: Array | None) -> Bag:
        """Leave out a line that is worse than a network, where rows are many.

        Out of fold a row is predicted by one network, whose errors by chance a line would make up for; but the mean of
        all networks, which predicts new rows, has fewer of them.
        """
        rows = np.flatnonzero(bag.predicted.all(axis=0))
        lines = [member for member, recipe in enumerate(bag.recipes[0]) if recipe == LINEAR_OF_MANY_ROWS]
        if not lines or not len(rows):
            return bag
        loss = self._loss_of(Y, rows, self._weights(Y, weight))
        losses = np.array([loss(predicted) for predicted in bag.out_of_fold[:, rows].astype(np.float64)])
        others = np.setdiff1d(np.arange(len(losses)), lines)
        idle = [line for line in lines if not losses[line] < losses[others].min()]
        return of_members(bag, np.setdiff1d(np.arange(len(losses)), idle)) if idle else bag

    def _weigh(self, bag: Bag, Y: Array, weight: Array | None) -> None:
        """Find how much each member counts, by its out-of-fold predictions and what rows weigh in training."""
        common = bag.predicted.all(axis=0)
        trained_members = np.isin(np.arange(len(bag.out_of_fold)), [each.member for each in bag.of_folds])
        if not common.any():
            bag.weights = trained_members / trained_members.sum()
        elif len(bag.out_of_fold) > 1:
            rows = np.flatnonzero(common)
            loss = self._loss_of(Y, rows, self._weights(Y, weight))
            bag.weights = greedy_weights(bag.out_of_fold[:, rows].astype(np.float64), loss)

    def _take_over(self, bag: Bag, looked_at: Array, Y: Array, weight: Array | None) -> None:
        """Take over networks that are weighed: calibrate them, and note how they did.

        Of the inputs only those of ``bag.rows_looked_at`` are needed.
        """
        self._forget_importances()
        self.bag_ = bag
        self.outcome_ = bag.outcome
        self.n_iter_ = max(each.epochs for each in bag.networks)
        rows = np.flatnonzero(bag.predicted[bag.weights > 0].all(axis=0))
        self._oof_rows = rows
        blended = bag.blended()[rows].astype(np.float64, copy=False)
        self._calibrate(blended, Y, rows, weight, looked_at)
        latest = rows[-ROWS_REMEMBERED:]
        weight = None if weight is None else weight[latest]
        self._remembered = Remembered.of(blended[-ROWS_REMEMBERED:], Y[latest], weight, self._added(latest))

    def _forget_importances(self) -> None:
        """Drop what was computed for the networks as they were."""
        for name in IMPORTANCES:
            self.__dict__.pop(name, None)

    # --- going on with new rows ---------------------------------------------------------------------------------------

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any) -> None:
        if not hasattr(self, "bag_"):
            self._fit(X, y, sample_weight, None, classes, is_stream=True)
            return
        self._check_parameters()
        with self._source(X, y, reset=False) as (source, target):
            taken = self._taken_from(source, target, sample_weight, classes)
            if taken.problem.weight is None or taken.problem.weight.any():  # else all rows are of classes of weight 0
                self._update(X, target, taken)

    def _update(self, X: Any, y: Any, taken: Taken) -> None:
        """Train every network a little further."""
        problem, Y, weight = taken
        engine = get_engine(self.engine, self.n_threads)
        seed = check_random_state(self.random_state)
        seeds = seed.randint(2**31 - 1, size=len(self.bag_.networks)).tolist()
        rows = np.arange(len(Y))
        with listening(self, UPDATE_EPOCHS * len(seeds), X, y) as listeners, thread_limit(self.n_threads):
            before = self._of_bag(problem.X[rows])
            told = Told(listeners.on_epoch, UPDATE_EPOCHS * len(seeds)) if listeners else None
            self.bag_ = update_bag(self.bag_, problem, engine=engine, seeds=seeds, on_epoch=told)
            self._held_time = self._held_time.extended_to(problem.X)
            moved = self._level_moved(before, self._of_bag(problem.X[rows]), weight)
        self.outcome_ = self.bag_.outcome
        self._forget_importances()
        latest = Remembered.of(before, Y, weight, self._added(rows), moved)
        self._remembered = self._remembered.followed_by(latest) if hasattr(self, "_remembered") else latest
        if len(self._remembered.Y) >= FEWEST_TO_CALIBRATE:
            blended, Y, weight, self._of_line, moved = self._remembered
            self._calibrate(blended, Y, np.arange(len(Y)), weight, None, moved)

    def _taken(self, X: Any, y: Any, sample_weight: Any) -> Taken:
        """Check the rows of a table in memory and turn them into what the networks that are there learn."""
        return self._taken_from(FrameSource(self._validated_table(X, reset=False)), y, sample_weight)

    def _taken_from(self, source: Source, y: Any, sample_weight: Any, classes: Any = None) -> Taken:
        """Check rows and turn them into what the networks that are there learn; the range of the target may grow."""
        if not source.rows:
            raise DataError("The table must have at least one row; it has none.")
        all_rows = np.empty((source.rows, 0))
        weight = self._checked_weight(sample_weight, all_rows, least=1)
        Y, _ = self._take_target(_as_long_as(all_rows, y), weight, classes, True)
        X_encoded = source.encode(self.encoder_)
        Y = self._beside_line(Y, source.column, weight)
        problem = self._problem(X_encoded, Y, self._weights(Y, weight), weight)
        return Taken(problem, Y, weight)

    # --- what a classifier and a regressor do differently -------------------------------------------------------------

    @abstractmethod
    def _take_target(
        self, y: Any, weight: Array | None, classes: Any, is_continued: bool
    ) -> tuple[Array, Array | None]:
        """Check the target; return it as numbers, and the classes by which folds are balanced."""

    @abstractmethod
    def _scores(self, Y: Array) -> Array:
        """Return what tells how a target differs from row to row, of shape (rows, scores)."""

    def _draw_line(self, given: Given, *, is_continued: bool, may_draw: bool) -> Array:
        """Find a straight line that networks add to, if the target has one; return the target beside it."""
        return given.Y

    def _beside_line(self, Y: Array, column: Column, weight: Array | None) -> Array:
        """Return what is left of a target beside the line that is known."""
        return Y

    def _added(self, rows: Array) -> Array:
        """Return what the line adds to these rows, of those that were learned from last: (rows, targets)."""
        return np.zeros((len(rows), 1))

    def _moved(self, column: int, there: Array, here: Array) -> Array | float:
        """Return by how much predictions move where a column has the cells of other rows, by the line."""
        return 0.0

    def _known_too_early(self, rows: Array) -> Array | float:
        """Return what out-of-fold predictions for these rows know too early, by the line."""
        return 0.0

    @abstractmethod
    def _targets(self, Y: Array) -> Array:
        """Return what the networks learn, of shape (rows, outputs) in float32."""

    @abstractmethod
    def _objective(self, Y: Array, weight: Array | None) -> tuple[Any, ...]:
        """Return output activation, loss and score of the problem."""

    @abstractmethod
    def _weights(self, Y: Array, weight: Array | None) -> Array | None:
        """Return each row's weight in training."""

    @abstractmethod
    def _loss_of(self, Y: Array, rows: Array, weight: Array | None) -> Callable[[Array], float]:
        """Return the function that members are weighed by: from the rows' predictions to a loss."""

    def _level_moved(self, before: Array, after: Array, weight: Array | None) -> Array:
        """Return by how much an update moved the level of its rows' predictions; 0 where it has no meaning."""
        return np.zeros(before.shape)

    @abstractmethod
    def _calibrate(
        self,
        blended: Array,
        Y: Array,
        rows: Array,
        weight: Array | None,
        looked_at: Array | None,
        moved: Array | float = 0.0,
    ) -> None:
        """Learn from out-of-fold predictions for these rows, and score them.

        The inputs of the bag's ``rows_looked_at`` are None where they were predicted before they were learned from; by
        how much the level has `moved` since is learned from, and not scored.
        """

    @abstractmethod
    def _finished(self, raw: Array) -> Array:
        """Return calibrated probabilities, or numbers in the target's units, from the networks' mean."""

    @abstractmethod
    def _scoring_loss(self, predicted: Array, Y: Array, weight: Array | None) -> float:
        """Return what the scoring wants to be low, of finished predictions."""

    @abstractmethod
    def _members_of(self, preset: Preset) -> Sequence[Sequence[Member]]:
        """Return the preset's members for this task, each with the recipes that race for it."""

    # --- parameters ---------------------------------------------------------------------------------------------------

    def _preset(self) -> Preset:
        return PRESETS[self.preset]

    def _scoring(self) -> str:
        return self.SCORINGS[0] if self.scoring is None else str(self.scoring)

    def _check_parameters(self) -> None:
        if self.preset not in PRESETS:
            raise self._wrong("preset", f"be one of {', '.join(PRESETS)}", did_you_mean(str(self.preset), PRESETS))
        if self.scoring is not None and self.scoring not in self.SCORINGS:
            rule = f"be one of {', '.join(self.SCORINGS)}, or None"
            raise self._wrong("scoring", rule, did_you_mean(str(self.scoring), self.SCORINGS))
        if self.members is not None:
            is_list = isinstance(self.members, Sequence) and len(self.members) > 0
            if not is_list or not all(isinstance(member, Member) for member in self.members):
                raise self._wrong("members", "be a list of at least one Member, or None")
        if not isinstance(self.dtype, str) or self.dtype not in PRODUCTS:
            raise self._wrong("dtype", f"be one of {', '.join(PRODUCTS)}", did_you_mean(str(self.dtype), PRODUCTS))
        for name, (rule, holds) in RULES.items():
            if not holds(getattr(self, name)):
                raise self._wrong(name, rule)
        MissingValues.of(self.missing_values)

    def _wrong(self, name: str, rule: str, hint: str = "") -> DataError:
        return DataError(f"{name!r} of {type(self).__name__} must {rule}; got {getattr(self, name)!r}.{hint}")

    def _folds(self, source: Source, rows: Array, stratify: Array | None, groups: Any) -> list[tuple[Array, Array]]:
        """Return the rows to train on and to validate on, of each fold; all are among those given."""
        if isinstance(groups, str):
            raise DataError(
                f"'groups' of {type(self).__name__}.fit must be one value for each row; got the text {groups!r}. "
                f"Pass the column: groups=table[{groups!r}]."
            )
        if groups is not None:
            groups = np.asarray(groups)
            refuse_other_length(groups, np.empty((source.rows, 0)), "'groups'")
            groups = groups[rows]
        stratify = None if stratify is None else stratify[rows]
        time = None if self.time_column is None else self._times(source).iloc[rows]
        dealt = self._dealt(len(rows), stratify, groups, time)
        if source.rows < 2**32:
            rows = rows.astype(np.uint32)  # half the memory
        return [(rows[train], rows[valid]) for train, valid in dealt]

    def _times(self, source: Source) -> "pd.Series[Any]":
        label = self._name_of(self.time_column)
        declared = self._missing().by_column([label])
        return empty_cells(source.column(label).to_frame(label), declared)[0][label]

    def _dealt(self, rows: int, stratify: Array | None, groups: Any, time: Any) -> list[tuple[Array, Array]]:
        if self.n_folds is not None and self.n_folds > rows:
            raise self._wrong("n_folds", f"be at most the number of rows to learn from, {rows}")
        folds = self.n_folds or self._usual_folds(rows)
        if folds == 1 and time is None and groups is None:
            return [split_rows(rows, SHARE_SET_ASIDE, self._fold_seed, stratify)]
        count = folds if folds > 1 else round(1 / SHARE_SET_ASIDE)
        try:
            dealt = fold_rows(rows, count, self._fold_seed, stratify=stratify, groups=groups, time=time)
        except DataError as error:
            raise DataError(str(error).replace("'time'", f"'time_column' ({self.time_column!r})")) from None
        return list(dealt)[-folds:]

    def _usual_folds(self, rows: int) -> int:
        """Return the preset's folds; where networks go on, as many as they have."""
        if self.warm_start and hasattr(self, "bag_"):
            return len(self.bag_.recipes)
        preset = self._preset()
        return preset.small_folds if is_small(rows) else preset.folds

    def _raw(self, X: Any) -> Array:
        """Predictions of the bag for each row, of shape (rows, outputs)."""
        return self._by_part(X, self._raw_of)

    def _raw_of(self, frame: pd.DataFrame, first_row: int) -> Array:
        return self._of_bag(self.encoder_.read(frame, first_row=first_row)[0])

    def _of_bag(self, X: Array) -> Array:
        """Predictions of the bag for inputs, which change where they are held."""
        return self.bag_.predict(get_engine(self.engine, self.n_threads), self._held_time.hold(X))

    def _growing_inputs(self) -> Array:
        """Return the places of the inputs that grow with time for good; none without a time column."""
        label = None if self.time_column is None else self._name_of(self.time_column)
        return growing_inputs(self.encoder_.inputs, label)

    def _hold_time(self, bag: Bag, X: Array | CodedRows, Y: Array, weight: Array | None, folds: Folds) -> None:
        """Find whether rows later than all that were learned from are predicted as if they came with the latest."""
        engine = get_engine(self.engine, self.n_threads)

        def loss_of(rows: Array) -> Callable[[Array], float]:
            return self._loss_of(Y, rows, weight)

        self._held_time = hold_time(self._growing_inputs(), bag, X, folds, loss_of, engine)

    def _by_part(self, X: Any, predict: Callable[[pd.DataFrame, int], Array]) -> Array:
        """Predict a table: a part at a time where it is a file, of which the number of the first row is told."""
        check_is_fitted(self, "bag_")
        if isinstance(X, ParquetTable):
            parts = numbered_parts(self.encoder_, X)
        else:
            parts = iter([(self._validated_table(X, reset=False), 0)])
        with forward_limit(get_engine(self.engine, self.n_threads), self.n_threads):
            return np.concatenate([predict(part, first_row) for part, first_row in parts])

    def compute_importances(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        repeats: int = 5,
        max_rows: int | None = None,
        progress: bool = False,
    ) -> Self:
        """Find out how much each column counts: by how much the out-of-fold score falls when its cells are shuffled.

        Each network predicts only rows that it did not see (Breiman, "Random forests", 2001), so what was learned by
        heart does not count. Columns that tell the same stand in for each other: each may seem to count little. Sets
        `feature_importances_` and `feature_importances_std_`, mean and standard deviation over the repeats, in units of
        the scoring; a column that nothing was learned from has 0.

        Parameters
        ----------
        X, y, sample_weight
            What was given to `fit`. Of a ParquetTable the rows that a fold validates must fit in memory, as numbers.
        repeats : int >= 1, default=5
            How often each column is shuffled.
        max_rows : int >= 2 or None, default=None
            Most rows to predict; None: all out-of-fold rows.
        progress : bool, default=False
            Show a bar with the time left.

        Raises
        ------
        DataError
            If this is not the table of the last fit, or the model comes from a file: which rows each network saw is
            not kept there.

        Examples
        --------
        >>> import numpy as np
        >>> from pellucid import TabularRegressor
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> model = TabularRegressor(preset="fast", random_state=0).fit(X, X[:, 1])
        >>> importances = model.compute_importances(X, X[:, 1]).feature_importances_
        >>> bool(importances[1] > 10 * abs(importances[0]))
        True
        """
        check_is_fitted(self, "bag_")
        twin = copy(self)  # taking a target sets attributes
        with twin._source(X, y, reset=False) as (source, target), thread_limit(self.n_threads):
            problem, Y, weight = twin._taken_from(source, target, sample_weight)
            mean, deviation = permutation_importances(
                self, problem.X, Y, weight, repeats=repeats, max_rows=max_rows, progress=progress
            )
        self.feature_importances_, self.feature_importances_std_ = mean, deviation
        return self

    if not TYPE_CHECKING:  # a checker of types would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            remedy = " It is there after `compute_importances`." if name in IMPORTANCES else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}.{remedy}")

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return all that predicts and explains: a header that JSON can hold, and plain arrays.

        Left out are the out-of-fold predictions, and what cannot be data: callbacks, random generators.
        """
        check_is_fitted(self, "bag_")
        return tabular_to_state(self)

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: dict[str, Array]) -> Self:
        """Build the model from what `to_state` gave; it predicts the same to the last bit.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        return tabular_from_state(cls, header, arrays)

    @property
    def schema_(self) -> Schema:
        """What the columns were found to mean."""
        if "encoder_" not in self.__dict__:
            raise AttributeError("Only a fitted model knows its columns.")
        return self.encoder_.schema

    def _fitted_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name.endswith("_") and name[0] != "_"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags


def _as_long_as(rows: Any, y: Any) -> Any:
    refuse_text(y)
    if y is not None:
        refuse_other_length(y, rows, "The target y")
    return y


def _require_column(table: ParquetTable, name: str) -> None:
    if name not in table.columns:
        raise DataError(f"The table has no column {name!r}.{did_you_mean(name, table.columns)}")
