"""`TabularRegressor`: numbers, quantiles and intervals from raw tables."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from math import ceil
from numbers import Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import ndtri
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from pellucid.engines import get_engine
from pellucid.errors import DataError, DataWarning
from pellucid.estimators.reports import warn
from pellucid.estimators.tabular.base import SHARE_OF_TRAINING, BaseTabular
from pellucid.estimators.tabular.calibration import ResidualQuantiles
from pellucid.estimators.tabular.error_size import ErrorSize, learn_error_size
from pellucid.estimators.tabular.line import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    ROWS_A_COLUMN,
    Drawing,
    Line,
    draw_line,
    draw_trend,
)
from pellucid.estimators.tabular.members import Member, Preset
from pellucid.estimators.tabular.rows import Column, Given
from pellucid.estimators.tabular.target_rows import target_array
from pellucid.estimators.thread_limits import thread_limit
from pellucid.spec import AbsoluteError, Poisson, SquaredError
from pellucid.tables.cells import LARGEST_NUMBER, read_numbers
from pellucid.tables.frames import counted, row_list
from pellucid.tables.number_levels import scores_of_numbers
from pellucid.textbook.arrays import Array

__all__ = ["TabularRegressor"]


FREQUENT = 0.05
"""Share of the rows from which on a value of the target counts as frequent."""

LEAST_SHRINKING = 0.8
"""Of residuals: where a few errors are far larger than the others, their squares would promise too much to all."""


class _Predicted(NamedTuple):
    """Of each row and target, of shape (rows, targets).

    Attributes
    ----------
    values : array
        What the networks predict, in the target's units, without the line.
    added, doubt : array
        What the line adds, and how far that may be wrong.
    by : array
        What residuals are looked up by: the size of error to expect, or the prediction.
    """

    values: Array
    added: Array
    doubt: Array
    by: Array


class TabularRegressor(RegressorMixin, BaseTabular):
    """A bag of multi-layer perceptrons that predicts numbers from the rows of a table, as the table is.

    See `TabularClassifier` for how it learns. The target is standardised, and what networks predict stays within the
    range that was learned from. Where a straight line through numbers goes on, they add to it (`line_`): through time
    with a `time_column`, else through all columns of numbers, where that explains clearly more than clipped ones do.

    Parameters
    ----------
    preset : {'fast', 'default', 'best'}, default='default'
        'fast': one network, with a fifth of the rows set aside. 'default': five, one for each fold. 'best': several
        recipes on every fold, weighted on out-of-fold predictions. Up to 2,000 rows 'fast' has three folds, 'default'
        two recipes on every fold, and all of them linear networks, weighted likewise; these count in tables of up to
        100,000 rows, too, where they are better than the others.
    scoring : {'rmse', 'mae', 'poisson'} or None, default=None
        What is trained for, and what epochs and recipes are chosen by: the squared error (the mean is predicted), the
        absolute error (the median), or the Poisson deviance (the mean of counts, at least 0). None: 'rmse'.
    n_folds : int >= 1 or None, default=None
        Each row is validation once; with 1, a fifth of the rows is set aside. At most the number of rows; fewer where
        there are fewer groups or different times. None: the preset's. `partial_fit` uses folds in its first call only.
    members : list of Member or None, default=None
        Own recipes instead of the preset's.
    max_epochs : int >= 1 or None, default=None
        Most epochs of a network; None: as many as suit the number of rows. Of several recipes, one that takes fewer
        than the others keeps its share.
    time_limit : float > 0 or None, default=None
        Seconds for the whole fit: epochs, and if need be networks, are planned to fit, by the speed of the machine at
        that time, so that the same seed need not give the same networks. One epoch of one network is trained in any
        case.
    time_column : label or None, default=None
        Column of dates or numbers (of an array its place, from 0): each fold is trained on what was before and
        validated on what came next. Then as many networks are trained on all rows, for as many epochs as were best, and
        these predict; later rows as if they came with the latest, unless networks proved clearly better without. A
        target that goes on along a line through the past has a trend, which goes on in predictions, too (`line_`).
    missing_values : str, number, list of such, dict or None, default=None
        What cells of X say that mean that a value is missing, such as ``[-999, "unknown"]``; a dict maps columns (of an
        array their places, from 0) to such. A number means every cell that says it (-999, -999.0), a text the cells
        that say exactly this. Kept with the model: `predict` takes them for missing, too. Empty cells, NaN and words
        such as NA are missing anyway.
    random_state : int, RandomState or None, default=None
    warm_start : bool, default=False
        Go on from the networks of the last fit, with the encoder as it is; the same rows stay in the same folds.
    n_threads : int >= 1 or None, default=None
        None: all processors.
    engine : {'auto', 'native', 'textbook'}, default='auto'
    dtype : {'float32', 'bfloat16'}, default='float32'
        Precision of the layers' products. With 'bfloat16' they round their operands to eight significant bits, and a
        fit takes about two thirds of the time where the processor has AVX512_BF16; all else stays float32.
    callbacks : list or None, default=None
        Functions f(estimator, epoch), or objects with methods of `Callback`. The epochs of all networks are counted
        through; a true answer ends all. Ctrl-C, likewise, keeps what was trained, if that is a network at least.
    progress : bool, default=False
        Show a bar with the time left.

    Attributes
    ----------
    schema_ : Schema
        What the columns were found to mean.
    bag_ : Bag
        The networks, the recipes' weights, and what each predicted out of fold.
    oof_score_ : float
        The score of the out-of-fold predictions, negative: an estimate of the score on new rows. Higher is better.
    oof_prediction_ : array of shape (rows,) or (rows, targets)
        Out-of-fold predictions; NaN for rows without any.
    target_name_ : str or None
        Name of y, if it has one.
    line_ : Line or None
        The straight line that networks add to, if a target has one: its `columns`, and what each target gains where
        they grow by 1 (`gains`; dates count in days). Where no target learned from was negative, no prediction is.
    feature_importances_, feature_importances_std_ : array of shape (n_features_in_,)
        Only after `compute_importances`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only if X has column names, all of them text.
    outcome_ : Outcome
        Why training ended.
    n_iter_ : int
        Most epochs of a network.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid import TabularRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> model = TabularRegressor(preset="fast", random_state=0).fit(X, X[:, 0] * X[:, 1])
    >>> low, high = model.predict_interval(X[:3], coverage=0.9).T
    >>> bool((low <= high).all())
    True
    """

    SCORINGS: ClassVar[tuple[str, ...]] = ("rmse", "mae", "poisson")

    _is_column: bool
    _low: Array
    _high: Array
    _least: Array
    _most: Array
    _hindsight: Array | None
    _error_size: ErrorSize | None
    """Where there is one, residuals are multiples of it."""
    line_: Line | None
    _centre: Array
    _spread: Array

    def __init__(
        self,
        *,
        preset: str = "default",
        scoring: str | None = None,
        n_folds: int | None = None,
        members: Sequence[Member] | None = None,
        max_epochs: int | None = None,
        time_limit: float | None = None,
        time_column: Hashable | None = None,
        missing_values: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        n_threads: int | None = None,
        engine: str = "auto",
        dtype: str = "float32",
        callbacks: Sequence[Any] | None = None,
        progress: bool = False,
    ) -> None:
        self.preset = preset
        self.scoring = scoring
        self.n_folds = n_folds
        self.members = members
        self.max_epochs = max_epochs
        self.time_limit = time_limit
        self.time_column = time_column
        self.missing_values = missing_values
        self.random_state = random_state
        self.warm_start = warm_start
        self.n_threads = n_threads
        self.engine = engine
        self.dtype = dtype
        self.callbacks = callbacks
        self.progress = progress

    def _take_target(
        self, y: Any, weight: Array | None, classes: Any, is_continued: bool
    ) -> tuple[Array, Array | None]:
        Y = _numbers_of_target(target_array(y))
        is_column = Y.ndim == 1
        Y = Y.reshape(len(Y), -1)
        if is_continued and (is_column, Y.shape[1]) != (self._is_column, len(self._centre)):
            expected = "one column" if self._is_column else f"a table of {len(self._centre)} columns"
            raise DataError(f"The target must be {expected} as before; got the shape {np.shape(y)}. Or fit anew.")
        if not is_continued:
            _check_variation(Y)
        negative = (Y < 0).any(axis=1)
        if self._scoring() == "poisson" and negative.any():
            raise DataError(
                f"The target must be at least 0 for the scoring 'poisson'; it is not in {row_list(negative)}. "
                "Choose another scoring."
            )
        if not is_continued:
            self._is_column = is_column
        return Y, None

    def _scores(self, Y: Array) -> Array:
        return scores_of_numbers(Y)

    def _draw_line(self, given: Given, *, is_continued: bool, may_draw: bool) -> Array:
        known, hindsight = self.line_ if is_continued else None, None
        if known is not None or (may_draw and self._scoring() != "poisson"):
            with thread_limit(1):  # the same bits, whatever the number of threads
                drawing = self._drawing(given, known)
            known, hindsight = (known, None) if drawing is None else drawing
        self.line_ = known
        left = self._beside_line(given.Y, given.column, given.weight, is_new=not is_continued)
        self._hindsight = hindsight
        if is_continued:
            return left
        self._centre, self._spread = _centre_and_spread(left, given.weight)
        if self._scoring() == "poisson":
            self._centre, self._spread = np.zeros(left.shape[1]), np.where(self._centre > 0, self._centre, 1.0)
        return left

    def _drawing(self, given: Given, known: Line | None) -> Drawing | None:
        """Draw a line if there may be one, or find out what the one that is known knows of these rows."""
        Y, column, X, weight, folds = given
        encoder, inputs = self.encoder_, self.encoder_.inputs
        is_trend = self.time_column is not None if known is None else known.is_trend
        if is_trend:
            label = self._name_of(self.time_column) if known is None else known.columns[0]
            if not encoder.holds_numbers(label):
                return None
            (times,) = encoder.numbers([label], _table_of([label], column))
            return draw_trend(label, times, Y, weight, folds, known)
        ordered = np.arange(inputs.numeric + inputs.passed)
        as_they_are = np.array([name == source for name, source in zip(inputs.names, inputs.sources, strict=True)])
        places = np.flatnonzero(as_they_are[: inputs.numeric])
        fewest = min(len(learned) for learned, _ in folds)
        is_worth_it = len(places) > 0 and len(ordered) <= min(MOST_COLUMNS, fewest / ROWS_A_COLUMN)
        if known is None and not (is_worth_it and len(Y) * len(ordered) <= MOST_CELLS):
            return None
        rows = np.arange(len(Y))[:: ceil(len(Y) / MOST_ROWS)]
        seen = X[rows]
        labels = [inputs.sources[place] for place in places]
        numbers = encoder.numbers(labels, _table_of(labels, column, rows))
        others = seen[:, np.setdiff1d(ordered, places)]
        weight = None if weight is None else weight[rows]
        among = [(_places_among(rows, learned), _places_among(rows, kept)) for learned, kept in folds]
        drawing = draw_line(labels, numbers, seen[:, places], others, Y[rows], weight, among, known)
        if drawing is not None and known is None and len(rows) < len(Y):
            whole = encoder.numbers(labels, _table_of(labels, column))
            drawing = drawing._replace(line=drawing.line.reaching(whole))
        return None if drawing is None else drawing.of_whole(rows, len(Y))

    def _beside_line(self, Y: Array, column: Column, weight: Array | None, *, is_new: bool = False) -> Array:
        known, self._hindsight = Y, None
        if self.line_ is not None:
            columns = self.line_.columns
            self._passed = self.line_.passed(self.encoder_.numbers(columns, _table_of(columns, column)))
            self._of_line = self.line_.added(self._passed)
            Y = Y - self._of_line
        counted = slice(None) if weight is None else weight > 0
        self._take_range(Y[counted], known[counted], is_new=is_new)
        return Y

    def _take_range(self, Y: Array, known: Array, *, is_new: bool) -> None:
        """Note the range of the target beside the line, and of the target itself; it may grow."""
        before = [np.full(Y.shape[1], np.inf), np.full(Y.shape[1], -np.inf)]
        low, high = before if is_new else (self._low, self._high)
        least, most = before if is_new else (self._least, self._most)
        self._low, self._high = np.minimum(low, Y.min(axis=0)), np.maximum(high, Y.max(axis=0))
        self._least, self._most = np.minimum(least, known.min(axis=0)), np.maximum(most, known.max(axis=0))

    def _targets(self, Y: Array) -> Array:
        scaled: Array = ((Y - self._centre) / self._spread).astype(np.float32)
        return scaled

    def _objective(self, Y: Array, weight: Array | None) -> tuple[Any, ...]:
        match self._scoring():
            case "poisson":
                return "exp", Poisson()
            case "mae":
                return "identity", AbsoluteError()
        return "identity", SquaredError()

    def _weights(self, Y: Array, weight: Array | None) -> Array | None:
        return weight

    def _scoring_loss(self, predicted: Array, Y: Array, weight: Array | None) -> float:
        match self._scoring():
            case "mae":
                return float(np.average(np.abs(predicted - Y).mean(axis=1), weights=weight))
            case "poisson":
                positive = np.maximum(predicted, 1e-12)
                ratio = np.where(Y > 0, Y, 1.0) / positive
                deviance = 2 * (np.where(Y > 0, Y * np.log(ratio), 0.0) - Y + positive)
                return float(np.average(deviance.mean(axis=1), weights=weight))
        return float(np.sqrt(np.average(np.square(predicted - Y).mean(axis=1), weights=weight)))

    def _loss_of(self, Y: Array, rows: Array, weight: Array | None) -> Callable[[Array], float]:
        weight = None if weight is None else weight[rows]
        early = self._known_too_early(rows)
        return lambda predicted: self._scoring_loss(self._in_units(predicted) - early, Y[rows], weight)

    def _in_units(self, predicted: Array) -> Array:
        """Return predictions in the target's units, within the range learned from, without the line."""
        values: Array = predicted * self._spread + self._centre
        return np.clip(values, self._low, self._high)

    def _level_moved(self, before: Array, after: Array, weight: Array | None) -> Array:
        """Return by how much an update moved the level of its rows' predictions.

        By the other rows, as what a network learned of a row itself may be its noise. A level of counts is multiplied.
        In the order of time a change is none to be taken out: intervals are of what comes next, as those of a fit.
        """
        if self.time_column is not None:
            return super()._level_moved(before, after, weight)
        weight = np.ones(len(before)) if weight is None else weight
        if self._scoring() == "poisson":
            levels = _mean_of_others(after, weight), _mean_of_others(before, weight)
            return before * (np.divide(*levels, out=np.ones_like(before), where=levels[1] > 0) - 1)
        return _mean_of_others(after - before, weight)

    def _calibrate(
        self,
        blended: Array,
        Y: Array,
        rows: Array,
        weight: Array | None,
        looked_at: Array | None,
        moved: Array | float = 0.0,
    ) -> None:
        early = self._known_too_early(rows)
        as_of_now = self._in_units(blended + moved) - early
        residuals = (Y[rows] - as_of_now) * self._shrinking(Y[rows], Y[rows] - as_of_now, looked_at)
        self._error_size = None
        self._residuals = []
        if len(rows):
            self._residuals = [ResidualQuantiles.of(*each) for each in zip(as_of_now.T, residuals.T, strict=True)]
            if looked_at is not None and not self.bag_.judges:  # whose errors are not quite those of the networks
                self._size_errors(looked_at, rows, as_of_now, residuals)
        predicted = self._in_units(blended) - early
        self.oof_prediction_ = self._shaped(np.full(Y.shape, np.nan))
        self.oof_prediction_[rows] = self._shaped(self._told(predicted + self._added(rows)))
        weight = None if weight is None else weight[rows]
        self.oof_score_ = -self._scoring_loss(predicted, Y[rows], weight) if len(rows) else np.nan

    def _size_errors(self, looked_at: Array, rows: Array, predicted: Array, residuals: Array) -> None:
        """Learn what size of error to expect of a row, where intervals are better for it."""
        sample = self.bag_.rows_looked_at
        are_known = np.isin(sample, rows)
        sample, places = sample[are_known], np.searchsorted(rows, sample[are_known])
        learned = learn_error_size(
            self.encoder_.inputs,
            looked_at[are_known],
            predicted[places],
            residuals[places],
            self.bag_.fold_of[sample],  # type: ignore[index]
            engine=get_engine(self.engine, self.n_threads),
            seed=self._fold_seed,
            time_limit=None if self.time_limit is None else self.time_limit * (1 - SHARE_OF_TRAINING),
        )
        if learned is not None:
            self._error_size, sizes, multiples = learned
            self._residuals = [ResidualQuantiles.of(*each) for each in zip(sizes.T, multiples.T, strict=True)]

    def _shrinking(self, truth: Array, residuals: Array, looked_at: Array | None) -> Array:
        """Return by how much the mean of all networks errs less than those that did not see a row, for each target.

        1 where one value is frequent, as in counts: a residual that is moved would miss it.
        """
        if looked_at is None or not len(residuals):
            return np.ones(residuals.shape[1])
        away = self.bag_.averaged_away(get_engine(self.engine, self.n_threads), looked_at) * self._spread**2
        square = np.mean(residuals**2, axis=0)
        left = np.divide(square - away, square, out=np.zeros_like(square), where=square > away)
        shrinking: Array = np.maximum(np.sqrt(left), LEAST_SHRINKING)
        commonest = np.array([np.unique(column, return_counts=True)[1].max() for column in truth.T])
        return np.where(commonest > FREQUENT * len(truth), 1.0, shrinking)

    def _shaped(self, values: Array) -> Array:
        return values[:, 0] if self._is_column else values

    def _finished(self, raw: Array) -> Array:
        return self._in_units(raw)

    def _added(self, rows: Array) -> Array:
        return super()._added(rows) if self.line_ is None else self._of_line[rows]

    def _moved(self, column: int, there: Array, here: Array) -> Array | float:
        label = self._columns[column]
        if self.line_ is None or label not in self.line_.columns:
            return 0.0
        place = self.line_.columns.index(label)
        moved: Array = np.outer(self._passed[there, place] - self._passed[here, place], self.line_.gains[place])
        return moved

    def _known_too_early(self, rows: Array) -> Array | float:
        return 0.0 if self._hindsight is None else self._hindsight[rows]

    def _members_of(self, preset: Preset) -> Sequence[Sequence[Member]]:
        return preset.numbers

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from more rows, of a table that changes with time.

        The first call learns like `fit`, folds and all, and finds what the columns mean; bring some hundred rows. It
        draws no line, which would hold what is to change. Every later one first predicts the new rows, which no network
        has seen, then trains every network on all of them: a few epochs at a small learning rate that stays. Bring some
        tens of rows each time: single ones, one after another, move the networks to and fro. The
        residuals of intervals and quantiles are those of the latest 1,000 rows, each predicted before it was learned
        from; so are `oof_score_` and `oof_prediction_`. By how much a call moves the level of its rows' predictions
        is taken out of the residuals, not of the score: intervals keep no shift that was learned, and foresee none;
        with a `time_column` they do, as what comes next may have changed as much. Predictions may lie in the range of
        all targets seen so far. Columns, levels and weights of the recipes stay.

        Parameters
        ----------
        X : table or ParquetTable
            Its numbers must fit in memory.
        y : array or column of shape (rows,), or table of shape (rows, targets)
            Of a ParquetTable the name of the target's column.
        sample_weight : array of shape (rows,) or None

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the table, the target or a parameter cannot be used; the model stays as it was.

        Examples
        --------
        >>> import numpy as np
        >>> from pellucid import TabularRegressor
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> model = TabularRegressor(preset="fast", max_epochs=20, random_state=0)
        >>> model.partial_fit(X[:200], X[:200, 0]).partial_fit(X[200:], X[200:, 0]).predict(X[:5]).shape
        (5,)
        """
        return self._or_as_before(self._partial_fit, X, y, sample_weight, None)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² on these rows, their target read as in `fit`; of a ParquetTable `y` names the target's column."""
        Y = _numbers_of_target(target_array(self._target_of(X, y)))
        return float(super().score(X, Y, sample_weight))

    def predict(self, X: Any) -> Array:
        """Return the predicted number of each row, of shape (rows,), or (rows, targets) for several targets.

        Raises
        ------
        DataError
            If a column is missing, or a cell cannot be read as what the column held.
        """
        predicted = self._predicted(X)
        return self._shaped(self._told(predicted.values + predicted.added))

    def _predicted(self, X: Any, *, with_quantiles: bool = False) -> "_Predicted":
        """Return what the networks predict, in the target's units, and the rest of a prediction."""
        check_is_fitted(self, "bag_")
        line, sized = self.line_, self._error_size if with_quantiles else None
        labels = () if line is None else line.columns

        def predict(frame: pd.DataFrame, first_row: int) -> Array:
            X, numbers = self.encoder_.read(frame, labels, first_row=first_row)
            values = self._in_units(self._of_bag(X))
            parts = [values] + [np.zeros_like(values)] * 3
            if line is not None:
                passed = line.passed(numbers)
                parts[1:3] = line.added(passed), line.doubt(passed)
            if with_quantiles:
                parts[3] = values if sized is None else sized.of(get_engine(self.engine, self.n_threads), X)
            return np.hstack(parts)

        return _Predicted(*np.split(self._by_part(X, predict), 4, axis=1))

    def _told(self, values: Array) -> Array:
        """Return values of (rows, targets): none below 0 where no target learned from was, none above likewise."""
        low, high = np.where(self._least >= 0, 0.0, -np.inf), np.where(self._most <= 0, 0.0, np.inf)
        return np.clip(values, low, high)

    def predict_quantiles(self, X: Any, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> Array:
        """Return quantiles of each row's number, of shape (rows, quantiles), or (rows, targets, quantiles).

        They are the prediction and the quantiles of out-of-fold residuals where predictions, or the errors to be
        expected, were as large (`ResidualQuantiles`). Where no target learned from was negative, none of them is;
        likewise for positive ones. Of n residuals the outermost are the quantiles 1 / (n + 1) and n / (n + 1): a
        `DataWarning` tells of those that lie beyond.

        Parameters
        ----------
        X : table
        quantiles : sequence of float
            Each greater than 0 and less than 1, in ascending order.

        Raises
        ------
        DataError
            If a quantile breaks its rule, or there were no rows to learn residuals from.
        """
        if not isinstance(quantiles, Iterable):
            raise DataError(f"'quantiles' must be a list of numbers between 0 and 1; got {quantiles!r}.")
        levels = [float(level) for level in quantiles]
        if not levels or not all(0 < level < 1 for level in levels) or levels != sorted(levels):
            raise DataError(f"'quantiles' must lie between 0 and 1, in ascending order; got {quantiles!r}.")
        return self._quantiles(X, levels, f"the quantiles {', '.join(map(str, levels))}")

    def _quantiles(self, X: Any, levels: list[float], asked: str) -> Array:
        """Return checked quantiles; what was asked for is said where there are too few residuals for them."""
        predicted = self._predicted(X, with_quantiles=True)
        if not self._residuals:
            raise DataError("Quantiles need rows that a network did not see; this fit had none. Give it more rows.")
        known = self._residuals[0]
        if not (known.tells(levels[0]) and known.tells(levels[-1])) and (self._low < self._high).any():
            rows, outermost = counted(len(known.residuals), "row"), known.outermost
            warn(
                f"{rows} that a network did not see cannot tell {asked} of {type(self).__name__}, only quantiles from "
                f"{outermost:.3g} to {1 - outermost:.3g}, so intervals of at most {1 - 2 * outermost:.1%}. What lies "
                "beyond is as far out as the largest error of these rows. Learn from more rows.",
                DataWarning,
            )
        size = np.ones_like(predicted.by) if self._error_size is None else predicted.by
        found = []
        for level in levels:
            of_target = zip(self._residuals, predicted.by.T, strict=True)
            outer = size * np.column_stack([each.quantile(by, level) for each, by in of_target])
            found.append(self._told(predicted.values + outer + predicted.added + ndtri(level) * predicted.doubt))
        quantiles = np.stack(found, axis=-1)
        return quantiles[:, 0] if self._is_column else quantiles

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Return an interval for each row's number: (low, high), of shape (rows, 2), or (rows, targets, 2).

        Of new rows like those learned from, about a share of `coverage` lies within. An interval is as wide as errors
        were where predictions were as large; or, where that made intervals of rows out of fold better, where as large
        errors were to be expected by all that is known of a row. A `DataWarning` tells where rows are too few for the
        coverage.

        Examples
        --------
        >>> import numpy as np
        >>> from pellucid import TabularRegressor
        >>> X = np.arange(60.0).reshape(-1, 1)
        >>> model = TabularRegressor(preset="fast", max_epochs=20, random_state=0).fit(X, X[:, 0])
        >>> model.predict_interval(X, coverage=0.5).shape
        (60, 2)
        """
        if not isinstance(coverage, Real) or not 0 < coverage < 1:
            raise DataError(f"'coverage' must lie between 0 and 1; got {coverage!r}.")
        tail = (1 - float(coverage)) / 2
        return self._quantiles(X, [tail, 1 - tail], f"a coverage of {float(coverage):.4g}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags


def _table_of(labels: Sequence[str], column: Column, rows: Any = slice(None)) -> pd.DataFrame:
    return pd.DataFrame({label: column(label).iloc[rows] for label in labels})


def _places_among(rows: Array, wanted: Array) -> Array:
    """Return where in the rows those stand that are wanted."""
    places: Array = np.flatnonzero(np.isin(rows, wanted))
    return places


def _numbers_of_target(array: Array) -> Array:
    if array.dtype.kind == "c":
        raise DataError("Complex data not supported: a target must hold real numbers.")
    try:
        Y: Array = np.asarray(array, dtype=np.str_ if array.dtype.kind in "mM" else None).astype(np.float64)
    except (TypeError, ValueError):
        Y = _read_target(array)
    excessive: Any = ~(np.abs(Y.reshape(len(Y), -1)) <= LARGEST_NUMBER).all(axis=1)
    if excessive.any():
        raise DataError(
            f"The target y must be finite, and at most {LARGEST_NUMBER:g} in size; it is infinity or larger in "
            f"{row_list(excessive)}. Correct these rows."
        )
    return Y


def _read_target(array: Array) -> Array:
    """Return texts as numbers, read like a column's: money, per cent and thousands commas are understood."""
    columns = [read_numbers(pd.Series(column)) for column in array.reshape(len(array), -1).T]
    wrong = np.any([each | np.isnan(values) for values, each in columns], axis=0)
    if wrong.any():
        raise DataError(
            f"The target of a regression must hold numbers; it does not in {row_list(wrong)}. Correct these rows. "
            "Use TabularClassifier for classes."
        )
    return np.column_stack([values for values, _ in columns]).reshape(array.shape)


def _check_variation(Y: Array) -> None:
    """Raise DataError if a target varies by so little that the squares of its errors are no numbers."""
    variation = np.ptp(Y, axis=0)
    tiny = (variation > 0) & (variation < 1 / LARGEST_NUMBER)
    if tiny.any():
        raise DataError(
            f"The target y must vary by at least {1 / LARGEST_NUMBER:g}, or not at all; it varies by "
            f"{variation[tiny][0]:.3g}. Give it in a smaller unit, which makes its numbers larger."
        )


def _mean_of_others(values: Array, weight: Array) -> Array:
    """Return, for each row, the mean of all other rows' values; 0 where there are none.

    Examples
    --------
    >>> _mean_of_others(np.array([[1.0], [2.0], [6.0]]), np.ones(3)).tolist()
    [[4.0], [3.5], [1.5]]
    """
    weight = weight[:, np.newaxis]
    left = weight.sum() - weight
    mean: Array = np.divide(
        (weight * values).sum(axis=0) - weight * values, left, out=np.zeros_like(values), where=left > 0
    )
    return mean


def _centre_and_spread(Y: Array, weight: Array | None) -> tuple[Array, Array]:
    """Return the mean and the standard deviation of each column; the deviation is 1 where it is 0."""
    centre: Array = np.average(Y, axis=0, weights=weight)
    spread: Array = np.sqrt(np.average(np.square(Y - centre), axis=0, weights=weight))
    return centre, np.where(spread > 0, spread, 1.0)
